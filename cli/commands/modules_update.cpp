#include "cli/commands.h"
#include "cli/session.h"
#include "cli/writing_turn.h"
#include "reconciler/module_pins.h"
#include "support/files.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::size_t kSubjects = 20; // of a move that are told
constexpr std::size_t kMaxLockBytes = 4u << 20;

Error refused(std::string message) {
    return {.code = ErrorCode::Invalid, .message = std::move(message)};
}

/// The modules that were named, each one that comes from git.
Result<std::set<std::string>> named_modules(const Arguments& arguments, const spec::Inventory& inventory) {
    std::vector<std::string> known;
    for (const auto& [name, source] : inventory.module_sources)
        if (source.from_git()) known.push_back(name);
    std::set<std::string> names;
    for (const std::string& name : arguments.positionals()) {
        if (std::find(known.begin(), known.end(), name) != known.end()) {
            names.insert(name);
            continue;
        }
        if (inventory.modules.contains(name))
            return refused(fmt::format("module '{}' lies in the inventory itself: it has no pin", name));
        const auto near = nearest(name, known);
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("no module '{}' comes from git", name),
                     .hint = near ? fmt::format("did you mean '{}'?", *near)
                                  : "`lab modules list` shows where modules come from"};
    }
    return names;
}

std::string move_text(const reconciler::PinMove& move) {
    const auto after = spec::short_commit(move.after), before = spec::short_commit(move.before);
    std::string text = fmt::format("module {} ({}): ", move.source.name, move.source.ref);
    if (move.before == move.after && !move.changed) return text + fmt::format("unchanged at {}\n", after);
    if (move.before.empty() || move.before == move.after) return text + fmt::format("pinned at {}\n", after);
    text += fmt::format("{} -> {}", before, after);
    if (!move.history_known) return text + "\n";
    text += fmt::format(", {}\n", counted(move.history.added, "commit"));
    for (const git::CommitInfo& commit : move.history.commits)
        text += fmt::format("  {} {}\n", spec::short_commit(commit.id), escape_controls(commit.subject));
    if (move.history.added > move.history.commits.size())
        text += fmt::format("  ... and {} more\n", move.history.added - move.history.commits.size());
    if (move.history.dropped > 0)
        text += fmt::format("  {} of {} left behind: the history was rewritten, or the ref moved back\n",
                            counted(move.history.dropped, "commit"), before);
    return text;
}

Value value_of(const reconciler::PinMove& move) {
    ValueList commits;
    for (const git::CommitInfo& commit : move.history.commits)
        commits.emplace_back(ValueMap{{"id", Value(commit.id)},
                                      {"author", Value(commit.author)},
                                      {"time", Value(format_time(commit.time))},
                                      {"subject", Value(commit.subject)}});
    const auto known = [&move](std::size_t count) {
        return move.history_known ? Value(std::uint64_t{count}) : Value();
    };
    return Value(ValueMap{{"name", Value(move.source.name)},
                          {"git", Value(move.source.git)},
                          {"ref", Value(move.source.ref)},
                          {"path", move.source.path.empty() ? Value() : Value(move.source.path)},
                          {"before", move.before.empty() ? Value() : Value(move.before)},
                          {"after", Value(move.after)},
                          {"changed", Value(move.changed)},
                          {"added", known(move.history.added)},
                          {"dropped", known(move.history.dropped)},
                          {"commits", Value(std::move(commits))}});
}

void print_update(const reconciler::PinUpdate& update, bool written, Context& context) {
    if (context.form == Form::Table) {
        for (const reconciler::PinMove& move : update.moves)
            context.out.write(move_text(move));
        for (const std::string& name : update.dropped)
            context.out.write(fmt::format("module {}: not from git any more, pin dropped\n", name));
        return;
    }
    ValueList modules, dropped;
    for (const reconciler::PinMove& move : update.moves)
        modules.push_back(value_of(move));
    for (const std::string& name : update.dropped)
        dropped.emplace_back(name);
    print_document(context, "lab.modules-update/1",
                   {{"written", Value(written)},
                    {"modules", Value(std::move(modules))},
                    {"dropped", Value(std::move(dropped))}});
}

/// Prints what the modules that were pinned say of themselves at their new commits.
Result<void> check_new_pins(const std::string& lock, const reconciler::PinUpdate& update,
                            const reconciler::InventorySource& source, Context& context) {
    const auto edited = source.edited({{std::string(spec::kLockFile), lock}});
    const spec::Loaded loaded = spec::load(edited.tree(), {}, &source.modules());
    Diagnostics problems;
    for (const Diagnostic& one : loaded.diagnostics.items())
        for (const reconciler::PinMove& move : update.moves)
            if (one.at.known() && (*one.at.file).starts_with(fmt::format("module {} at ", move.source.name)))
                problems.add(one);
    if (!problems.empty())
        context.err.write(render_text(problems, loaded.lines, {.color = context.err_paint.on}));
    if (problems.has_errors()) return refused("what would be pinned has errors: nothing was written");
    return {};
}

/// lab.lock as it is; "" where there is none. What is no file is not read, as the loader does not, and not
/// replaced: what a link leads to may be another's.
Result<std::string> lock_text(const reconciler::InventorySource& source) {
    const auto entries = source.tree().list("", [](const TreeEntry&) { return true; });
    if (!entries) return entries.error();
    for (const TreeEntry& entry : *entries)
        if (entry.path == spec::kLockFile && entry.kind != EntryKind::File)
            return Error{.code = ErrorCode::Invalid,
                         .message = "lab.lock must be a regular file: nothing was written",
                         .hint = "move it away and run `lab modules update` again, which makes the file"};
    auto text = source.tree().read(spec::kLockFile, kMaxLockBytes);
    if (text || text.error().code != ErrorCode::NotFound) return text;
    return std::string();
}

