#include "cli/commands.h"
#include "cli/edits.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

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

/// What is wrong with the inventory once the changes are made, if any: the places that name what went.
struct Broken {
    Diagnostics diagnostics;
    SourceLines lines;
};
Result<Broken> broken_by(const Editable& before, const TreeChanges& changes, const Context& context) {
    if (changes.empty()) {
        Broken now{.diagnostics = before.loaded.diagnostics, .lines = before.loaded.lines};
        static_cast<void>(reconciler::resolve_fleet(before, context.providers, {}, now.diagnostics));
        return now;
    }
    auto edited = reconciler::load_inventory(before.source.edited(changes));
    if (!edited) return std::move(edited).error();
    Broken broken{.diagnostics = (*edited)->loaded.diagnostics, .lines = (*edited)->loaded.lines};
    static_cast<void>(reconciler::resolve_fleet(**edited, context.providers, {}, broken.diagnostics));
    return broken;
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
                                      const TreeChanges& changes, const Broken& broken, std::string_view what,
                                      Context& context) {
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

/// Why there is no definition of that name to destroy.
Error nothing_to_destroy(const Reference& reference, const spec::Definitions& definitions) {
    const std::string& name = reference.names.front();
    const auto generated =
        reference.kind == Kind::Alert ? spec::catalogue_alert(name) : std::span<const spec::CatalogueEntry>();
    if (generated.empty()) return no_such(reference.kind, name, definitions.names());
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

/// Takes out what refers to it until nothing does.
Result<TreeChanges> cut_references(const Editable& before, TreeChanges changes, Broken broken,
                                   Context& context) {
    constexpr int kMostRounds = 20; // a cut can leave something that another place named
    for (int round = 0; broken.diagnostics.has_errors(); ++round) {
        std::vector<Span> places;
        for (const Diagnostic& one : errors_of(broken.diagnostics)) {
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
        auto left = broken_by(before, changes, context);
        if (!left) return std::move(left).error();
        broken = std::move(*left);
    }
    return changes;
}

Result<int> run_destroy(const Arguments& arguments, Context& context) {
    if (const auto wrong = wrong_usage(arguments, kDestroy)) return refuse_usage(context, *wrong);
    auto reference = named_definition(arguments, kDestroy);
    if (!reference) return std::move(reference).error();
    const KindWords& words = words_of(reference->kind);
    const std::string& name = reference->names.front();
    auto before = open_editable(arguments, context, arguments.has("dry-run"));
    if (!before) return std::move(before).error();
    const auto now = broken_by(**before, {}, context);
    if (!now) return now.error();
    if (now->diagnostics.has_errors()) {
        context.err.write(render_text(now->diagnostics, now->lines, {.color = context.err_paint.on}));
        return Error{
            .code = ErrorCode::Invalid,
            .message =
                "what refers to it cannot be told while the inventory has errors: nothing was written"};
    }
    auto definitions =
        spec::Definitions::read((*before)->source.tree(), (*before)->loaded, std::string(words.many));
    if (!definitions) return std::move(definitions).error();
    const spec::Definition* gone = definitions->find(name);
    if (!gone) return nothing_to_destroy(*reference, *definitions);
    auto changes = definitions->without(name);
    if (!changes) return std::move(changes).error();
    const std::string what = fmt::format("{} {}", words.one, name);
    auto broken = broken_by(**before, *changes, context);
    if (!broken) return std::move(broken).error();
    if (broken->diagnostics.has_errors()) {
        changes = arguments.has("force")
                      ? cut_references(**before, std::move(*changes), std::move(*broken), context)
                      : refuse_references(**before, *gone, *changes, *broken, what, context);
        if (!changes) return std::move(changes).error();
    }
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
