// `lab plan|apply server NAME` with options that say what the server is.
#include "cli/edits.h"

#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

using EditKind = spec::DocumentEdit::Kind;

constexpr std::string_view kSays[] = {"label", "environment", "cloud", "provider", "region", "set", "in"};
/// Of a server that is already there these would move it to another machine, by option or by --set.
constexpr std::string_view kPlaces[] = {"environment", "cloud", "provider", "region"};

Result<void> refuse_filters(const Arguments& arguments, const std::string& name) {
    for (const std::string_view option :
         {"group", "exclude", "target", "baseline", "observed", "out", "resume"})
        if (arguments.has(option))
            return Error{.code = ErrorCode::Invalid,
                         .message =
                             fmt::format("--{} does not go with what server '{}' is to be", option, name),
                         .hint = option == "out"
                                     ? "a plan is saved of files that are there: write the edit first, with "
                                       "`lab apply server NAME ... --no-apply`"
                                     : "with `server NAME`, --label and the like say what that server is"};
    if (arguments.has("ref") && !arguments.has("branch"))
        return Error{.code = ErrorCode::Unsupported,
                     .message = "a commit cannot be edited",
                     .hint = "leave out --ref, or propose the edit with --branch NAME"};
    return {};
}

std::string_view place_of(const spec::Fleet& fleet, spec::ServerIndex index, std::string_view what) {
    if (what == "environment") return fleet.environment(index);
    if (what == "cloud") return fleet.cloud(index);
    return what == "provider" ? fleet.provider(index) : fleet.region(index);
}

/// Where the server would be: what options and --set say of it, by key.
std::vector<std::pair<std::string_view, std::string>>
places_said(const Arguments& arguments, const std::vector<spec::DocumentEdit>& sets) {
    std::vector<std::pair<std::string_view, std::string>> said;
    for (const std::string_view what : kPlaces) {
        if (const auto given = arguments.value(what)) said.emplace_back(what, *given);
        for (const spec::DocumentEdit& set : sets)
            if (set.path == spec::EditPath{std::string(what)})
                said.emplace_back(what, set.value.is_null() ? "" : display(set.value));
    }
    return said;
}

/// What a server that is there needs to be as the options say.
Result<std::vector<spec::DocumentEdit>> edits_of(const Arguments& arguments, Context& context,
                                                 const Editable& before, const std::string& name) {
    Diagnostics diagnostics = before.loaded.diagnostics;
    const auto fleet = reconciler::resolve_fleet(before, context.providers, {}, diagnostics);
    const auto index = fleet.find(name);
    if (diagnostics.has_errors() || !index) {
        context.err.write(render_text(diagnostics, before.loaded.lines, {.color = context.err_paint.on}));
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format(
                         "what server '{}' is now cannot be told while the inventory has errors", name)};
    }
    auto edits = set_edits(arguments);
    if (!edits) return edits;
    for (const auto& [what, given] : places_said(arguments, *edits))
        if (given != place_of(fleet, *index, what))
            return Error{
                .code = ErrorCode::Conflict,
                .message = fmt::format("server '{}' is there already, with {} '{}' and not '{}'", name, what,
                                       place_of(fleet, *index, what), given),
                .hint = "that would be another machine: change its definition by hand, or name a new server"};
    const std::vector<std::string> has = fleet.labels(*index);
    for (std::string& label : labels_of(arguments))
        if (std::find(has.begin(), has.end(), label) == has.end())
            edits->push_back({EditKind::Append, {"labels"}, Value(std::move(label))});
    return edits;
}

Result<Edit> edit_of(const Arguments& arguments, Context& context, const Editable& before,
                     const std::string& name) {
    auto servers = spec::Definitions::read(before.source.tree(), before.loaded, "servers");
    if (!servers) return std::move(servers).error();
    Edit edit{.what = fmt::format("create server {}", name), .changes = {}, .last = {}, .servers = {name}};
    Result<TreeChanges> changes = TreeChanges();
    if (servers->find(name)) {
        if (arguments.has("in"))
            return Error{.code = ErrorCode::Conflict,
                         .message = fmt::format("server '{}' is there already, at {}", name,
                                                servers->find(name)->at.text()),
                         .hint = "--in says where a new one goes"};
        edit.what = fmt::format("change server {}", name);
        auto edits = edits_of(arguments, context, before, name);
        if (!edits) return std::move(edits).error();
        if (!edits->empty()) changes = servers->changed(name, std::move(*edits));
    } else {
        auto body = body_of(arguments, context);
        if (!body) return std::move(body).error();
        auto file = new_file(arguments, *servers, name);
        if (!file) return std::move(file).error();
        changes = servers->with(name, std::move(*body), *file);
    }
    if (!changes) return std::move(changes).error();
    edit.changes = std::move(*changes);
    return edit;
}

} // namespace

Result<std::optional<int>> state_server(const Arguments& arguments, Context& context, EditUse use) {
    const auto& words = arguments.positionals();
    const bool says = std::any_of(std::begin(kSays), std::end(kSays),
                                  [&](std::string_view option) { return arguments.has(option); });
    if (words.empty() || !says) return std::optional<int>();
    const Command& command = *arguments.command();
    if (const auto wrong = wrong_usage(arguments, command))
        return std::optional(refuse_usage(context, *wrong));
    auto reference = parse_reference(words);
    if (!reference) return std::move(reference).error();
    if (reference->kind != cli::Kind::Server || reference->names.size() != 1)
        return Error{.code = ErrorCode::Invalid,
                     .message = "--label and the like say what one server is: `server NAME`",
                     .hint = "other things are made with `lab create KIND NAME`"};
    const std::string& name = reference->names.front();
    LAB_TRY(refuse_filters(arguments, name));
    auto before = open_editable(arguments, context, use == EditUse::Plan);
    if (!before) return std::move(before).error();
    auto edit = edit_of(arguments, context, **before, name);
    if (!edit) return std::move(edit).error();
    auto exit = carry_out_edit(arguments, context, **before, *edit, use);
    if (!exit) return std::move(exit).error();
    return std::optional(*exit);
}

} // namespace lab::cli
