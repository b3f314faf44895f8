#include "cli/checkup.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr Example kExamples[] = {
    {"lab doctor", "what is missing on this machine, and the command that mends it"},
    {"lab doctor -o json", "the same as a document"},
};

std::string_view text_of(Health health) {
    switch (health) {
    case Health::Good: return "ok";
    case Health::Warning: return "warning";
    case Health::Broken: return "broken";
    }
    return "broken";
}

Tone tone_of(Health health) {
    switch (health) {
    case Health::Good: return Tone::Good;
    case Health::Warning: return Tone::Warning;
    case Health::Broken: return Tone::Bad;
    }
    return Tone::Plain;
}

struct InventoryFound {
    Finding finding;
    std::string id; // empty where none could be read
};

/// An inventory is not necessary: lab may be asked from anywhere. A broken one is.
InventoryFound check_inventory(const Arguments& arguments, Context& context) {
    auto source = open_source(arguments, context);
    if (!source) {
        const bool asked = !context.settings.get("inventory", arguments).value.empty();
        const Error& error = source.error();
        return {.finding = {.name = "inventory",
                            .health =
                                asked || error.code != ErrorCode::NotFound ? Health::Broken : Health::Warning,
                            .detail = error.text(),
                            .fix = error.hint.empty() ? std::string("lab init DIR") : error.hint},
                .id = {}};
    }
    const spec::Loaded loaded = spec::load(source->tree());
    Diagnostics diagnostics = loaded.diagnostics;
    const auto fleet = spec::Fleet::resolve(loaded.inventory, reconciler::TableRules(context.providers),
                                            {.bytes = sha256("lab doctor").text()}, diagnostics);
    Finding finding{.name = "inventory",
                    .detail = fmt::format("{}: '{}' with {}", source->name(), loaded.inventory.settings.name,
                                          counted(fleet.size(), "server")),
                    .fix = {}};
    if (diagnostics.has_errors()) {
        finding.health = Health::Broken;
        finding.detail = fmt::format("{}: {}", source->name(), counted(diagnostics.errors(), "error"));
        finding.fix = "lab validate";
    }
    return {.finding = std::move(finding),
            .id = diagnostics.has_errors() ? std::string() : loaded.inventory.settings.id};
}

void print(const std::vector<Finding>& findings, bool broken, Context& context) {
    if (context.form == Form::Json || context.form == Form::Yaml) {
        ValueList list;
        for (const Finding& finding : findings)
            list.emplace_back(ValueMap{{"name", Value(finding.name)},
                                       {"health", Value(text_of(finding.health))},
                                       {"detail", Value(finding.detail)},
                                       {"fix", finding.fix.empty() ? Value() : Value(finding.fix)}});
        print_document(context, "lab.doctor/1", {{"ok", Value(!broken)}, {"checks", Value(std::move(list))}});
        return;
    }
    Table table{.columns = {{.title = "CHECK"}, {.title = "RESULT"}, {.title = "FOUND"}}, .rows = {}};
    for (const Finding& finding : findings)
        table.rows.push_back(
            {finding.name, Cell(text_of(finding.health), tone_of(finding.health)), finding.detail});
    std::string out = table.text(false, context.paint);
    std::vector<std::vector<std::string>> fixes;
    for (const Finding& finding : findings)
        if (finding.health != Health::Good && !finding.fix.empty())
            fixes.push_back({finding.name, finding.fix});
    if (!fixes.empty()) out += "\n" + section_text("To mend", aligned(fixes));
    context.out.write(out);
}

Result<int> doctor(const Arguments& arguments, Context& context) {
    const InventoryFound inventory = check_inventory(arguments, context);
    std::vector<Finding> findings{check_agent(context), check_git(context),
                                  check_home(context),  check_settings(context),
                                  inventory.finding,    check_state(context, inventory.id),
                                  check_cache(context), check_clock(context)};
    for (Finding& finding : check_live_tools(context))
        findings.push_back(std::move(finding));
    const bool broken = std::any_of(findings.begin(), findings.end(),
                                    [](const Finding& finding) { return finding.health == Health::Broken; });
    print(findings, broken, context);
    return broken ? kExitFailed : kExitDone;
}

} // namespace

constinit const Command kDoctor{.words = "doctor",
                                .section = Section::Machine,
                                .summary = "tell what is missing on this machine and how to mend it",
                                .forms = kDocument,
                                .examples = kExamples,
                                .run = doctor};

} // namespace lab::cli
