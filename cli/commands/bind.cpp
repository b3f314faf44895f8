#include "cli/commands.h"
#include "cli/edits.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::string_view kWhat[] = {"role"};
constexpr Positional kPositionals[] = {{.name = "KIND", .summary = "what is given", .choices = kWhat},
                                       {.name = "ROLE", .summary = "the role's name"}};

constexpr Option kOptions[] = {
    {.name = "user", .value = "USER", .summary = "the user who has it, or shall have it no more"},
    kDryRunOption,
    kAutoApproveOption,
    kCommitOption,
    kMessageOption,
    kBranchOption,
};

constexpr Example kBindExamples[] = {
    {"lab create user ada --auto-approve && lab bind role operator --user ada --auto-approve",
     "ada is an operator"},
};
constexpr Example kUnbindExamples[] = {
    {"lab create user bob --set 'roles=[viewer]' --auto-approve && lab unbind role viewer --user bob "
     "--dry-run",
     "the line by which bob is no viewer any more"},
};

/// Where `roles` of a user's definition has the role.
std::optional<std::size_t> index_of(const Value& user, std::string_view role) {
    const Value* roles = user.get("roles");
    if (!roles || !roles->if_list()) return std::nullopt;
    const ValueList& list = *roles->if_list();
    const auto found = std::find_if(list.begin(), list.end(), [&](const Value& one) {
        return one.if_string() && *one.if_string() == role;
    });
    return found == list.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - list.begin()));
}

Result<int> run_binding(const Arguments& arguments, Context& context, bool binds) {
    const Command& command = *arguments.command();
    if (const auto wrong = wrong_usage(arguments, command)) return refuse_usage(context, *wrong);
    const auto user = arguments.value("user");
    if (!user) return refuse_usage(context, {"whose? --user USER is needed", {}, &command});
    const std::string role(arguments.positional(1));
    auto before = open_editable(arguments, context, arguments.has("dry-run"));
    if (!before) return std::move(before).error();
    auto users = spec::Definitions::read((*before)->source.tree(), (*before)->loaded, "users");
    if (!users) return std::move(users).error();
    const spec::Definition* definition = users->find(*user);
    if (!definition) {
        const auto near = nearest(*user, users->names());
        return Error{
            .code = ErrorCode::NotFound,
            .message = fmt::format("there is no user '{}'", escape_controls(*user)),
            .hint = near ? fmt::format("did you mean '{}'?", *near)
                         : fmt::format("`lab create user {} --set 'roles=[{}]'` makes one", *user, role)};
    }
    const auto index = index_of(definition->body, role);
    if (binds == index.has_value()) {
        context.note(
            fmt::format("user '{}' {} the role '{}'", *user, binds ? "already has" : "does not have", role));
        return binds ? kExitDone : kExitFailed;
    }
    const bool last = index && definition->body.get("roles")->if_list()->size() == 1;
    using EditKind = spec::DocumentEdit::Kind;
    const spec::DocumentEdit edit = binds  ? spec::DocumentEdit{EditKind::Append, {"roles"}, Value(role)}
                                    : last ? spec::DocumentEdit{EditKind::Remove, {"roles"}, {}}
                                           : spec::DocumentEdit{EditKind::Remove, {"roles", *index}, {}};
    auto changes = users->changed(*user, {edit});
    if (!changes) return std::move(changes).error();
    return carry_out_edit(
        arguments, context, **before,
        {.what = fmt::format("{} role {} {} user {}", command.words, role, binds ? "to" : "from", *user),
         .changes = std::move(*changes)},
        EditUse::Apply);
}

Result<int> run_bind(const Arguments& arguments, Context& context) {
    return run_binding(arguments, context, /*binds=*/true);
}
Result<int> run_unbind(const Arguments& arguments, Context& context) {
    return run_binding(arguments, context, /*binds=*/false);
}

} // namespace

constinit const Command kBind{.words = "bind",
                              .section = Section::Change,
                              .summary = "give a user a role, in the inventory",
                              .positionals = kPositionals,
                              .options = kOptions,
                              .forms = kDocument,
                              .examples = kBindExamples,
                              .run = run_bind};
constinit const Command kUnbind{.words = "unbind",
                                .section = Section::Change,
                                .summary = "take a role from a user, in the inventory",
                                .positionals = kPositionals,
                                .options = kOptions,
                                .forms = kDocument,
                                .examples = kUnbindExamples,
                                .help = "bind",
                                .run = run_unbind};

} // namespace lab::cli
