// What differs between two commits' folders, or between HEAD and the working tree: cost follows what differs
// in the one case, one lstat a file in the other.
#include "git/repository.h"

#include "git/detail/comparison.h"
#include "git/detail/raw_tree.h"
#include "git/working_tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <future>

namespace lab::git {
namespace {

constexpr std::size_t kMost = 20'000; // with more, reading everything is no dearer
constexpr std::size_t kMaxDepth = 512;

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

/// Where git puts an entry in a tree: folders as if their names ended in a slash.
int order_of(const RawEntry& one, const RawEntry& other) {
    const std::size_t both = std::min(one.name.size(), other.name.size());
    if (const int order = one.name.substr(0, both).compare(other.name.substr(0, both)); order != 0)
        return order;
    const auto next = [both](const RawEntry& entry) {
        if (entry.name.size() > both) return int{static_cast<unsigned char>(entry.name[both])};
        return entry.is_folder() ? int{'/'} : 0;
    };
    return next(one) - next(other);
}

/// Walks two trees side by side and enters only folders that differ.
class Descent {
  public:
    explicit Descent(git_odb* objects) : objects_(objects) {}

    /// Either may be null: there is no such folder.
    Result<void> compare(const git_oid* before, const git_oid* now, const std::string& folder,
                         std::size_t depth) {
        if (depth > kMaxDepth)
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("folders are nested deeper than {}", kMaxDepth)};
        auto left = open(before), right = open(now);
        if (!left) return std::move(left).error();
        if (!right) return std::move(right).error();
        for (;;) {
            const std::size_t same = RawTree::in_common(*left, *right);
            left->skip(same);
            right->skip(same);
            if (left->at_end() && right->at_end()) return {};
            auto old = left->entry(), fresh = right->entry();
            if ((!old && !left->at_end()) || (!fresh && !right->at_end()))
                return Error{.code = ErrorCode::Invalid, .message = "a folder of a commit is damaged"};
            const int order = !old ? 1 : !fresh ? -1 : order_of(*old, *fresh);
            if (order > 0) old.reset();
            if (order < 0) fresh.reset();
            if (old) left->skip(old->bytes.size());
            if (fresh) right->skip(fresh->bytes.size());
            LAB_TRY(note(old, fresh, folder, depth));
        }
    }

    std::vector<TreeChange> changes() && { return std::move(changes_); }

  private:
    Result<RawTree> open(const git_oid* id) const {
        return id ? RawTree::open(objects_, *id, "a folder of a commit") : RawTree();
    }

    Result<void> note(const std::optional<RawEntry>& old, const std::optional<RawEntry>& fresh,
                      const std::string& folder, std::size_t depth) {
        if (old && fresh && git_oid_equal(&old->id, &fresh->id) && old->kind() == fresh->kind()) return {};
        const std::string path = folder + std::string((old ? old : fresh)->name);
        const bool was_folder = old && old->is_folder(), is_folder = fresh && fresh->is_folder();
        if (was_folder || is_folder)
            LAB_TRY(compare(was_folder ? &old->id : nullptr, is_folder ? &fresh->id : nullptr, path + "/",
                            depth + 1));
        if ((!old || was_folder) && (!fresh || is_folder)) return {};
        TreeChange& change = changes_.emplace_back(TreeChange{.path = path, .now = {}});
        if (fresh && !is_folder)
            change.now = TreeEntry{.path = path, .kind = fresh->kind(), .blob = bytes_of(fresh->id)};
        if (changes_.size() > kMost)
            return Error{.code = ErrorCode::Unsupported, .message = "too much differs between two commits"};
        return {};
    }

    git_odb* objects_;
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
    git_odb* raw = nullptr;
    if (const int status = git_repository_odb(&raw, handle_.get()); status != 0)
        return git_error_as(status, "cannot read the objects of the repository");
    const ObjectsHandle objects(raw);
    Descent descent(raw);
    LAB_TRY(descent.compare(&left, &right, "", 0));
    return std::move(descent).changes();
}

Result<std::vector<TreeChange>> Repository::changes_in_working_tree(std::string_view prefix,
                                                                    const FileTree& tree,
                                                                    const FileTree::Prune& prune) const {
    auto reading = std::async(std::launch::async, // HEAD and the index, while the folder is listed
                              [&] { return compare_with_head(prefix); });
    auto entries = tree.list("", prune);
    const auto comparison = reading.get();
    if (!entries) return std::move(entries).error();
    if (!comparison) return comparison.error();
    if (has_filters(handle_.get(), *entries, git_directory_))
        return Error{.code = ErrorCode::Unsupported,
                     .message = "files of the working tree may differ from git's by its attributes"};
    std::vector<std::string_view> files;
    for (const TreeEntry& entry : *entries)
        if (entry.kind == EntryKind::File) files.push_back(entry.path);
    const auto answers = (*comparison)->compare(files);
    std::vector<TreeChange> changes;
    auto answer = answers.begin();
    auto head = (*comparison)->head().begin();
    const auto note_gone =
        [&](std::string_view before) { // of HEAD: what was not listed, hidden folders among it
            for (; head != (*comparison)->head().end() && (before.empty() || head->path < before); ++head)
                if ((*comparison)->gone(head->path)) changes.push_back({.path = head->path, .now = {}});
        };
    for (TreeEntry& entry : *entries) {
        note_gone(entry.path);
        if (head != (*comparison)->head().end() && head->path == entry.path) ++head;
        if (entry.kind == EntryKind::Directory) continue;
        if (entry.kind == EntryKind::File && *answer++ == Comparison::Answer::Same) continue;
        std::string path = entry.path;
        changes.push_back({.path = std::move(path), .now = std::move(entry)});
    }
    note_gone({});
    return changes;
}

} // namespace lab::git
