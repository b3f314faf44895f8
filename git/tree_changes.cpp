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

/// An entry of a tree as git stores it: "MODE NAME", a zero byte, the 20 bytes of the id.
struct RawEntry {
    std::string_view bytes; // all of it
    std::string_view mode, name;
    git_oid id{};

    EntryKind kind() const {
        if (mode == "40000") return EntryKind::Directory;
        if (mode == "120000") return EntryKind::Symlink;
        return mode == "160000" ? EntryKind::Submodule : EntryKind::File;
    }
    bool is_folder() const { return kind() == EntryKind::Directory; }
};

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

/// A tree's bytes and a place in them. A folder of many files takes longer to unpack into entries than to
/// read: those that are not looked at stay as they are.
class RawTree {
  public:
    RawTree() = default; // an empty one
    explicit RawTree(git_odb_object* object)
        : object_(object, git_odb_object_free),
          rest_(static_cast<const char*>(git_odb_object_data(object)), git_odb_object_size(object)) {}

    bool at_end() const { return rest_.empty(); }
    /// The next entry; nothing where there is none, or no entry.
    std::optional<RawEntry> entry() const {
        const std::size_t space = rest_.find(' '), zero = rest_.find('\0');
        if (space == rest_.npos || zero == rest_.npos || space > zero || rest_.size() - zero <= GIT_OID_RAWSZ)
            return std::nullopt;
        RawEntry found{.bytes = rest_.substr(0, zero + 1 + GIT_OID_RAWSZ),
                       .mode = rest_.substr(0, space),
                       .name = rest_.substr(space + 1, zero - space - 1)};
        std::copy_n(found.bytes.end() - GIT_OID_RAWSZ, GIT_OID_RAWSZ, std::begin(found.id.id));
        return found;
    }
    void skip(std::size_t bytes) { rest_.remove_prefix(bytes); }

    /// Bytes of the next entries that are the same in both.
    static std::size_t in_common(const RawTree& one, const RawTree& other) {
        const auto differ =
            std::mismatch(one.rest_.begin(), one.rest_.end(), other.rest_.begin(), other.rest_.end());
        const auto same = static_cast<std::size_t>(differ.first - one.rest_.begin());
        std::size_t whole = 0;
        for (;;) {
            const std::size_t zero = one.rest_.find('\0', whole);
            if (zero == one.rest_.npos || zero + 1 + GIT_OID_RAWSZ > same) return whole;
            whole = zero + 1 + GIT_OID_RAWSZ;
        }
    }

  private:
    std::shared_ptr<git_odb_object> object_;
    std::string_view rest_;
};

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
        git_odb_object* object = nullptr;
        if (!id) return RawTree();
        if (const int status = git_odb_read(&object, objects_, id); status != 0)
            return git_error_as(status, "cannot read a folder of a commit");
        RawTree tree(object);
        if (git_odb_object_type(object) != GIT_OBJECT_TREE)
            return Error{.code = ErrorCode::Invalid, .message = "a folder of a commit is none"};
        return tree;
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
