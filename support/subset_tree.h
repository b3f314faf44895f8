#pragma once
// Some of the files of a tree, as if there were no others.

#include "support/file_tree.h"

namespace lab {

class SubsetTree final : public FileTree {
  public:
    /// `entries`, sorted by path, are the base's as they are now; the base must stay as long.
    SubsetTree(const FileTree& base, std::vector<TreeEntry> entries)
        : base_(base), entries_(std::move(entries)) {}

    /// Of the root only.
    Result<std::vector<TreeEntry>> list(std::string_view directory, const Prune& prune = {}) const override;
    Result<std::string> read(std::string_view path, std::size_t max_bytes) const override;
    Result<std::string> read_entry(const TreeEntry& entry, std::size_t max_bytes) const override {
        return base_.read_entry(entry, max_bytes);
    }
    void read_each(std::span<const TreeEntry* const> entries, std::size_t max_bytes,
                   const Take& take) const override {
        base_.read_each(entries, max_bytes, take);
    }
    std::string describe() const override { return base_.describe(); }

  private:
    const FileTree& base_;
    std::vector<TreeEntry> entries_;
};

} // namespace lab
