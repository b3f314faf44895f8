// What differs between two commits' folders, or between HEAD and the working tree: cost follows what differs
// in the one case, one lstat a file in the other.
#include "git/repository.h"

#include "git/detail/comparison.h"
#include "git/detail/handles.h"
#include "git/working_tree.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::git {
namespace {

constexpr std::size_t kMost = 20'000; // with more, reading everything is no dearer
constexpr std::size_t kMaxDepth = 512;

bool is_same(const git_tree_entry* one, const git_tree_entry* other) {
    return git_oid_equal(git_tree_entry_id(one), git_tree_entry_id(other)) && kind_of(one) == kind_of(other);
}

BlobId bytes_of(const git_oid& id) {
    BlobId bytes;
    std::copy(std::begin(id.id), std::end(id.id), bytes.begin());
    return bytes;
}

git_oid oid_of(const BlobId& bytes) {
    git_oid id;
    std::copy(bytes.begin(), bytes.end(), std::begin(id.id));
    return id;
}

/// Walks two trees side by side and enters only folders that differ.
class Descent {
  public:
    explicit Descent(git_repository* repository) : repository_(repository) {}

    /// Either may be null: there is no such folder.
    Result<void> compare(const git_oid* before, const git_oid* now, const std::string& folder,
                         std::size_t depth) {
        if (depth > kMaxDepth)
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("folders are nested deeper than {}", kMaxDepth)};
        auto left = open(before), right = open(now);
        if (!left) return std::move(left).error();
        if (!right) return std::move(right).error();
        const std::size_t lefts = *left ? git_tree_entrycount(left->get()) : 0;
        const std::size_t rights = *right ? git_tree_entrycount(right->get()) : 0;
        for (std::size_t i = 0, j = 0; i < lefts || j < rights;) {
            const git_tree_entry* old = i < lefts ? git_tree_entry_byindex(left->get(), i) : nullptr;
            const git_tree_entry* fresh = j < rights ? git_tree_entry_byindex(right->get(), j) : nullptr;
            const int order = !old ? 1 : !fresh ? -1 : git_tree_entry_cmp(old, fresh);
            i += order <= 0;
            j += order >= 0;
            if (order == 0 && is_same(old, fresh)) continue;
            LAB_TRY(note(order <= 0 ? old : nullptr, order >= 0 ? fresh : nullptr, folder, depth));
        }
        return {};
    }

    std::vector<TreeChange> changes() && { return std::move(changes_); }

  private:
    Result<TreeHandle> open(const git_oid* id) const {
        git_tree* tree = nullptr;
        if (!id) return TreeHandle();
        if (const int status = git_tree_lookup(&tree, repository_, id); status != 0)
            return git_error_as(status, "cannot read a folder of a commit");
        return TreeHandle(tree);
    }

    Result<void> note(const git_tree_entry* old, const git_tree_entry* fresh, const std::string& folder,
                      std::size_t depth) {
        const std::string path = folder + git_tree_entry_name(old ? old : fresh);
        const bool was_folder = old && kind_of(old) == EntryKind::Directory;
        const bool is_folder = fresh && kind_of(fresh) == EntryKind::Directory;
        if (was_folder || is_folder)
            LAB_TRY(compare(was_folder ? git_tree_entry_id(old) : nullptr,
                            is_folder ? git_tree_entry_id(fresh) : nullptr, path + "/", depth + 1));
        if ((!old || was_folder) && (!fresh || is_folder)) return {};
        TreeChange& change = changes_.emplace_back(TreeChange{.path = path, .now = {}});
        if (fresh && !is_folder)
            change.now =
                TreeEntry{.path = path, .kind = kind_of(fresh), .blob = bytes_of(*git_tree_entry_id(fresh))};
        if (changes_.size() > kMost)
            return Error{.code = ErrorCode::Unsupported, .message = "too much differs between two commits"};
        return {};
    }

    git_repository* repository_;
    std::vector<TreeChange> changes_;
};