/// False where lab.lock is not what it was any more: nothing is written then.
Result<bool> write_lock(const reconciler::InventorySource& source, const std::string& before,
                        const std::string& after, const Context& context) {
    const auto turn = WritingTurn::wait(source.folder(), context);
    if (!turn) return turn.error();
    const auto now = lock_text(source);
    if (!now) return now.error();
    if (*now != before) return false;
    LAB_TRY(write_file_atomic(source.folder() / spec::kLockFile, after));
    return true;
}

Error failed(const reconciler::PinUpdate& update, Context& context) {
    for (const auto& [name, error] : update.failures)
        print_error(context, Error(error).during(fmt::format("while pinning module {}", name)));
    return refused(fmt::format("{} could not be pinned: nothing was written",
                               counted(update.failures.size(), "module")));
}

/// What is wrong with lab.lock itself, where it is lab's to mend; null where nothing is.
const Diagnostic* broken_lock(const spec::Loaded& loaded, const std::string& text) {
    const auto& all = loaded.diagnostics.items();
    const auto found = std::find_if(all.begin(), all.end(), [](const Diagnostic& one) {
        return one.severity == Severity::Error && one.at.known() && *one.at.file == spec::kLockFile;
    });
    return found == all.end() || spec::is_of_another_version(text) ? nullptr : &*found;
}

/// nullopt where somebody else wrote lab.lock meanwhile.
Result<std::optional<int>> try_update(const Arguments& arguments, Context& context) {
    auto source = open_source(arguments, context);
    if (!source) return std::move(source).error();
    const bool dry = arguments.has("dry-run");
    if (!dry && (!source->is_working_tree() || source->folder().empty()))
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("the {} cannot be written to", source->tree().describe()),
                     .hint = "run it in the inventory's folder, without --ref, or with --dry-run"};
    const auto before = lock_text(*source);
    if (!before) return before.error();
    spec::Loaded loaded = spec::load(source->tree());
    const Diagnostic* broken = broken_lock(loaded, *before);
    const bool anew = broken;
    if (anew) {
        context.warn(fmt::format("{}: {}: it is made anew, with every module at what its ref names now",
                                 broken->at.text(), broken->message));
    }
    const auto read = anew ? source->edited({{std::string(spec::kLockFile), std::nullopt}}) : *source;
    if (anew) loaded = spec::load(read.tree());
    if (loaded.diagnostics.has_errors()) {
        context.err.write(render_text(loaded.diagnostics, loaded.lines, {.color = context.err_paint.on}));
        return refused("the inventory has errors: nothing was pinned");
    }
    auto names = named_modules(arguments, loaded.inventory);
    if (!names) return std::move(names).error();
    if (anew) names->clear(); // no other pin is known either
    const auto update = reconciler::update_pins(loaded, *names, source->modules(), kSubjects);
    if (context.stop.stop_requested()) return Error{.code = ErrorCode::Cancelled, .message = "interrupted"};
    if (!update.failures.empty()) return failed(update, context);
    if (update.moves.empty() && update.dropped.empty() && !anew) {
        context.note("no module comes from git");
        if (context.form != Form::Table) print_update(update, false, context);
        return std::optional<int>(kExitDone);
    }
    const std::string after = spec::write_module_lock(update.lock);
    LAB_TRY(check_new_pins(after, update, *source, context));
    const bool changes = after != *before, writes = changes && !dry;
    if (writes) {
        const auto written = write_lock(*source, *before, after, context);
        if (!written) return written.error();
        if (!*written) return std::optional<int>();
    }
    print_update(update, writes, context);
    context.note(!changes ? "lab.lock is up to date"
                 : writes ? "wrote lab.lock: commit it with the inventory"
                          : "a dry run: nothing was written");
    return std::optional<int>(changes && arguments.has("detailed-exitcode") ? kExitChanges : kExitDone);
}

/// Runs beside each other pin different modules in one file: whoever comes second looks again.
Result<int> update_modules(const Arguments& arguments, Context& context) {
    constexpr int kTries = 16;
    for (int tried = 0; tried < kTries; ++tried) {
        auto done = try_update(arguments, context);
        if (!done) return std::move(done).error();
        if (*done) return **done;
        context.trace("lab.lock was changed by someone else meanwhile: once more");
    }
    return Error{.code = ErrorCode::Conflict,
                 .message = "lab.lock was changed by someone else meanwhile: nothing was written",
                 .hint = "run `lab modules update` again"};
}

constexpr Positional kNames[] = {
    {.name = "NAME",
     .summary = "only these; left out: all, and pins that nothing uses are dropped",
     .required = false,
     .repeated = true,
     .complete = Complete::GitModule}};
constexpr Option kOptions[] = {
    {.name = "dry-run", .summary = "show what would move and write nothing"},
    {.name = "detailed-exitcode", .summary = "end with 2 where a pin moved, or would"},
};
constexpr Example kExamples[] = {
    {"lab modules update", "pin every module from git to the commit that its ref names now"},
    {"lab modules update --dry-run", "what would move, and which commits that brings"},
    {"lab modules update --dry-run --detailed-exitcode", "for a job that looks for news: 2 where there are"},
};

} // namespace

constinit const Command kModulesUpdate{.words = "modules update",
                                       .section = Section::Start,
                                       .summary =
                                           "move the pins of modules from git to what their refs name now",
                                       .positionals = kNames,
                                       .options = kOptions,
                                       .forms = kDocument,
                                       .examples = kExamples,
                                       .help = "modules",
                                       .run = update_modules};

} // namespace lab::cli
