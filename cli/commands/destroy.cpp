#include "cli/commands.h"
#include "cli/edits.h"
#include "spec/reach.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>

namespace lab::cli {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "KIND", .summary = "server, label, group, ..., or KIND/NAME", .complete = Complete::Kind},
    {.name = "NAME", .summary = "what goes", .required = false, .complete = Complete::Reference}};

constexpr Option kOptions[] = {
    {.name = "force", .summary = "take out what refers to it, too"},
    kAllowDestroyOption,
    kDryRunOption,
    kAutoApproveOption,
    kNoApplyOption,
    kCommitOption,
    kMessageOption,
    kBranchOption,
    kRefreshOption,
    kParallelismOption,
    kDetailsOption,
};

constexpr Example kExamples[] = {
    {"lab destroy server first --dry-run", "the lines that would go, and what becomes of the machine"},
    {"lab destroy label base --force --dry-run", "a label, and its name wherever it is given"},
    {"lab destroy server first --allow-destroy --auto-approve",
     "a server and its machine, where that is lab's to delete"},
};

/// What the inventory means with changes made, and what is wrong with it then: the places that name what
/// went.
struct Meaning {
    std::unique_ptr<Editable> edited; // null: nothing is changed
    std::unique_ptr<spec::Fleet> fleet;
    Diagnostics diagnostics;
};
Result<Meaning> meaning_of(const Editable& before, const TreeChanges& changes, const Context& context) {
    Meaning meaning;
    if (!changes.empty()) {
        auto edited = reconciler::load_inventory(before.source.edited(changes));
        if (!edited) return std::move(edited).error();
        meaning.edited = std::move(*edited);
    }
    const Editable& inventory = meaning.edited ? *meaning.edited : before;
    meaning.diagnostics = inventory.loaded.diagnostics;
    meaning.fleet = std::make_unique<spec::Fleet>(
        reconciler::resolve_fleet(inventory, context.providers, {}, meaning.diagnostics));
    return meaning;
}

std::vector<Diagnostic> errors_of(const Diagnostics& diagnostics) {
    std::vector<Diagnostic> errors = diagnostics.sorted();
    std::erase_if(errors, [](const Diagnostic& one) { return one.severity != Severity::Error; });
    return errors;
}

/// Places in the file that lost lines, as they are in the file of now.
Span moved_back(Span at, const std::string& file, std::uint32_t first, std::uint32_t lines) {
    if (at.file && *at.file == file && at.line >= first) at.line += lines;
    return at;
}

/// The lines that a change took out of a file: the first, and how many.
std::pair<std::uint32_t, std::uint32_t> lines_gone(const std::string& before, const std::string& after) {
    const auto old = split(before, '\n'), now = split(after, '\n');
    std::size_t same = 0;
    while (same < now.size() && same < old.size() && old[same] == now[same])
        ++same;
    return {static_cast<std::uint32_t>(same + 1),
            static_cast<std::uint32_t>(old.size() - std::min(now.size(), old.size()))};
}

Result<TreeChanges> refuse_references(const Editable& before, const spec::Definition& gone,
                                      const TreeChanges& changes, const Meaning& broken,
                                      std::string_view what, Context& context) {
    std::pair<std::uint32_t, std::uint32_t> lines{0, 0};
    if (const auto& text = changes.begin()->second) {
        auto old = before.source.tree().read(gone.file, 32u << 20);
        if (old) lines = lines_gone(*old, *text);
    }
    Diagnostics places;
    for (Diagnostic one : errors_of(broken.diagnostics)) {
        one.at = moved_back(one.at, gone.file, lines.first, lines.second);
        one.help.clear(); // suggests other names: it is this one that is meant
        places.add(std::move(one));
    }
    context.err.write(render_text(places, before.loaded.lines, {.color = context.err_paint.on}));
    return Error{.code = ErrorCode::Conflict,
                 .message = fmt::format("without {} this would be wrong in {}: nothing was written", what,
                                        counted(places.errors(), "place")),
                 .hint = "change these first, or let --force take them out"};
}

/// Why no more can be taken out. Its place is in the files as they would be, so these are shown.
Error refuse_cut(const Editable& before, const TreeChanges& changes, Error error, Context& context) {
    auto files = file_edits(before.source.tree(), changes);
    if (!files) return std::move(files).error();
    context.err.write(painted_diffs(*files, context.err_paint) + "\n");
    return std::move(error).during("in the files as edited so far, shown above; nothing was written");
}

Error is_folder(const spec::Module& module) {
    return {.code = ErrorCode::Invalid,
            .message =
                fmt::format("module '{}' is the folder '{}': no definition of it is written that could "
                            "be taken out",
                            module.name, module.folder),
            .hint = fmt::format("take its name out of what uses it ('lab show module {}' lists that), then "
                                "remove the folder: git rm -r {}",
                                module.name, module.folder)};
}

