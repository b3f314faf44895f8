#include "git/detail/commit_tree.h"

#include "git/detail/raw_tree.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>

#include <git2/sys/repository.h>

namespace lab::git {
namespace {

constexpr std::size_t kMaxDepth = 512; // of folders in a commit; git's own checkout ends at PATH_MAX
constexpr std::size_t kMaxLinks = 40;  // symlinks followed for one path, as the kernel does
constexpr std::size_t kMaxLinkBytes = 4096;

struct Found {
    git_oid id{};
    EntryKind kind = EntryKind::Directory;
};

/// Reads through the repository's object database, which libgit2 locks; nothing else is shared.
class CommitTree final : public FileTree {
  public:
    CommitTree(std::shared_ptr<git_repository> repository, const git_oid& root, std::string description,
               const TreeLimits& limits)
        : repository_(std::move(repository)), root_(root), description_(std::move(description)),
          limits_(limits) {}

    Result<std::vector<TreeEntry>> list(std::string_view directory, const Prune& prune) const override {
        auto start = find(directory);
        if (!start) return std::move(start).error();
        if (start->kind != EntryKind::Directory)
            return Error{.code = ErrorCode::NotFound,
                         .message = fmt::format("'{}' is no directory in {}", directory, description_)};
        std::vector<TreeEntry> entries;
        LAB_TRY(walk(start->id, std::string(directory), prune, entries, 0));
        const auto by_path = [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; };
        if (!std::is_sorted(entries.begin(), entries.end(), by_path)) // git puts "a.b" before what is in "a"
            std::sort(entries.begin(), entries.end(), by_path);
        return entries;
    }

    Result<std::string> read(std::string_view path, std::size_t max_bytes) const override {
        auto found = find(path);
        if (!found) return std::move(found).error();
        if (found->kind != EntryKind::File)
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("'{}' is no file in {}", path, description_)};
        return read_blob(found->id, path, max_bytes);
    }

    Result<std::string> read_entry(const TreeEntry& entry, std::size_t max_bytes) const override {
        if (entry.kind != EntryKind::File || !entry.blob) return read(entry.path, max_bytes);
        git_oid id;
        std::copy(entry.blob->begin(), entry.blob->end(), std::begin(id.id));
        return read_blob(id, entry.path, max_bytes);
    }

    /// libgit2 takes several locks an object: threads that read at the same time would spend as long on them
    /// as on reading.
    void read_each(std::span<const TreeEntry* const> entries, std::size_t max_bytes,
                   const Take& take) const override {
        const std::lock_guard hold(reading_);
        FileTree::read_each(entries, max_bytes, take);
    }

    /// What is mapped of git's packs counts as our memory.
    void release() const override {
        objects_.reset();
        git_repository__cleanup(repository_.get());
    }

    std::string describe() const override { return description_; }

  private:
    /// Null where they cannot be opened.
    git_odb* objects() const {
        const std::lock_guard hold(opening_);
        git_odb* opened = nullptr;
        if (!objects_ && git_repository_odb(&opened, repository_.get()) == 0) objects_.reset(opened);
        return objects_.get();
    }

    Error no_objects(std::string_view what) const {
        return {.code = ErrorCode::Unavailable,
                .message =
                    fmt::format("cannot read {} of {}: git's objects cannot be opened", what, description_)};
    }

    static std::string below(std::string_view folder, std::string_view name) {
        std::string path;
        path.reserve(folder.size() + 1 + name.size());
        path.append(folder).append(folder.empty() ? "" : "/").append(name);
        return path;
    }

    Result<void> walk(const git_oid& id, const std::string& path, const Prune& prune,
                      std::vector<TreeEntry>& entries, std::size_t depth) const {
        if (depth > kMaxDepth)
            return Error{.code = ErrorCode::Invalid,
                         .message =
                             fmt::format("folders are nested deeper than {} in {}", kMaxDepth, description_)};
        git_odb* from = objects();
        if (!from) return no_objects("a folder");
        auto tree = RawTree::open(from, id, fmt::format("a folder of {}", description_));
        if (!tree) return std::move(tree).error();
        while (!tree->at_end()) {
            const auto entry = tree->entry();
            if (!entry)
                return Error{.code = ErrorCode::Unavailable,
                             .message = fmt::format("a folder of {} is damaged", description_)};
            tree->skip(entry->bytes.size());
            if (entries.size() == limits_.entries)
                return Error{.code = ErrorCode::Invalid,
                             .message = fmt::format("there are more than {} files and folders in {}",
                                                    limits_.entries, description_)};
            TreeEntry& found =
                entries.emplace_back(TreeEntry{.path = below(path, entry->name), .kind = entry->kind()});
            if (found.kind == EntryKind::File || found.kind == EntryKind::Symlink)
                std::copy(std::begin(entry->id.id), std::end(entry->id.id), found.blob.emplace().begin());
            if (found.kind != EntryKind::Directory || (prune && prune(found))) continue;
            const std::string folder = found.path; // the list may move
            LAB_TRY(walk(entry->id, folder, prune, entries, depth + 1));
        }
        return {};
    }

