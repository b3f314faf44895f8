// `lab modules list` and `lab modules verify`: where modules come from, and whether that is still so.
#include "cli/commands.h"
#include "cli/session.h"
#include "reconciler/module_pins.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

using reconciler::ModuleRepositories;
using State = ModuleRepositories::State;

/// A module as the list shows it, wherever it comes from.
struct Row {
    std::string name, source, ref, commit, version, cached;
    bool from_git = false, pinned = false;
    std::vector<std::string> used_by;
};

std::string_view cached_word(State state) {
    switch (state) {
    case State::Good: return "yes";
    case State::Changed: return "changed";
    case State::Unfit: return "unfit";
    case State::NotCached: return "no";
    case State::Damaged: return "damaged";
    case State::Away: return "no";
    }
    return "no";
}

Row row_of(const spec::ModuleSource& source, const spec::Loaded& loaded,
           const ModuleRepositories& repositories) {
    Row row{.name = source.name, .ref = source.ref, .cached = "no", .from_git = true};
    row.source = source.path.empty() ? source.git : fmt::format("{}//{}", source.git, source.path);
    const auto pin = loaded.lock.pins.find(source.name);
    row.pinned = pin != loaded.lock.pins.end() && spec::pin_problem(&pin->second, source).empty();
    if (!row.pinned) return row;
    row.commit = pin->second.commit;
    row.cached = cached_word(repositories.look(source, pin->second).state);
    return row;
}

/// Labels and modules that bring it, as KIND/NAME.
std::vector<std::string> users_of(const std::string& module, const spec::Inventory& inventory) {
    const auto names_it = [&module](const std::vector<spec::Text>& names) {
        return std::any_of(names.begin(), names.end(),
                           [&module](const spec::Text& name) { return name.value == module; });
    };
    std::vector<std::string> users;
    for (const auto& [text, label] : inventory.labels)
        if (names_it(label.modules)) users.push_back("label/" + text);
    for (const auto& [name, other] : inventory.modules)
        if (names_it(other.deps)) users.push_back("module/" + name);
    return users;
}

std::vector<Row> rows_of(const spec::Loaded& loaded, const ModuleRepositories& repositories) {
    std::map<std::string, Row> rows;
    for (const auto& [name, module] : loaded.inventory.modules)
        if (module.commit.empty()) rows[name] = {.name = name, .source = module.folder};
    for (const auto& [name, source] : loaded.inventory.module_sources)
        if (source.from_git()) rows[name] = row_of(source, loaded, repositories);
    std::vector<Row> sorted;
    for (auto& [name, row] : rows) {
        const auto module = loaded.inventory.modules.find(name);
        if (module != loaded.inventory.modules.end()) row.version = module->second.version;
        row.used_by = users_of(name, loaded.inventory);
        sorted.push_back(std::move(row));
    }
    return sorted;
}

Value text_or_nothing(std::string_view text) {
    return text.empty() ? Value() : Value(text);
}

Value value_of(const Row& row) {
    ValueList users;
    for (const std::string& user : row.used_by)
        users.emplace_back(user);
    return Value(ValueMap{{"name", Value(row.name)},
                          {"from", Value(row.from_git ? "git" : "inventory")},
                          {"source", Value(row.source)},
                          {"ref", text_or_nothing(row.ref)},
                          {"commit", text_or_nothing(row.commit)},
                          {"pinned", row.from_git ? Value(row.pinned) : Value()},
                          {"cached", text_or_nothing(row.cached)},
                          {"version", text_or_nothing(row.version)},
                          {"used_by", Value(std::move(users))}});
}

void print_table(const std::vector<Row>& rows, Context& context) {
    Table table{.columns = {{.title = "MODULE"},
                            {.title = "VERSION"},
                            {.title = "SOURCE"},
                            {.title = "REF"},
                            {.title = "COMMIT"},
                            {.title = "CACHED"},
                            {.title = "USED BY"}},
                .rows = {}};
    for (const Row& row : rows) {
        const bool wide = context.form == Form::Wide;
        const std::string commit = wide ? row.commit : std::string(spec::short_commit(row.commit));
        const Tone tone = row.cached == "changed" || row.cached == "damaged" ? Tone::Bad : Tone::Plain;
        table.rows.push_back({row.name, row.version, row.source, row.ref,
                              row.from_git && !row.pinned ? Cell("not pinned", Tone::Bad) : Cell(commit),
                              Cell(row.cached, tone), fmt::format("{}", fmt::join(row.used_by, ","))});
    }
    context.out.write(table.text(context.form == Form::Wide, context.paint));
}

/// Everything of the inventory but what only a network could tell.
spec::Loaded load_cached(const reconciler::InventorySource& source, const ModuleRepositories& repositories,
                         Context& context) {
    spec::Loaded loaded = spec::load(source.tree(), {}, &repositories);
    const auto& all = loaded.diagnostics.items();
    const auto others = std::count_if(all.begin(), all.end(), [](const Diagnostic& one) {
        return one.severity == Severity::Error && !one.code.starts_with("module/");
    });
    if (others > 0)
        context.warn(fmt::format("the inventory has {}, which `lab validate` prints: what is listed may not "
                                 "be everything",
                                 counted(static_cast<std::size_t>(others), "error")));
    return loaded;
}

