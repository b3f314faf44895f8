#pragma once
// A tree object as git stores it (gitformat-pack, "tree objects" of git-mktree): entries of "MODE NAME", a
// zero byte and the 20 bytes of an id, one after the other.

#include "git/detail/handles.h"

namespace lab::git {

struct RawEntry {
    std::string_view bytes; // all of it
    std::string_view mode, name;
    git_oid id{};

    EntryKind kind() const;
    bool is_folder() const { return kind() == EntryKind::Directory; }
};

/// A tree's bytes and a place in them. A folder of many files takes longer to unpack into entries than to
/// read: those that are not looked at stay as they are. Copies share the bytes.
class RawTree {
  public:
    RawTree() = default; // an empty one
    /// `what` is what could not be read, for the error.
    static Result<RawTree> open(git_odb* objects, const git_oid& id, std::string_view what);

    bool at_end() const { return rest_.empty(); }
    /// The next entry; nothing where there is none, or no entry that git would make.
    std::optional<RawEntry> entry() const;
    void skip(std::size_t bytes) { rest_.remove_prefix(bytes); }

    /// Bytes of the next entries that are the same in both.
    static std::size_t in_common(const RawTree& one, const RawTree& other);

  private:
    std::shared_ptr<git_odb_object> object_;
    std::string_view rest_;
};

} // namespace lab::git
