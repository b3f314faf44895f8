#include "agent/detail/accounts.h"

#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include <unistd.h>

namespace lab::agent {
namespace {

constexpr std::size_t kMaxBytes = 64u << 20;
constexpr std::size_t kMaxName = 32; // what useradd allows

using Fields = std::vector<std::string_view>;

std::optional<std::uint32_t> parse_id(std::string_view text) {
    std::uint32_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return id;
}

std::optional<UserEntry> parse_user(std::string_view line) {
    const Fields fields = split(line, ':');
    if (fields.size() != 7 || fields[0].empty()) return std::nullopt;
    const auto uid = parse_id(fields[2]);
    const auto gid = parse_id(fields[3]);
    if (!uid || !gid) return std::nullopt;
    return UserEntry{std::string(fields[0]), *uid, *gid, std::string(fields[4]), std::string(fields[5]),
                     std::string(fields[6])};
}

std::optional<GroupEntry> parse_group(std::string_view line) {
    const Fields fields = split(line, ':');
    if (fields.size() != 4 || fields[0].empty()) return std::nullopt;
    const auto gid = parse_id(fields[2]);
    if (!gid) return std::nullopt;
    GroupEntry entry{std::string(fields[0]), *gid, {}};
    for (std::string_view member : split(fields[3], ','))
        if (!member.empty()) entry.members.emplace_back(member);
    return entry;
}

std::string_view first_field(std::string_view line) {
    return line.substr(0, line.find(':'));
}

std::string* find_line(std::vector<std::string>& lines, std::string_view name) {
    for (std::string& line : lines)
        if (line.find(':') != std::string::npos && first_field(line) == name) return &line;
    return nullptr;
}

bool erase_line(std::vector<std::string>& lines, std::string_view name) {
    return std::erase_if(lines, [name](const std::string& line) {
               return line.find(':') != std::string::npos && first_field(line) == name;
           }) > 0;
}

/// The line with field `index` replaced, missing fields added.
std::string with_field(std::string_view line, std::size_t index, std::string_view text) {
    Fields fields = split(line, ':');
    while (fields.size() <= index)
        fields.emplace_back();
    fields[index] = text;
    return fmt::format("{}", fmt::join(fields, ":"));
}

Result<std::vector<std::string>> read_lines(const Tree& tree, std::string_view path) {
    auto text = tree.read(path, kMaxBytes);
    std::vector<std::string> lines;
    if (!text) {
        const ErrorCode code = text.error().code;
        const bool secret = path.ends_with("shadow");
        if (code == ErrorCode::NotFound || (secret && code == ErrorCode::Denied)) return lines;
        return std::move(text).error();
    }
    for (std::string_view line : split(*text, '\n'))
        lines.emplace_back(line);
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
}

Result<void> write_lines(const Tree& tree, std::string_view path, const std::vector<std::string>& lines) {
    Tree::FileOptions options; // as those of the file before
    if (path.ends_with("shadow") && !tree.exists(path)) {
        // Debian's tools read it as group shadow; elsewhere there is no such group and only root may.
        auto shadow = tree.group_id("shadow");
        options.mode = shadow ? 0640 : 0600;
        if (shadow && ::geteuid() == 0) options.gid = *shadow;
    }
    std::string text;
    for (const std::string& line : lines)
        text.append(line).push_back('\n');
    return tree.write(path, text, options);
}

/// The number that login.defs gives `key`.
std::optional<std::uint32_t> login_setting(std::string_view login_defs, std::string_view key) {
    for (std::string_view line : split(login_defs, '\n')) {
        line = trim(line);
        if (!line.starts_with(key)) continue;
        const std::string_view rest = line.substr(key.size());
        if (rest.empty() || (rest.front() != ' ' && rest.front() != '\t')) continue;
        return parse_id(trim(rest));
    }
    return std::nullopt;
}

} // namespace

Result<Accounts> Accounts::read(const Tree& tree) {
    Accounts accounts;
    struct Source {
        std::string_view path;
        File* file;
    };
    for (const Source& source :
         {Source{"/etc/passwd", &accounts.passwd_}, Source{"/etc/group", &accounts.group_},
          Source{"/etc/shadow", &accounts.shadow_}, Source{"/etc/gshadow", &accounts.gshadow_}}) {
        auto lines = read_lines(tree, source.path);
        if (!lines) return std::move(lines).error();
        source.file->lines = std::move(*lines);
    }
    if (auto text = tree.read("/etc/login.defs", kMaxBytes)) accounts.login_defs_ = std::move(*text);
    return accounts;
}

std::optional<UserEntry> Accounts::user(std::string_view name) const {
    for (const std::string& line : passwd_.lines) {
        if (first_field(line) != name) continue;
        if (auto entry = parse_user(line)) return entry;
    }
    return std::nullopt;
}

std::optional<GroupEntry> Accounts::group(std::string_view name) const {
    for (const std::string& line : group_.lines) {
        if (first_field(line) != name) continue;
        if (auto entry = parse_group(line)) return entry;
    }
    return std::nullopt;
}

std::optional<GroupEntry> Accounts::group_by_id(std::uint32_t gid) const {
    for (const std::string& line : group_.lines)
        if (auto entry = parse_group(line); entry && entry->gid == gid) return entry;
    return std::nullopt;
}

bool Accounts::has_user_id(std::uint32_t uid) const {
    return std::any_of(passwd_.lines.begin(), passwd_.lines.end(), [uid](const std::string& line) {
        const auto entry = parse_user(line);
        return entry && entry->uid == uid;
    });
}

bool Accounts::is_primary_group(std::uint32_t gid) const {
    return std::any_of(passwd_.lines.begin(), passwd_.lines.end(), [gid](const std::string& line) {
        const auto entry = parse_user(line);
        return entry && entry->gid == gid;
    });
}

std::vector<std::string> Accounts::supplementary_groups(std::string_view user) const {
    std::vector<std::string> names;
    for (const std::string& line : group_.lines) {
        const auto entry = parse_group(line);
        if (entry && std::find(entry->members.begin(), entry->members.end(), user) != entry->members.end())
            names.push_back(entry->name);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::optional<std::string> Accounts::password_hash(std::string_view user) const {
    for (const std::string& line : shadow_.lines) {
        const Fields fields = split(line, ':');
        if (fields.size() > 1 && fields[0] == user) return std::string(fields[1]);
    }
    return std::nullopt;
}

Result<std::uint32_t> Accounts::next_id(const std::vector<std::uint32_t>& used, std::string_view kind,
                                        bool system) const {
    const std::string prefix = fmt::format("{}{}", system ? "SYS_" : "", kind);
    const std::uint32_t lowest = login_setting(login_defs_, prefix + "_MIN").value_or(system ? 100 : 1000);
    const std::uint32_t highest = login_setting(login_defs_, prefix + "_MAX").value_or(system ? 999 : 60000);
    std::uint32_t next = lowest;
    for (std::uint32_t id : used)
        if (id >= next && id <= highest) next = id + 1;
    if (next <= highest) return next;
    for (next = lowest; next <= highest; ++next)
        if (std::find(used.begin(), used.end(), next) == used.end()) return next;
    return Error{ErrorCode::Unavailable,
                 fmt::format("no free {} is left between {} and {}", kind, lowest, highest),
                 {},
                 {}};
}

Result<std::uint32_t> Accounts::next_user_id(bool system) const {
    std::vector<std::uint32_t> used;
    for (const std::string& line : passwd_.lines)
        if (auto entry = parse_user(line)) used.push_back(entry->uid);
    return next_id(used, "UID", system);
}

Result<std::uint32_t> Accounts::next_group_id(bool system) const {
    std::vector<std::uint32_t> used;
    for (const std::string& line : group_.lines)
        if (auto entry = parse_group(line)) used.push_back(entry->gid);
    return next_id(used, "GID", system);
}

void Accounts::put_user(const UserEntry& entry) {
    const std::string* before = find_line(passwd_.lines, entry.name);
    // "x": the password is in shadow.
    const std::string password(before ? split(*before, ':')[1] : std::string_view("x"));
    std::string line = fmt::format("{}:{}:{}:{}:{}:{}:{}", entry.name, password, entry.uid, entry.gid,
                                   entry.comment, entry.home, entry.shell);
    if (std::string* old = find_line(passwd_.lines, entry.name))
        *old = std::move(line);
    else
        passwd_.lines.push_back(std::move(line));
    passwd_.changed = true;
    // "!": no password opens it until one is set.
    if (!find_line(shadow_.lines, entry.name)) set_password_hash(entry.name, "!");
}

void Accounts::put_group(const GroupEntry& entry) {
    const std::string members = fmt::format("{}", fmt::join(entry.members, ","));
    const std::string* before = find_line(group_.lines, entry.name);
    const std::string password(before ? split(*before, ':')[1] : std::string_view("x"));
    std::string line = fmt::format("{}:{}:{}:{}", entry.name, password, entry.gid, members);
    if (std::string* old = find_line(group_.lines, entry.name))
        *old = std::move(line);
    else
        group_.lines.push_back(std::move(line));
    group_.changed = true;
    if (gshadow_.lines.empty()) return; // the tree does without
    if (std::string* old = find_line(gshadow_.lines, entry.name))
        *old = with_field(*old, 3, members);
    else
        gshadow_.lines.push_back(fmt::format("{}:!::{}", entry.name, members));
    gshadow_.changed = true;
}

void Accounts::set_password_hash(const std::string& user, const std::string& hash) {
    if (std::string* line = find_line(shadow_.lines, user))
        *line = with_field(*line, 1, hash);
    else
        shadow_.lines.push_back(fmt::format("{}:{}::0:99999:7:::", user, hash));
    shadow_.changed = true;
}

void Accounts::remove_user(std::string_view name) {
    passwd_.changed |= erase_line(passwd_.lines, name);
    shadow_.changed |= erase_line(shadow_.lines, name);
    const std::vector<std::string> groups = supplementary_groups(name);
    for (const std::string& group_name : groups) {
        auto entry = group(group_name);
        if (!entry) continue;
        std::erase(entry->members, name);
        put_group(*entry);
    }
}

void Accounts::remove_group(std::string_view name) {
    group_.changed |= erase_line(group_.lines, name);
    gshadow_.changed |= erase_line(gshadow_.lines, name);
}

Result<void> Accounts::write(const Tree& tree) const {
    LAB_TRY(tree.make_parents("/etc/passwd"));
    if (group_.changed) LAB_TRY(write_lines(tree, "/etc/group", group_.lines));
    if (gshadow_.changed) LAB_TRY(write_lines(tree, "/etc/gshadow", gshadow_.lines));
    // The password before the account: an account without a line in shadow has none.
    if (shadow_.changed) LAB_TRY(write_lines(tree, "/etc/shadow", shadow_.lines));
    if (passwd_.changed) LAB_TRY(write_lines(tree, "/etc/passwd", passwd_.lines));
    return {};
}

Result<void> check_account_name(std::string_view kind, std::string_view name) {
    const auto is_lower = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto is_allowed = [is_lower](char c) {
        return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    const bool fits = !name.empty() && name.size() <= kMaxName &&
                      (is_lower(name[0]) || (name[0] >= 'A' && name[0] <= 'Z')) &&
                      std::all_of(name.begin(), name.end(), is_allowed);
    if (fits) return {};
    return Error{ErrorCode::Invalid,
                 fmt::format("'{}' is no name for a {}: letters, digits, '_', '-' and '.', at most {}, "
                             "beginning with a letter or '_'",
                             escape_controls(name), kind, kMaxName),
                 {},
                 {}};
}

Result<void> check_account_field(std::string_view property, std::string_view text) {
    const bool fits = std::none_of(text.begin(), text.end(), [](char c) {
        return c == ':' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (fits) return {};
    return Error{ErrorCode::Invalid,
                 fmt::format("'{}' of a user cannot hold ':' or control characters", property),
                 {},
                 {}};
}

} // namespace lab::agent
