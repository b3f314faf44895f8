#pragma once
// lab.lock: the commit that each module from git is read at, until `lab modules update` moves it. A file of
// the inventory, kept in git beside lab.yaml: the same commit of an inventory means the same modules.

#include "spec/module_source.h"
#include "support/digest.h"
#include "support/file_tree.h"

#include <map>
#include <optional>

namespace lab::spec {

inline constexpr std::string_view kLockFile = "lab.lock";

struct ModulePin {
    std::string git, ref, path; // of the source that was pinned
    std::string commit;         // 40 hex digits
    Digest digest;              // of the module's folder in that commit: module_digest
    Span at;
};

struct ModuleLock {
    std::map<std::string, ModulePin> pins; // by module
};

/// Reads what write_module_lock wrote, or a person: problems go to `diagnostics`, and what could not be read
/// is left out. Another format than lab.lock/1 is refused.
ModuleLock read_module_lock(std::string text, Diagnostics& diagnostics);
/// Whether the text is a lab.lock in another format than this version of lab writes.
bool is_of_another_version(std::string text);
/// The same pins give the same bytes: sorted by name, one key a line, so that changes merge.
std::string write_module_lock(const ModuleLock& lock);

/// Why `pin` (null: there is none) does not say where `source` is to be read; empty where it does.
std::string pin_problem(const ModulePin* pin, const ModuleSource& source);

/// The first digits of a commit, as places of module files name it. Never more for want of uniqueness: the
/// same pins give the same diagnostics everywhere.
std::string_view short_commit(std::string_view commit) noexcept;

struct ModuleLimits {
    std::size_t entries = 10'000;      // files and folders
    std::size_t bytes = 64u << 20;     // of all files
    std::size_t file_bytes = 8u << 20; // of one
};
/// SHA-256 over path, kind and bytes of everything below the tree's root. Symbolic links and submodules are
/// not followed: where they lead is part of it. Invalid where a limit is passed.
Result<Digest> module_digest(const FileTree& tree, const ModuleLimits& limits = {});

} // namespace lab::spec
