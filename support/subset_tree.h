#pragma once
// Some of the files of a tree, as if there were no others, and of those perhaps only a part.

#include "support/file_tree.h"

#include <functional>

namespace lab {

class SubsetTree final : public FileTree {
  public:
    /// What is left of a file; called from several threads.
    using Trim = std::function<std::string(std::string_view path, std::string text)>;
    /// `entries`, sorted by path, are the base's as they are now; the base must stay as long.
    SubsetTree(const FileTree& base, std::vector<TreeEntry> entries, Trim trim)
        : base_(base), entries_(std::move(entries)), trim_(std::move(trim)) {}

    /// Of the root only.
    Result<std::vector<TreeEntry>> list(std::string_view directory, const Prune& prune = {}) const override;
    Result<std::string> read(std::string_view path, std::size_t max_bytes) const override;
    Result<std::string> read_entry(const TreeEntry& entry, std::size_t max_bytes) const override;
    void read_each(std::span<const TreeEntry* const> entries, std::size_t max_bytes,
                   const Take& take) const override;
    std::string describe() const override { return base_.describe(); }

  private:
    Result<std::string> trimmed(const TreeEntry& entry, Result<std::string> text) const;

    const FileTree& base_;
    std::vector<TreeEntry> entries_;
    Trim trim_;
};

} // namespace lab
