#include "support/overlay_tree.h"

#include <gtest/gtest.h>

namespace lab {
namespace {

/// A base out of paths: a name that ends in '/' is a folder, one that ends in '@' a symlink.
class ListedTree : public FileTree {
  public:
    explicit ListedTree(std::vector<std::string> names) {
        for (std::string& name : names) {
            TreeEntry entry{.path = name, .blob = BlobId{1}};
            if (name.ends_with('/'))
                entry = {.path = name.substr(0, name.size() - 1), .kind = EntryKind::Directory};
            if (name.ends_with('@'))
                entry = {.path = name.substr(0, name.size() - 1), .kind = EntryKind::Symlink};
            entries_.push_back(std::move(entry));
        }
    }
    Result<std::vector<TreeEntry>> list(std::string_view directory, const Prune& prune) const override {
        std::vector<TreeEntry> found;
        std::string pruned = "//";
        const std::string prefix = directory.empty() ? std::string() : std::string(directory) + "/";
        bool there = directory.empty();
        for (const TreeEntry& entry : entries_) {
            there = there || entry.path == directory;
            if (!entry.path.starts_with(prefix) || entry.path.starts_with(pruned)) continue;
            found.push_back(entry);
            if (entry.kind == EntryKind::Directory && prune && prune(entry)) pruned = entry.path + "/";
        }
        if (!there) return Error{.code = ErrorCode::NotFound, .message = "no such folder"};
        return found;
    }
    Result<std::string> read(std::string_view path, std::size_t) const override {
        for (const TreeEntry& entry : entries_)
            if (entry.path == path && entry.kind != EntryKind::Directory) return std::string("base");
        return Error{.code = ErrorCode::NotFound, .message = "no such file"};
    }
    std::string describe() const override { return "listed tree"; }

  private:
    std::vector<TreeEntry> entries_;
};

std::string names(const Result<std::vector<TreeEntry>>& listed) {
    if (!listed) return listed.error().message;
    std::string all;
    for (const TreeEntry& entry : *listed)
        all += (all.empty() ? "" : " ") + entry.path + (entry.kind == EntryKind::Directory ? "/" : "") +
               (entry.kind == EntryKind::Symlink ? "@" : "") + (entry.blob ? ":b1" : "");
    return all;
}

OverlayTree over(std::vector<std::string> base, TreeChanges changes) {
    return OverlayTree(std::make_shared<ListedTree>(std::move(base)), std::move(changes));
}

TEST(OverlayTree, ListsChangesAmongTheBaseInOrder) {
    const auto tree = over({"a.yaml", "old/", "old/x.yaml", "z.yaml"},
                           {{"new/deep/n.yaml", "n"}, {"old/x.yaml", "changed"}, {"z.yaml", std::nullopt}});
    EXPECT_EQ(names(tree.list("")), "a.yaml:b1 new/ new/deep/ new/deep/n.yaml old/ old/x.yaml");
    EXPECT_EQ(names(tree.list("old")), "old/x.yaml");
    EXPECT_EQ(names(tree.list("new")), "new/deep/ new/deep/n.yaml");
    EXPECT_EQ(names(tree.list("neither")), "no such folder");
}

TEST(OverlayTree, PrunesWhatItAddsAsItPrunesTheBase) {
    const auto tree = over({"kept/", "left/", "left/x.yaml"},
                           {{"kept/n.yaml", ""}, {"left/n.yaml", ""}, {"other/left/n.yaml", ""}});
    const auto left = [](const TreeEntry& folder) { return folder.path.ends_with("left"); };
    EXPECT_EQ(names(tree.list("", left)), "kept/ kept/n.yaml left/ other/ other/left/");
}

TEST(OverlayTree, AChangedSymlinkIsAFileAndNothingIsBelowAFile) {
    const auto tree = over({"f.yaml", "link.yaml@"}, {{"f.yaml/n.yaml", ""}, {"link.yaml", "text"}});
    EXPECT_EQ(names(tree.list("")), "f.yaml:b1 link.yaml");
}

TEST(OverlayTree, ReadsChangesWithinTheLimitAndTheBaseElsewhere) {
    const auto tree = over({"a.yaml", "b.yaml", "c.yaml"}, {{"b.yaml", "changed"}, {"c.yaml", std::nullopt}});
    EXPECT_EQ(tree.read("a.yaml", 100).value(), "base");
    EXPECT_EQ(tree.read("b.yaml", 100).value(), "changed");
    EXPECT_EQ(tree.read("b.yaml", 6).error().code, ErrorCode::Invalid);
    EXPECT_EQ(tree.read("c.yaml", 100).error().code, ErrorCode::NotFound);
    EXPECT_EQ(tree.read("d.yaml", 100).error().code, ErrorCode::NotFound);
    EXPECT_EQ(tree.describe(), "listed tree");
}

} // namespace
} // namespace lab
