// `describe` and `show`: one thing in full, seen from itself or from what it applies to.
#include "cli/commands.h"
#include "cli/details.h"
#include "cli/layouts.h"
#include "cli/runs.h"
#include "support/text.h"
#include "support/units.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "KIND",
     .summary = "server, label, group, size, role and more ('lab help get' lists them); or KIND/NAME",
     .complete = Complete::Kind},
    {.name = "NAME", .summary = "which one", .required = false, .complete = Complete::Reference},
};
constexpr Option kShowOptions[] = {
    {.name = "disk",
     .value = "SIZE",
     .summary = "show a layout on a disk of this size (default: the smallest that it fits on)"},
};
constexpr Example kDescribeExamples[] = {
    {"lab describe server first", "everything lab knows of one server"},
    {"lab describe module/motd", "a module: its params and resources"},
    {"lab describe server first -o json", "the same as a document"},
};
constexpr Example kShowExamples[] = {
    {"lab show server first", "what applies to a server, and through which label"},
    {"lab show label base", "which servers have a label, and what it brings them"},
    {"lab show alert cert_expiry", "where an alert fires, and who is excluded"},
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

/// What --disk says of a layout.
Result<Detail> layout_on(const Arguments& arguments, const Session& session, const std::string& name,
                         const Context& context) {
    std::optional<std::uint64_t> disk;
    if (const auto size = arguments.value("disk")) {
        auto bytes = parse_size(*size);
        if (!bytes) return std::move(bytes).error();
        disk = *bytes;
    }
    return layout_detail(session, name, disk, context.clock.wall());
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
    const bool is_layout = reference->kind == Kind::Layout;
    if (arguments.has("disk") && !is_layout)
        return refuse_usage(context, {.message = fmt::format("--disk says nothing about {}",
                                                             with_article(words_of(reference->kind).one)),
                                      .hint = "it belongs to a layout",
                                      .command = command});
    const bool is_run = reference->kind == Kind::Run;
    Session::Wanted wanted;
    if (reference->kind == Kind::Server) wanted.servers.push_back(name);
    auto session = Session::open(arguments, context,
                                 is_run && has_state(context.settings.home()) ? Session::State::Open
                                                                              : Session::State::IfThere,
                                 wanted);
    if (!session) return std::move(session).error();
    if (is_run) return print_run(**session, name, context);
    auto detail = is_layout ? layout_on(arguments, **session, name, context)
                            : detail_of(**session, reference->kind, name, context);
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
                              .options = kShowOptions,
                              .forms = kDocument,
                              .examples = kShowExamples,
                              .run = show};

} // namespace lab::cli
