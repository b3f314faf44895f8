#include "cli/commands.h"
#include "cli/out_file.h"
#include "cli/session.h"
#include "reconciler/scope.h"
#include "reconciler/what_if.h"
#include "support/files.h"
#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr Option kOptions[] = {
    {.name = "out",
     .value = "FILE",
     .summary = "write to this file: YAML where it ends in .yaml or .yml, else JSON",
     .complete = Complete::File},
};
constexpr Example kExamples[] = {
    {"lab record --out fleet.json", "all that lab knows of the fleet, to plan on it elsewhere"},
    {"lab record --label base -o json", "some servers, on stdout"},
};

bool is_yaml(const std::optional<std::string>& path, const Context& context) {
    if (context.form != Form::Table) return context.form == Form::Yaml;
    return !path || path->ends_with(".yaml") || path->ends_with(".yml");
}

Result<planner::Recording> take_recording(const Arguments& arguments, Context& context,
                                          const Session& session) {
    auto filter = filter_of(arguments, session.fleet(), context);
    if (!filter) return std::move(filter).error();
    auto known = session.store().servers();
    if (!known) return std::move(known).error();
    auto scope = reconciler::scope_of(session.workspace(), *known, *filter,
                                      [&](const std::string& name) { return session.store().server(name); });
    if (!scope) return std::move(scope).error();
    return reconciler::record(session.store(), session.inventory().origin.id, scope->servers);
}

/// Every *.yaml below the inventory is part of it, but for its tests.
Result<void> check_place(const std::string& path, const Session& session, const Context& context) {
    const reconciler::InventorySource& source = session.inventory().source;
    if (!source.is_working_tree() || !(path.ends_with(".yaml") || path.ends_with(".yml"))) return {};
    std::error_code failed;
    const auto top = std::filesystem::weakly_canonical(source.name(), failed);
    const auto below =
        std::filesystem::weakly_canonical(context.directory / path, failed).lexically_relative(top);
    const std::string first = below.empty() ? ".." : below.begin()->string();
    if (failed || first.starts_with('.') || first == "tests") return {};
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("'{}' would be read as a part of the inventory", path),
                 .hint = "write it below tests/, or as JSON: --out fleet.json"};
}

constexpr OutFile kOutFile{.document = "recording",
                           .saved = "recording",
                           .format = planner::Recording::kFormat,
                           .print = "`lab record -o json` prints the recording"};

Result<int> run_record(const Arguments& arguments, Context& context) {
    const auto path = arguments.value("out");
    if (path) LAB_TRY(check_out_file(*path, kOutFile, context));
    if (!has_state(context.settings.home()))
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("there is no state in '{}' to record from",
                                            context.settings.home().string()),
                     .hint = "`lab plan --refresh only` looks at the machines and makes one"};
    auto session = Session::open(arguments, context, Session::State::Open);
    if (!session) return std::move(session).error();
    if (path) LAB_TRY(check_place(*path, **session, context));
    auto recording = take_recording(arguments, context, **session);
    if (!recording) return std::move(recording).error();
    const Value document = planner::to_value(*recording);
    const std::string text = is_yaml(path, context) ? write_yaml(document) : write_json_pretty(document);
    if (!path) {
        context.out.write(text);
        return kExitDone;
    }
    LAB_TRY(write_file_atomic(context.directory / *path, text, {.mode = 0600}));
    context.note(fmt::format("recorded {} in {}", counted(recording->servers.size(), "server"), *path));
    return kExitDone;
}

} // namespace

constinit const Command kRecord{.words = "record",
                                .section = Section::Look,
                                .summary =
                                    "write down what lab knows of the machines, to plan on it anywhere",
                                .options = kOptions,
                                .filters = true,
                                .forms = kDocument,
                                .examples = kExamples,
                                .run = run_record};

} // namespace lab::cli