/// Whether files of the working tree may differ from their blobs by rule.
bool has_filters(git_repository* repository, const std::vector<TreeEntry>& entries,
                 const std::filesystem::path& git_directory) {
    const auto is_rule = [](const TreeEntry& entry) {
        return entry.path == ".gitattributes" || entry.path.ends_with("/.gitattributes");
    };
    std::error_code failed;
    if (std::any_of(entries.begin(), entries.end(), is_rule) ||
        std::filesystem::exists(git_directory / "info/attributes", failed))
        return true;
    git_config* raw = nullptr;
    if (git_repository_config_snapshot(&raw, repository) != 0) return true;
    const std::unique_ptr<git_config, void (*)(git_config*)> config(raw, git_config_free);
    for (const char* name : {"core.autocrlf", "core.eol", "core.attributesfile"}) {
        const char* value = nullptr;
        if (git_config_get_string(&value, raw, name) == 0 && std::string_view(value) != "false") return true;
    }
    return false;
}

} // namespace

Result<BlobId> Repository::tree_id(std::string_view commit, std::string_view prefix) const {
    auto parsed = parse_id(commit);
    if (!parsed) return std::move(parsed).error();
    git_commit* raw = nullptr;
    if (const int status = git_commit_lookup(&raw, handle_.get(), &*parsed); status != 0)
        return git_error_as(status, fmt::format("cannot read commit {}", commit));
    const CommitHandle owner(raw);
    if (prefix.empty()) return bytes_of(*git_commit_tree_id(raw));
    git_tree* whole = nullptr;
    if (const int status = git_commit_tree(&whole, raw); status != 0)
        return git_error_as(status, fmt::format("cannot read the files of commit {}", commit));
    const TreeHandle tree(whole);
    git_tree_entry* found = nullptr;
    const std::string path(prefix);
    if (const int status = git_tree_entry_bypath(&found, whole, path.c_str()); status != 0)
        return git_error_as(status, fmt::format("there is no folder '{}' in commit {}", prefix, commit));
    const TreeEntryHandle entry(found);
    return bytes_of(*git_tree_entry_id(found));
}

Result<std::vector<TreeChange>> Repository::changes_between(const BlobId& before, const BlobId& now) const {
    const git_oid left = oid_of(before), right = oid_of(now);
    if (git_oid_equal(&left, &right)) return std::vector<TreeChange>();
    Descent descent(handle_.get());
    LAB_TRY(descent.compare(&left, &right, "", 0));
    return std::move(descent).changes();
}

Result<std::vector<TreeChange>> Repository::changes_in_working_tree(std::string_view prefix,
                                                                    const FileTree& tree,
                                                                    const FileTree::Prune& prune) const {
    auto entries = tree.list("", prune);
    if (!entries) return std::move(entries).error();
    if (has_filters(handle_.get(), *entries, git_directory_))
        return Error{.code = ErrorCode::Unsupported,
                     .message = "files of the working tree may differ from git's by its attributes"};
    const std::string below = prefix.empty() ? std::string() : fmt::format("{}/", prefix);
    auto head = files_of_head(handle_.get(), below);
    if (!head) return std::move(head).error();
    Comparison comparison(handle_.get(), work_directory_, std::move(*head));
    std::vector<TreeChange> changes;
    std::size_t same = 0;
    for (TreeEntry& entry : *entries) {
        if (entry.kind == EntryKind::Directory) continue;
        if (entry.kind == EntryKind::File &&
            comparison.compare(below + entry.path) == Comparison::Answer::Same) {
            ++same;
            continue;
        }
        std::string path = entry.path;
        changes.push_back({.path = std::move(path), .now = std::move(entry)});
    }
    if (same == comparison.head().size()) return changes; // nothing is gone
    for (const auto& file : comparison.head()) {
        const std::string path = file.first.substr(below.size());
        if (comparison.gone(file.first)) changes.push_back({.path = path, .now = {}});
    }
    return changes;
}

} // namespace lab::git