/// Why there is no definition of that name to destroy.
Error nothing_to_destroy(const Reference& reference, const spec::Definitions& definitions,
                         const spec::Inventory& inventory) {
    const std::string& name = reference.names.front();
    const auto module = inventory.modules.find(name);
    if (reference.kind == Kind::Module && module != inventory.modules.end()) return is_folder(module->second);
    const auto generated =
        reference.kind == Kind::Alert ? spec::catalogue_alert(name) : std::span<const spec::CatalogueEntry>();
    if (generated.empty()) {
        std::vector<std::string> known = definitions.names();
        if (reference.kind == Kind::Module)
            for (const auto& [other, folder] : inventory.modules)
                known.push_back(other);
        return no_such(reference.kind, name, known);
    }
    std::vector<std::string> from;
    for (const spec::CatalogueEntry& entry : generated)
        if (entry.trigger != spec::Trigger::Named) from.push_back(spec::trigger_text(entry));
    return {.code = ErrorCode::Invalid,
            .message = fmt::format("alert '{}' is written nowhere: lab generates it{}{}", name,
                                   from.empty() ? "" : " from ", fmt::join(from, ", ")),
            .hint =
                fmt::format("to have it on fewer servers, write whom it leaves out: alerts: {{{}: {{target: "
                            "{{exclude: {{servers: [NAME]}}}}}}}}",
                            name)};
}

/// Takes out what refers to it until nothing does. `meaning` is what the changes mean, and then what all of
/// them do.
Result<TreeChanges> cut_references(const Editable& before, TreeChanges changes, Meaning& meaning,
                                   Context& context) {
    constexpr int kMostRounds = 20; // a cut can leave something that another place named
    for (int round = 0; meaning.diagnostics.has_errors(); ++round) {
        std::vector<Span> places;
        for (const Diagnostic& one : errors_of(meaning.diagnostics)) {
            if (one.code.find("/unknown-") == std::string::npos || !one.at.known() || one.at.line == 0 ||
                round == kMostRounds)
                return refuse_cut(
                    before, changes,
                    {.code = ErrorCode::Unsupported,
                     .message = fmt::format("{}: {}", one.at.text(), one.message),
                     .hint = "that is more than a name that can be taken out: change it by hand first"},
                    context);
            places.push_back(one.at);
        }
        auto cut = spec::without_places(before.source.tree(), changes, std::move(places));
        if (!cut) return refuse_cut(before, changes, std::move(cut).error(), context);
        changes = std::move(*cut);
        auto left = meaning_of(before, changes, context);
        if (!left) return std::move(left).error();
        meaning = std::move(*left);
    }
    return changes;
}

/// Refuses an edit after which something that stays would reach further than now.
Result<void> refuse_wider(const Editable& before, const TreeChanges& changes, const Meaning& was,
                          const Meaning& is, std::string_view what, Context& context) {
    Diagnostics wider;
    spec::check_reach(*was.fleet, *is.fleet, wider);
    if (!wider.has_errors()) return {};
    auto files = file_edits(before.source.tree(), changes);
    if (!files) return std::move(files).error();
    context.err.write(painted_diffs(*files, context.err_paint) + "\n");
    context.err.write(render_text(wider, before.loaded.lines, {.color = context.err_paint.on}));
    return Error{.code = ErrorCode::Conflict,
                 .message = fmt::format("to take {} out as above would change more than that, in {}: nothing "
                                        "was written",
                                        what, counted(wider.errors(), "place")),
                 .hint = "change these by hand first; their lines are those of the files as they are"};
}

Result<int> run_destroy(const Arguments& arguments, Context& context) {
    if (const auto wrong = wrong_usage(arguments, kDestroy)) return refuse_usage(context, *wrong);
    auto reference = named_definition(arguments, kDestroy);
    if (!reference) return std::move(reference).error();
    const KindWords& words = words_of(reference->kind);
    const std::string& name = reference->names.front();
    auto before = open_editable(arguments, context, arguments.has("dry-run"));
    if (!before) return std::move(before).error();
    const auto was = meaning_of(**before, {}, context);
    if (!was) return was.error();
    if (was->diagnostics.has_errors()) {
        context.err.write(
            render_text(was->diagnostics, (*before)->loaded.lines, {.color = context.err_paint.on}));
        return Error{
            .code = ErrorCode::Invalid,
            .message =
                "what refers to it cannot be told while the inventory has errors: nothing was written"};
    }
    auto definitions =
        spec::Definitions::read((*before)->source.tree(), (*before)->loaded, std::string(words.many));
    if (!definitions) return std::move(definitions).error();
    const spec::Definition* gone = definitions->find(name);
    if (!gone) return nothing_to_destroy(*reference, *definitions, (*before)->loaded.inventory);
    auto changes = definitions->without(name);
    if (!changes) return std::move(changes).error();
    const std::string what = fmt::format("{} {}", words.one, name);
    auto meaning = meaning_of(**before, *changes, context);
    if (!meaning) return std::move(meaning).error();
    if (meaning->diagnostics.has_errors()) {
        changes = arguments.has("force")
                      ? cut_references(**before, std::move(*changes), *meaning, context)
                      : refuse_references(**before, *gone, *changes, *meaning, what, context);
        if (!changes) return std::move(changes).error();
    }
    LAB_TRY(refuse_wider(**before, *changes, *was, *meaning, what, context));
    return carry_out_edit(arguments, context, **before,
                          {.what = "destroy " + what, .changes = std::move(*changes), .last = gone->file},
                          EditUse::Apply);
}

} // namespace

constinit const Command kDestroy{.words = "destroy",
                                 .section = Section::Change,
                                 .summary = "take a definition out of the inventory, and apply that",
                                 .positionals = kPositionals,
                                 .options = kOptions,
                                 .winds_down = true,
                                 .forms = kDocument,
                                 .examples = kExamples,
                                 .run = run_destroy};

} // namespace lab::cli
