#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/places.h"
#include "cli/session.h"
#include "reconciler/cases.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::string_view kWhat[] = {"cases", "module"};

constexpr Positional kPositionals[] = {
    {.name = "cases|module",
     .summary = "only the cases of the inventory, or only those of modules (default: both)",
     .required = false,
     .choices = kWhat},
    {.name = "NAME",
     .summary = "modules; none: all of them",
     .required = false,
     .repeated = true,
     .complete = Complete::Module},
};
constexpr Option kOptions[] = {
    {.name = "filter",
     .value = "TEXT",
     .summary = "only cases whose name holds this text, or matches it as a glob",
     .repeatable = true},
};
constexpr Example kExamples[] = {
    {"lab test", "every case of the inventory and of its modules"},
    {"lab test module motd", "the cases of one module"},
    {"lab test --ref HEAD -o json", "what is committed, for CI"},
};

using reconciler::CaseResult;

struct Wanted {
    bool inventory = true, modules = true;
    std::vector<std::string> names;   // of modules; none: all
    std::vector<std::string> filters; // none: every case

    bool takes(const std::string& module) const {
        return modules && (names.empty() || std::find(names.begin(), names.end(), module) != names.end());
    }
    static bool matches(const std::string& filter, const std::string& name) {
        return name.find(filter) != std::string::npos || glob_match(filter, name);
    }
    bool takes(const spec::Case& one) const {
        return filters.empty() || std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
                   return matches(filter, one.name);
               });
    }
};

Result<Wanted> wanted_of(const Arguments& arguments, const spec::Inventory& inventory) {
    const auto& words = arguments.positionals();
    Wanted wanted{.inventory = words.empty() || words[0] == "cases",
                  .modules = words.empty() || words[0] == "module",
                  .names = {},
                  .filters = arguments.values("filter")};
    if (words.size() > 1) wanted.names.assign(words.begin() + 1, words.end());
    std::vector<std::string> known;
    for (const auto& entry : inventory.modules)
        known.push_back(entry.first);
    for (const std::string& name : wanted.names)
        if (!inventory.modules.contains(name)) return no_such(Kind::Module, name, known);
    return wanted;
}

struct Chosen {
    const spec::Case* one;
    const std::string* module; // empty: of the inventory
};

std::vector<Chosen> cases_of(const reconciler::CaseSets& sets, const Wanted& wanted) {
    std::vector<Chosen> cases;
    const auto add = [&](const reconciler::CaseSet& set) {
        for (const spec::CaseFile& file : set.files)
            for (const spec::Case& one : file.cases)
                cases.push_back({&one, &set.module});
    };
    if (wanted.inventory) add(sets.inventory);
    for (const reconciler::CaseSet& set : sets.modules)
        if (wanted.takes(set.module)) add(set);
    return cases;
}

/// A filter that takes no case is a slip, also where another takes some: what it is to test is not tested.
Result<void> check_filters(const Wanted& wanted, const std::vector<Chosen>& cases) {
    for (const std::string& filter : wanted.filters)
        if (std::none_of(cases.begin(), cases.end(),
                         [&](const Chosen& each) { return Wanted::matches(filter, each.one->name); }))
            return Error{.code = ErrorCode::NotFound,
                         .message = fmt::format("--filter '{}' takes no case", escape_controls(filter)),
                         .hint = "`lab test` without --filter lists them"};
    return {};
}

/// Says where cases would be: of each module that was asked for by name, and where there are none at all.
void note_what_has_none(const reconciler::CaseSets& sets, const Wanted& wanted, Context& context) {
    for (const reconciler::CaseSet& set : sets.modules)
        if (!wanted.names.empty() && wanted.takes(set.module) && set.size() == 0)
            context.note(fmt::format("module '{}' has no cases: they are files of its folder {}/", set.module,
                                     set.folder));
    if (!wanted.names.empty() || !cases_of(sets, wanted).empty()) return;
    const std::string_view of_modules = "those of modules are in the folder tests/ of each module";
    if (!wanted.inventory)
        context.note(fmt::format("there are no cases of modules: {}", of_modules));
    else
        context.note(fmt::format("there are no cases: they are files of the inventory's folder {}/{}",
                                 sets.inventory.folder,
                                 wanted.modules ? fmt::format("; {}", of_modules) : std::string()));
}

std::vector<CaseResult> run_cases(const std::vector<Chosen>& cases, const Wanted& wanted,
                                  const reconciler::CaseRunner& runner, Context& context) {
    std::vector<CaseResult> results;
    for (const Chosen& each : cases)
        if (wanted.takes(*each.one) && !context.stop.stop_requested())
            results.push_back(each.module->empty() ? runner.run(*each.one)
                                                   : runner.run(*each.module, *each.one));
    return results;
}

