#pragma once
// A tree of files with some of them replaced, added or gone: what an inventory would be after an edit that
// nobody has written yet.

#include "support/file_tree.h"

#include <map>
#include <memory>
#include <optional>

namespace lab {

/// Bytes by path; nullopt: the file is gone. Folders come with what is in them; one that the base has stays.
using TreeChanges = std::map<std::string, std::optional<std::string>, std::less<>>;

class OverlayTree final : public FileTree {
  public:
    /// Shared: editors keep one base under many changes. What a changed path was in the base (a symlink, say)
    /// is a file here; a symlink to a changed path still gives the base's bytes. Changed entries have no blob
    /// id.
    OverlayTree(std::shared_ptr<const FileTree> base, TreeChanges changes);

    Result<std::vector<TreeEntry>> list(std::string_view directory, const Prune& prune = {}) const override;
    Result<std::string> read(std::string_view path, std::size_t max_bytes) const override;
    Result<std::string> read_entry(const TreeEntry& entry, std::size_t max_bytes) const override;
    void release() const override { base_->release(); }
    /// The base's: it is where a person would look.
    std::string describe() const override;
    const TreeChanges& changes() const noexcept { return changes_; }

  private:
    std::shared_ptr<const FileTree> base_;
    TreeChanges changes_;
};

} // namespace lab
