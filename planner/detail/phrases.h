#pragma once
// How single things of a plan read, for every view. All text is safe for a terminal: control characters are
// escaped.

#include "api/plan.h"

namespace lab::planner::detail {

/// "web-1" of "server/web-1/module/motd".
std::string_view server_of(std::string_view resource) noexcept;
/// "module/motd" of "server/web-1/module/motd"; empty for the server itself.
std::string_view unit_of(std::string_view resource) noexcept;

/// The path of a change as resource and property: ("file/etc/motd", "content"); ("command/index", "").
struct ChangePath {
    std::string_view id, property;
};
ChangePath split_path(std::string_view path);

/// A value in at most about `limit` columns: text as it is, private ones as their fingerprint, unknown ones
/// in words.
std::string value_text(const Value& value, std::size_t limit);
/// What is at a path instead of what should be, by its observed `ensure`: "a directory".
std::string kind_text(const Value& ensure);

/// What an action does, in a few words each: "file/etc/motd.content", ".mode 0644 → 0600", "service/ssh
/// restarts".
std::vector<std::string> headlines(const api::Action& action);

/// "service/ssh restarts": what a change of the action sets off.
/// Of a secret that may be read from now on, or no longer: "secrets.mail/tls-cert granted by label
/// mailserver". Else empty.
std::string grant_text(const api::PropertyChange& change);
/// Those of all changes.
std::vector<std::string> grant_lines(const api::Action& action);
std::string notified_text(const api::Action& action, std::string_view id);

/// Whether the action is about a disk's layout; its changes read otherwise.
bool is_layout(const api::Action& action) noexcept;
/// "grow volumes.home 10GB xfs → 20GB xfs, 1.2GB in use".
std::string layout_line(const api::PropertyChange& change);
/// "lose longhorn, format root and var, keep 5".
std::string layout_summary(const api::Action& action);

/// "+", "~", "-/+", "-", "×".
std::string_view symbol(api::ActionKind kind) noexcept;
/// "abc1234" of a commit.
std::string short_commit(std::string_view commit);
/// "label web, target server/a": what the plan was limited to; empty where it was not.
std::string scope_text(const ValueMap& scope);

/// `text` with the server's name, as a word of its own, replaced by `placeholder`.
std::string without_name(std::string_view text, std::string_view name, std::string_view placeholder);

std::size_t blocked_count(const api::Plan& plan) noexcept;

} // namespace lab::planner::detail
