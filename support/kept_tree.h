#pragma once
// A tree whose files stay as they were when they were first read: whoever reads one twice reads the same,
// even where somebody writes to it meanwhile.

#include "support/file_tree.h"

#include <map>
#include <memory>
#include <mutex>

namespace lab {

class KeptTree final : public FileTree {
  public:
    explicit KeptTree(std::shared_ptr<const FileTree> base) : base_(std::move(base)) {}

    /// As it is now: only what is read is kept.
    Result<std::vector<TreeEntry>> list(std::string_view directory, const Prune& prune = {}) const override {
        return base_->list(directory, prune);
    }
    /// That there is no such file is kept too.
    Result<std::string> read(std::string_view path, std::size_t max_bytes) const override;
    void release() const override { base_->release(); }
    std::string describe() const override { return base_->describe(); }

  private:
    std::shared_ptr<const FileTree> base_;
    mutable std::mutex mutex_; // guards kept_
    mutable std::map<std::string, Result<std::string>, std::less<>> kept_;
};

} // namespace lab
