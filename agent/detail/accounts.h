#pragma once
// The account files of a machine: /etc/passwd, group, shadow and gshadow (passwd(5), group(5), shadow(5)).
// Read for the live system and for trees; written for trees only, where the tools of the running system
// cannot be trusted to stay inside (they follow the tree's symlinks) and may be of another distribution.

#include "agent/tree.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab::agent {

struct UserEntry {
    std::string name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string comment, home, shell;
};

struct GroupEntry {
    std::string name;
    std::uint32_t gid = 0;
    std::vector<std::string> members;
};

/// Lines that are no entry (comments, NIS markers, broken ones) are kept as they are.
class Accounts {
  public:
    /// A missing file counts as empty. `shadow` and `gshadow` are left out where they may not be read.
    static Result<Accounts> read(const Tree& tree);

    std::optional<UserEntry> user(std::string_view name) const;
    std::optional<GroupEntry> group(std::string_view name) const;
    std::optional<GroupEntry> group_by_id(std::uint32_t gid) const;
    bool has_user_id(std::uint32_t uid) const;
    bool is_primary_group(std::uint32_t gid) const;
    /// Groups that list the user as a member, sorted.
    std::vector<std::string> supplementary_groups(std::string_view user) const;
    /// The second field of shadow; none where the user has no line there.
    std::optional<std::string> password_hash(std::string_view user) const;

    /// The lowest id above all used ones of the range that the tree's login.defs gives (else 1000-60000, for
    /// system accounts 100-999). Unavailable where the range is full.
    Result<std::uint32_t> next_user_id(bool system) const;
    Result<std::uint32_t> next_group_id(bool system) const;

    void put_user(const UserEntry& entry);
    void put_group(const GroupEntry& entry);
    void set_password_hash(const std::string& user, const std::string& hash);
    /// Also out of every group's members.
    void remove_user(std::string_view name);
    void remove_group(std::string_view name);
    /// Replaces the files that differ, each atomically; groups first, so that no user is ever without his
    /// group.
    Result<void> write(const Tree& tree) const;

  private:
    struct File {
        std::vector<std::string> lines;
        bool changed = false;
    };
    Result<std::uint32_t> next_id(const std::vector<std::uint32_t>& used, std::string_view kind,
                                  bool system) const;
    File passwd_, group_, shadow_, gshadow_;
    std::string login_defs_;
};

/// Invalid where a name, or a field that becomes part of a line, would not stay one field of one line.
Result<void> check_account_name(std::string_view kind, std::string_view name);
Result<void> check_account_field(std::string_view property, std::string_view text);

} // namespace lab::agent