    Result<TreeHandle> open_tree(const git_oid& id) const {
        git_tree* tree = nullptr;
        if (const int status = git_tree_lookup(&tree, repository_.get(), &id); status != 0)
            return git_error_as(status, fmt::format("cannot read a folder of {}", description_));
        return TreeHandle(tree);
    }

    Result<std::string> read_blob(const git_oid& id, std::string_view path, std::size_t max_bytes) const {
        git_odb* from = objects();
        if (!from) return no_objects(fmt::format("'{}'", path));
        if (limits_.sizes_first) LAB_TRY(check_size(from, id, path, max_bytes));
        git_odb_object* raw = nullptr;
        if (const int status = git_odb_read(&raw, from, &id); status != 0)
            return git_error_as(status, fmt::format("cannot read '{}' of {}", path, description_));
        const RawObjectHandle blob(raw);
        if (git_odb_object_type(raw) != GIT_OBJECT_BLOB)
            return Error{
                .code = ErrorCode::Unavailable,
                .message = fmt::format("cannot read '{}' of {}: its object is no blob", path, description_)};
        const std::size_t size = git_odb_object_size(raw);
        if (size > max_bytes) return too_large(path, size, max_bytes);
        return std::string(static_cast<const char*>(git_odb_object_data(raw)), size);
    }

    /// A small object of a pack may unpack to any size.
    Result<void> check_size(git_odb* from, const git_oid& id, std::string_view path,
                            std::size_t max_bytes) const {
        std::size_t size = 0;
        git_object_t type = GIT_OBJECT_INVALID;
        if (const int status = git_odb_read_header(&size, &type, from, &id); status != 0)
            return git_error_as(status, fmt::format("cannot read '{}' of {}", path, description_));
        if (size > max_bytes) return too_large(path, size, max_bytes);
        return {};
    }

    static Error too_large(std::string_view path, std::size_t size, std::size_t max_bytes) {
        return {.code = ErrorCode::Invalid,
                .message =
                    fmt::format("'{}' has {} bytes, more than the {} that are read", path, size, max_bytes)};
    }

    /// What is at `path`, symlinks on the way and at its end followed.
    Result<Found> find(std::string_view path) const {
        std::vector<Found> parents{{root_, EntryKind::Directory}}; // from the root to where we are
        std::vector<std::string> left;                             // names still to go, the next one last
        push_names(left, path);
        std::size_t links = 0;
        while (!left.empty()) {
            const std::string name = std::move(left.back());
            left.pop_back();
            if (name.empty() || name == ".") continue;
            if (name == "..") {
                parents.pop_back();
                if (parents.empty()) return leaves(path);
                continue;
            }
            if (parents.back().kind != EntryKind::Directory) return missing(path);
            auto next = child(parents.back().id, name, path);
            if (!next) return std::move(next).error();
            if (next->kind != EntryKind::Symlink) {
                parents.push_back(*next);
                continue;
            }
            if (++links > kMaxLinks)
                return Error{.code = ErrorCode::Invalid,
                             .message = fmt::format("'{}' goes through too many symbolic links", path)};
            auto target = read_blob(next->id, path, kMaxLinkBytes);
            if (!target) return std::move(target).error();
            if (target->starts_with('/')) return leaves(path);
            push_names(left, *target);
        }
        return parents.back();
    }

    Result<Found> child(const git_oid& directory, const std::string& name, std::string_view path) const {
        auto tree = open_tree(directory);
        if (!tree) return std::move(tree).error();
        const git_tree_entry* entry = git_tree_entry_byname(tree->get(), name.c_str());
        if (!entry) return missing(path);
        return Found{*git_tree_entry_id(entry), kind_of(entry)};
    }

    static void push_names(std::vector<std::string>& left, std::string_view path) {
        const auto names = split(path, '/');
        for (auto name = names.rbegin(); name != names.rend(); ++name)
            left.emplace_back(*name);
    }

    Error missing(std::string_view path) const {
        return {.code = ErrorCode::NotFound,
                .message = fmt::format("there is no '{}' in {}", path, description_)};
    }

    Error leaves(std::string_view path) const {
        return {.code = ErrorCode::Denied,
                .message = fmt::format("'{}' leads out of the inventory through a symbolic link", path)};
    }

    std::shared_ptr<git_repository> repository_; // shared with the Repository and its other trees
    mutable ObjectsHandle objects_;
    mutable std::mutex opening_; // of objects_
    mutable std::mutex reading_;
    git_oid root_;
    std::string description_;
    TreeLimits limits_;
};

} // namespace

std::unique_ptr<FileTree> make_commit_tree(std::shared_ptr<git_repository> repository, const git_oid& tree,
                                           std::string description, const TreeLimits& limits) {
    return std::make_unique<CommitTree>(std::move(repository), tree, std::move(description), limits);
}

} // namespace lab::git