std::size_t failures(const std::vector<CaseResult>& results) {
    return static_cast<std::size_t>(
        std::count_if(results.begin(), results.end(), [](const CaseResult& one) { return !one.passed(); }));
}

/// Lines of a text below one another, the first behind `title`.
std::string indented(std::string_view title, std::string_view text) {
    std::string out;
    for (const std::string_view line : split(text, '\n'))
        out += fmt::format("    {:<10}{}\n", out.empty() ? title : "", escape_controls(line));
    return out;
}

void print_text(const std::vector<CaseResult>& results, Context& context) {
    std::vector<std::vector<std::string>> rows;
    for (const CaseResult& one : results)
        rows.push_back({one.at.text(), escape_controls(one.name)});
    const std::vector<std::string> lines = aligned(rows);
    std::string out;
    for (std::size_t i = 0; i < results.size(); ++i) {
        const CaseResult& one = results[i];
        out += fmt::format("{}  {}\n", one.passed() ? context.paint.green("ok  ") : context.paint.red("FAIL"),
                           lines[i]);
        for (const reconciler::Mismatch& mismatch : one.mismatches) {
            out += fmt::format("  {} ({})\n", context.paint.bold(escape_controls(mismatch.what)),
                               mismatch.at.text());
            out += indented("expected", mismatch.expected);
            out += indented("found", mismatch.found);
        }
    }
    const std::size_t failed = failures(results);
    out += fmt::format("{}{}: {} passed, {} failed\n", out.empty() ? "" : "\n",
                       counted(results.size(), "case"), results.size() - failed, failed);
    context.out.write(out);
}

void print_results(const std::vector<CaseResult>& results, Context& context) {
    if (context.form != Form::Json && context.form != Form::Yaml) return print_text(results, context);
    ValueList cases;
    for (const CaseResult& one : results) {
        ValueList mismatches;
        for (const reconciler::Mismatch& mismatch : one.mismatches)
            mismatches.emplace_back(ValueMap{{"what", Value(mismatch.what)},
                                             {"expected", Value(mismatch.expected)},
                                             {"found", Value(mismatch.found)},
                                             {"source", place_value(mismatch.at)}});
        cases.emplace_back(ValueMap{{"name", Value(one.name)},
                                    {"module", text_or_null(one.module)},
                                    {"passed", Value(one.passed())},
                                    {"mismatches", Value(std::move(mismatches))},
                                    {"source", place_value(one.at)}});
    }
    const auto failed = static_cast<std::int64_t>(failures(results));
    print_document(context, "lab.tests/1",
                   {{"passed", Value(static_cast<std::int64_t>(results.size()) - failed)},
                    {"failed", Value(failed)},
                    {"cases", Value(std::move(cases))}});
}

Result<int> run_test(const Arguments& arguments, Context& context) {
    const auto& words = arguments.positionals();
    if (words.size() > 1 && words[0] != "module")
        return refuse_usage(
            context,
            {.message = fmt::format("'lab test {}' takes no names", words[0]),
             .hint = "`--filter TEXT` picks cases by their names; `lab test module NAME` takes modules",
             .command = &kTest});
    auto session = Session::open(arguments, context, Session::State::None);
    if (!session) return std::move(session).error();
    const reconciler::LoadedInventory& inventory = (*session)->inventory();
    auto wanted = wanted_of(arguments, inventory.loaded.inventory);
    if (!wanted) return std::move(wanted).error();
    const reconciler::CaseSets sets = reconciler::load_cases(inventory);
    if (!sets.diagnostics.empty())
        context.err.write(render_text(sets.diagnostics, sets.lines, {.color = context.err_paint.on}));
    if (sets.diagnostics.has_errors())
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("the cases have {}: none was run",
                                            counted(sets.diagnostics.errors(), "error"))};
    const reconciler::CaseRunner runner(inventory, (*session)->fleet(), context.providers,
                                        key_without_state());
    const std::vector<Chosen> cases = cases_of(sets, *wanted);
    LAB_TRY(check_filters(*wanted, cases));
    const std::vector<CaseResult> results = run_cases(cases, *wanted, runner, context);
    print_results(results, context);
    if (!context.stop.stop_requested()) note_what_has_none(sets, *wanted, context);
    return failures(results) == 0 ? kExitDone : kExitFailed;
}

} // namespace

constinit const Command kTest{.words = "test",
                              .section = Section::Start,
                              .summary =
                                  "run the inventory's cases and those of its modules, without any machine",
                              .positionals = kPositionals,
                              .options = kOptions,
                              .forms = kDocument,
                              .examples = kExamples,
                              .run = run_test};

} // namespace lab::cli
