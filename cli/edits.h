#pragma once
// Verbs that change what is declared (create, destroy, plan and apply of a server that is not there yet): the
// edit of the inventory's files is shown with its plan, asked for, written, committed and applied.

#include "cli/kinds.h"
#include "cli/planning.h"
#include "spec/definitions.h"

namespace lab::cli {

constexpr Option kSetOption{.name = "set",
                            .value = "PATH=VALUE",
                            .summary = "a value of the definition: params.motd.banner=hi, 'ports=[80, 443]'",
                            .repeatable = true};
constexpr Option kInOption{.name = "in",
                           .value = "FILE",
                           .summary = "the file of the inventory that the definition goes to",
                           .complete = Complete::File};
constexpr Option kDryRunOption{.name = "dry-run", .summary = "show the edit and its plan, write nothing"};
constexpr Option kCommitOption{.name = "commit", .summary = "commit exactly this edit"};
constexpr Option kMessageOption{.name = "message",
                                .letter = 'm',
                                .value = "TEXT",
                                .summary = "message of the commit (default: what was done)"};
constexpr Option kBranchOption{.name = "branch",
                               .value = "NAME",
                               .summary =
                                   "propose the edit on a new branch; the working tree stays as it is"};
constexpr Option kNoApplyOption{.name = "no-apply",
                                .summary = "write the edit and leave the machines as they are"};

/// An inventory whose files may be edited, as it is before that: each as it was when it was first read. It
/// need not be valid.
using Editable = reconciler::LoadedInventory;
/// The working tree; with --branch the commit it starts from (--ref, else HEAD). `reading`: nothing will be
/// written, so any source will do.
Result<std::unique_ptr<Editable>> open_editable(const Arguments& arguments, Context& context, bool reading);

struct Edit {
    std::string what; // "create server web-3": what the commit says
    TreeChanges changes;
    /// Written after the others, so that a kill in between leaves an inventory that is valid.
    std::string last = {};
    std::vector<std::string> servers = {}; // planned whether or not the edit touches them
};
/// What becomes of it.
enum class EditUse { Plan, Apply };
/// Shows, asks, writes, commits, applies, as the options of the command say. Gives the exit code.
Result<int> carry_out_edit(const Arguments& arguments, Context& context, const Editable& before,
                           const Edit& edit, EditUse use);

// ---- the pieces, each with its file

struct FileEdit {
    std::string path;
    std::string_view action;           // "create", "change", "remove"
    std::optional<std::string> before; // its bytes; nullopt where it is not there yet
    std::string diff;                  // unified
};
/// Those that differ.
Result<std::vector<FileEdit>> file_edits(const FileTree& before, const TreeChanges& changes);
std::string painted_diffs(const std::vector<FileEdit>& edits, const Paint& paint);

/// Writes the changes over the files, each there whole or not at all, `last` after the others. Conflict where
/// a file is no longer as it was shown; nothing is written then.
Result<void> write_edit(const Editable& before, const Edit& edit, const std::vector<FileEdit>& files,
                        const Context& context);

/// What is wrong with the options of an edit, or with KIND NAME, as a command line.
std::optional<UsageError> wrong_usage(const Arguments& arguments, const Command& command);
/// The one thing that `KIND NAME` names; its kind must be one that the inventory defines.
Result<Reference> named_definition(const Arguments& arguments, const Command& command);
/// The file of a new definition: --in, else where most of its kind are.
Result<std::string> new_file(const Arguments& arguments, const spec::Definitions& definitions,
                             std::string_view name);

/// The definition that --file, --set, --label, --environment, ... describe.
Result<Value> body_of(const Arguments& arguments, Context& context);
/// The same as edits inside a definition that is there.
Result<std::vector<spec::DocumentEdit>> set_edits(const Arguments& arguments);
/// The labels given, those with commas taken apart.
std::vector<std::string> labels_of(const Arguments& arguments);

/// `plan|apply server NAME` with options that say what the server is: nullopt where there are none.
Result<std::optional<int>> state_server(const Arguments& arguments, Context& context, EditUse use);

} // namespace lab::cli