Result<int> list_modules(const Arguments& arguments, Context& context) {
    const auto source = open_source(arguments, context);
    if (!source) return source.error();
    if (!source->warning().empty()) context.warn(source->warning());
    const ModuleRepositories repositories(context.settings.home(), context.clock,
                                          {.fetch = false, .progress = {}}, context.stop);
    const spec::Loaded loaded = load_cached(*source, repositories, context);
    const std::vector<Row> rows = rows_of(loaded, repositories);
    if (context.form == Form::Name) {
        for (const Row& row : rows)
            context.out.write(fmt::format("module/{}\n", row.name));
    } else if (context.form == Form::Json || context.form == Form::Yaml) {
        ValueList modules;
        for (const Row& row : rows)
            modules.push_back(value_of(row));
        print_document(context, "lab.module-sources/1", {{"modules", Value(std::move(modules))}});
    } else if (rows.empty()) {
        context.note("there are no modules");
    } else {
        print_table(rows, context);
        if (std::any_of(rows.begin(), rows.end(),
                        [](const Row& row) { return row.from_git && row.version.empty(); }))
            context.note(
                "the version of a module that is not in the cache is not known: `lab validate` fetches it");
    }
    return kExitDone;
}

Value value_of(const reconciler::PinVerdict& verdict) {
    ValueList problems;
    for (const reconciler::PinProblem& problem : verdict.problems)
        problems.emplace_back(ValueMap{{"code", Value(problem.code)}, {"message", Value(problem.message)}});
    return Value(ValueMap{{"name", Value(verdict.name)},
                          {"git", text_or_nothing(verdict.source.git)},
                          {"ref", text_or_nothing(verdict.source.ref)},
                          {"commit", verdict.pin ? Value(verdict.pin->commit) : Value()},
                          {"ok", Value(verdict.problems.empty())},
                          {"newer", text_or_nothing(verdict.behind)},
                          {"problems", Value(std::move(problems))}});
}

void print_verdicts(const std::vector<reconciler::PinVerdict>& verdicts, Context& context) {
    Table table{.columns = {{.title = "MODULE"},
                            {.title = "REF"},
                            {.title = "COMMIT"},
                            {.title = "STATE"},
                            {.title = "DETAIL"}},
                .rows = {}};
    for (const reconciler::PinVerdict& verdict : verdicts) {
        const std::string commit(verdict.pin ? spec::short_commit(verdict.pin->commit) : "");
        const auto add = [&](Cell state, std::string detail) {
            table.rows.push_back(
                {verdict.name, verdict.source.ref, commit, std::move(state), std::move(detail)});
        };
        for (const reconciler::PinProblem& problem : verdict.problems)
            add({problem.code, Tone::Bad}, problem.message);
        if (verdict.problems.empty())
            add({"ok", Tone::Good},
                verdict.behind.empty()
                    ? std::string()
                    : fmt::format("{} names {} now", verdict.source.ref, spec::short_commit(verdict.behind)));
    }
    context.out.write(table.text(false, context.paint));
}

Result<int> verify_modules(const Arguments& arguments, Context& context) {
    const auto source = open_source(arguments, context);
    if (!source) return source.error();
    if (!source->warning().empty()) context.warn(source->warning());
    const spec::Loaded loaded = spec::load(source->tree());
    if (loaded.diagnostics.has_errors()) {
        context.err.write(render_text(loaded.diagnostics, loaded.lines, {.color = context.err_paint.on}));
        return Error{.code = ErrorCode::Invalid, .message = "the inventory has errors: no pin was verified"};
    }
    const auto verdicts = reconciler::verify_pins(loaded, source->modules(), arguments.has("offline"));
    if (context.stop.stop_requested()) return Error{.code = ErrorCode::Cancelled, .message = "interrupted"};
    const auto bad = static_cast<std::size_t>(std::count_if(
        verdicts.begin(), verdicts.end(), [](const auto& verdict) { return !verdict.problems.empty(); }));
    if (context.form == Form::Json || context.form == Form::Yaml) {
        ValueList modules;
        for (const auto& verdict : verdicts)
            modules.push_back(value_of(verdict));
        print_document(context, "lab.modules-verify/1",
                       {{"ok", Value(bad == 0)}, {"modules", Value(std::move(modules))}});
    } else if (verdicts.empty()) {
        context.note("no module comes from git");
    } else {
        print_verdicts(verdicts, context);
        context.note(bad == 0
                         ? fmt::format("{} verified", counted(verdicts.size(), "module"))
                         : fmt::format("{} of {} did not verify", bad, counted(verdicts.size(), "module")));
    }
    return bad == 0 ? kExitDone : kExitFailed;
}

constexpr Option kVerifyOptions[] = {
    {.name = "offline", .summary = "only hold the cache against lab.lock; ask no repository"},
};
constexpr Example kListExamples[] = {
    {"lab modules list", "every module, where it comes from and who uses it"},
    {"lab modules list --ref HEAD -o json", "the same of a commit, as a document"},
};
constexpr Example kVerifyExamples[] = {
    {"lab modules verify", "pins, the cache and the repositories agree, or it ends with 1"},
    {"lab modules verify --offline", "the same without asking the repositories"},
};

} // namespace

constinit const Command kModulesList{
    .words = "modules list",
    .section = Section::Start,
    .summary = "print where each module comes from, at which commit, and what uses it",
    .forms = kListing,
    .examples = kListExamples,
    .help = "modules",
    .run = list_modules};
constinit const Command kModulesVerify{.words = "modules verify",
                                       .section = Section::Start,
                                       .summary = "hold lab.lock against the cache and the repositories",
                                       .options = kVerifyOptions,
                                       .forms = kDocument,
                                       .examples = kVerifyExamples,
                                       .help = "modules",
                                       .run = verify_modules};

} // namespace lab::cli
