#pragma once
// The YAML files of an inventory: read and decoded side by side, and what they define put together in their
// order.

#include "spec/detail/sections.h"
#include "spec/load.h"

#include <atomic>
#include <functional>
#include <span>

namespace lab::spec::detail {

/// What was read of one file. Files are independent of each other until they are put together.
struct FileResult {
    LoadedFile file;
    Parts parts;
    Diagnostics diagnostics;
};

class DefinitionReader {
  public:
    /// Both must stay as long.
    DefinitionReader(const FileTree& tree, const LoadLimits& limits)
        : tree_(tree), limits_(limits), budget_(static_cast<std::int64_t>(limits.total_bytes)) {}

    /// lab.yaml, which is read before all others, because it says which others belong.
    FileResult read_root(const TreeEntry& entry);

    /// Puts what `files` define into `loaded`, and gives what was read; nothing, with a diagnostic, where
    /// they are too large together. The file at `root_place` is lab.yaml, which gave `root`.
    std::optional<std::vector<LoadedFile>> read(std::span<const TreeEntry* const> files,
                                                std::size_t root_place, FileResult root, Loaded& loaded);

  private:
    FileResult decode(const TreeEntry& entry, Result<std::string> text, bool is_root = false);
    void read_some(std::span<const TreeEntry* const> entries, std::span<FileResult> results);
    std::vector<FileResult> read_window(std::span<const TreeEntry* const> entries,
                                        const std::function<void()>& meanwhile);

    const FileTree& tree_;
    const LoadLimits& limits_;
    std::atomic<std::int64_t> budget_; // bytes that may still be read of all files together
};

Span whole_file(const std::string& path);
void report_unreadable(const TreeEntry& entry, const Error& error, Diagnostics& diagnostics);
/// Whether a part of some file was not read.
bool is_broken(const Diagnostics& diagnostics);

} // namespace lab::spec::detail
