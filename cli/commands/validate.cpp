#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "reconciler/cases.h"
#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr Option kOptions[] = {
    {.name = "strict", .summary = "refuse what is only warned of, such as a module without tests"},
};
constexpr Example kExamples[] = {
    {"lab validate", "check the inventory of this folder"},
    {"lab validate --ref HEAD", "check it as it is in a commit"},
    {"lab validate --strict", "refuse warnings too, as CI should"},
    {"lab validate -o json", "all diagnostics as a document, for an editor or CI"},
};

std::string what_is_valid(const spec::Inventory& inventory) {
    return fmt::format("inventory '{}' is valid: {}, {}, {}, {}", inventory.settings.name,
                       counted(inventory.servers.size(), "server"), counted(inventory.labels.size(), "label"),
                       counted(inventory.groups.size(), "group"),
                       counted(inventory.modules.size(), "module"));
}

/// Modules that nothing tries out.
void warn_of_untested(const reconciler::LoadedInventory& inventory, Diagnostics& diagnostics) {
    for (const reconciler::CaseSet& set : reconciler::load_cases(inventory).modules) {
        const spec::Module& module = inventory.loaded.inventory.modules.at(set.module);
        if (set.size() != 0 || !module.commit.empty()) continue; // others' modules are theirs to test
        diagnostics.add({.severity = Severity::Warning,
                         .code = "module/untested",
                         .message = fmt::format("module '{}' has no tests", module.name),
                         .at = module.at,
                         .help = fmt::format("write cases in its folder '{}'; `lab test module {}` runs them",
                                             module.tests ? module.tests->value : "tests", module.name),
                         .notes = {}});
    }
}

Result<int> validate(const Arguments& arguments, Context& context) {
    auto source = open_source(arguments, context);
    if (!source) return std::move(source).error();
    if (!source->warning().empty()) context.warn(source->warning());
    context.trace(fmt::format("reading {}", source->tree().describe()));
    auto inventory = reconciler::load_inventory(std::move(*source));
    if (!inventory) return std::move(inventory).error();
    const spec::Loaded& loaded = (*inventory)->loaded;
    Diagnostics diagnostics = loaded.diagnostics;
    // Keys are compared with nothing here, so any will do.
    const auto fleet = reconciler::resolve_fleet(**inventory, context.providers,
                                                 {.bytes = sha256("lab validate").text()}, diagnostics);
    if (!diagnostics.has_errors()) fleet.check_documents(diagnostics);
    if (!diagnostics.has_errors()) warn_of_untested(**inventory, diagnostics);
    const bool refused = diagnostics.has_errors() || (arguments.has("strict") && !diagnostics.empty());
    const int code = refused ? kExitFailed : kExitDone;
    if (context.form == Form::Json || context.form == Form::Yaml) {
        const Value document = to_value(diagnostics);
        context.out.write(context.form == Form::Yaml ? write_yaml(document) : write_json_pretty(document));
        return code;
    }
    if (!diagnostics.empty())
        context.err.write(render_text(diagnostics, loaded.lines, {.color = context.err_paint.on}));
    if (code == kExitDone) context.out.write(what_is_valid(loaded.inventory) + "\n");
    return code;
}

} // namespace

constinit const Command kValidate{.words = "validate",
                                  .section = Section::Start,
                                  .summary =
                                      "check the whole inventory and report every problem with its place",
                                  .options = kOptions,
                                  .forms = kDocument,
                                  .examples = kExamples,
                                  .run = validate};

} // namespace lab::cli
