// `describe` and `show`: one thing in full, seen from itself or from what it applies to.
#include "cli/commands.h"
#include "cli/details.h"
#include "cli/runs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "KIND",
     .summary = "server, label, group, environment, cloud, module, param or run; or KIND/NAME",
     .complete = Complete::Kind},
    {.name = "NAME", .summary = "which one", .required = false, .complete = Complete::Reference},
};
constexpr Example kDescribeExamples[] = {
    {"lab describe server first", "everything lab knows of one server"},
    {"lab describe module/motd", "a module: its params and resources"},
    {"lab describe server first -o json", "the same as a document"},
};
constexpr Example kShowExamples[] = {
    {"lab show server first", "what applies to a server, and through which label"},
    {"lab show label base", "which servers have a label, and what it brings them"},
    {"lab show run RUN", "one run with its steps"},
};

/// A run by its id or the beginning of it that no other run has.
Result<store::Run> find_run(const store::Store& store, const std::string& id) {
    auto run = store.run(id);
    if (!run) return std::move(run).error();
    if (*run) return std::move(**run);
    constexpr std::size_t kAll = 1'000'000;
    auto all = store.runs(kAll);
    if (!all) return std::move(all).error();
    std::vector<std::string> ids, beginning;
    for (const store::Run& known : *all) {
        ids.push_back(known.id);
        if (known.id.starts_with(id)) beginning.push_back(known.id);
    }
    if (beginning.empty()) return no_such(Kind::Run, id, ids);
    if (beginning.size() > 1)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' is the beginning of several runs", id),
                     .hint = fmt::format("they are {}", fmt::join(beginning, ", "))};
    run = store.run(beginning.front());
    if (!run) return std::move(run).error();
    if (!*run) return no_such(Kind::Run, id, ids); // it was cleared away meanwhile
    return std::move(**run);
}

Result<int> print_run(const Session& session, const std::string& id, Context& context) {
    if (!session.has_store()) return no_such(Kind::Run, id, {});
    auto run = find_run(session.store(), id);
    if (!run) return std::move(run).error();
    if (context.form == Form::Json || context.form == Form::Yaml)
        print_document(context, "lab.run/1", run_value(*run, true));
    else
        context.out.write(run_text(*run, context.paint));
    return kExitDone;
}

Result<int> print_thing(const Arguments& arguments, Context& context, std::string Detail::*text) {
    const Command* command = arguments.command();
    auto reference = parse_reference(arguments.positionals());
    if (!reference)
        return refuse_usage(context, {reference.error().message, reference.error().hint, command});
    if (reference->names.size() != 1)
        return refuse_usage(
            context,
            {.message = fmt::format("'lab {}' needs one KIND and NAME", command->words),
             .hint = fmt::format("such as 'lab {} {} NAME'", command->words, words_of(reference->kind).one),
             .command = command});
    const std::string& name = reference->names.front();
    const bool is_run = reference->kind == Kind::Run;
    auto session = Session::open(arguments, context,
                                 is_run && has_state(context.settings.home()) ? Session::State::Open
                                                                              : Session::State::IfThere);
    if (!session) return std::move(session).error();
    if (is_run) return print_run(**session, name, context);
    auto detail = detail_of(**session, reference->kind, name, context);
    if (!detail) return std::move(detail).error();
    print_detail(*detail, (*detail).*text, context);
    return kExitDone;
}

Result<int> describe(const Arguments& arguments, Context& context) {
    return print_thing(arguments, context, &Detail::described);
}

Result<int> show(const Arguments& arguments, Context& context) {
    return print_thing(arguments, context, &Detail::shown);
}

} // namespace

constinit const Command kDescribe{.words = "describe",
                                  .section = Section::Look,
                                  .summary = "print one thing in full, with where each value comes from",
                                  .positionals = kPositionals,
                                  .forms = kDocument,
                                  .examples = kDescribeExamples,
                                  .run = describe};

constinit const Command kShow{.words = "show",
                              .section = Section::Look,
                              .summary = "print what applies to a thing, and to what it applies; or one run",
                              .positionals = kPositionals,
                              .forms = kDocument,
                              .examples = kShowExamples,
                              .run = show};

} // namespace lab::cli
