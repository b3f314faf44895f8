#include "planner/detail/phrases.h"

#include "api/content.h"
#include "planner/views.h"
#include "support/json.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {
namespace {

constexpr std::string_view kServer = "server/";
constexpr std::string_view kLayout = "layout.";
constexpr std::size_t kInline = 24; // columns of a value within a headline

std::string size_text(const Value& value) {
    const Value* bytes = value.get("bytes");
    const std::int64_t* count = bytes ? bytes->if_int() : nullptr;
    return count ? fmt::format("{} {}", *count, *count == 1 ? "byte" : "bytes") : std::string("unknown size");
}

/// The first digits of "hmac-sha256:0011…".
std::string short_hex(std::string_view digest) {
    const std::size_t cut = digest.find(':');
    return std::string(digest.substr(cut == std::string_view::npos ? 0 : cut + 1, 8));
}

std::string stand_in(const Value& value) {
    if (const Value* when = value.get("$unknown"); when && when->if_string())
        return "(" + *when->if_string() + ")";
    if (api::is_fingerprint(value))
        return fmt::format("(private, {}, {})", size_text(value),
                           short_hex(*value.get("fingerprint")->if_string()));
    if (api::is_summary(value))
        return fmt::format("({}, sha256 {})", size_text(value), short_hex(*value.get("sha256")->if_string()));
    if (const Value* text = value.get("$template"); text && text->if_string()) return *text->if_string();
    return write_json(value);
}

/// The longest start of `text` that fits, with an ellipsis where something was cut.
std::string fitted(std::string text, std::size_t limit) {
    if (display_width(text) <= limit) return text;
    std::string out;
    std::size_t width = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = std::max<std::size_t>(utf8_length(std::string_view(text).substr(at)), 1);
        width += display_width(std::string_view(text).substr(at, length));
        if (width >= limit) break;
        out.append(text, at, length);
        at += length;
    }
    return out + "…";
}

bool is_short(const Value& value) {
    if (value.if_list() || (value.if_map() && !value.get("$unknown"))) return false;
    const std::string* text = value.if_string();
    return !text || (text->size() <= kInline && text->find('\n') == std::string::npos);
}

/// " 0644 → 0600" where both sides are short, else nothing.
std::string inline_values(const api::PropertyChange& change) {
    if (change.before.is_null() || change.after.is_null() || !is_short(change.before) ||
        !is_short(change.after))
        return {};
    return fmt::format(" {} → {}", value_text(change.before, kInline), value_text(change.after, kInline));
}

/// What becomes of one resource as a whole, when it comes, goes or runs.
std::string whole_resource(const api::PropertyChange& change, std::string_view id, bool is_new) {
    const std::string name = escape_controls(id);
    if (change.effect == "run") return name + " runs";
    if (change.effect == "restart") return name + " restarts";
    if (is_new) return name;
    if (change.effect == "create") return "+" + name;
    if (change.effect == "remove") return "-" + name;
    return fmt::format("{} replaces {}", name, kind_text(change.before));
}

/// "may read 2 more secrets, 1 less".
std::string grants_summary(const api::Action& action) {
    std::size_t more = 0, less = 0;
    for (const api::PropertyChange& change : action.changes) {
        if (change.effect == "grant") ++more;
        if (change.effect == "revoke") ++less;
    }
    if (more == 0 && less == 0) return {};
    if (more == 0) return fmt::format("may read {} less", counted(less, "secret"));
    return fmt::format("may read {}{}", counted(more, "more secret"),
                       less ? fmt::format(", {} less", less) : "");
}

} // namespace

std::string kind_text(const Value& ensure) {
    const std::string kind = value_text(ensure, kInline);
    return kind == "other" ? "a device, socket or pipe" : with_article(kind);
}

std::vector<std::string> grant_lines(const api::Action& action) {
    std::vector<std::string> lines;
    for (const api::PropertyChange& change : action.changes)
        if (std::string line = grant_text(change); !line.empty()) lines.push_back(std::move(line));
    return lines;
}

std::string_view server_of(std::string_view resource) noexcept {
    if (!resource.starts_with(kServer)) return resource;
    resource.remove_prefix(kServer.size());
    return resource.substr(0, resource.find('/'));
}

std::string_view unit_of(std::string_view resource) noexcept {
    if (!resource.starts_with(kServer)) return {};
    resource.remove_prefix(kServer.size());
    const std::size_t cut = resource.find('/');
    return cut == std::string_view::npos ? std::string_view() : resource.substr(cut + 1);
}

ChangePath split_path(std::string_view path) {
    const api::ResourceType* type = api::find_resource_type(path.substr(0, path.find('/')));
    const std::size_t cut = path.rfind('.');
    if (!type || cut == std::string_view::npos || !api::find_property(*type, path.substr(cut + 1)))
        return {path, {}};
    return {path.substr(0, cut), path.substr(cut + 1)};
}

std::string value_text(const Value& value, std::size_t limit) {
    if (value.is_null()) return "none";
    std::string text;
    if (const std::string* string = value.if_string())
        text = string->empty() ? std::string("\"\"") : *string;
    else if (value.if_map())
        text = stand_in(value);
    else
        text = write_json(value);
    return fitted(escape_controls(text), limit);
}

std::vector<std::string> headlines(const api::Action& action) {
    std::vector<std::string> out;
    if (is_layout(action)) {
        for (const api::PropertyChange& change : action.changes)
            out.push_back(layout_line(change));
        return out;
    }
    const bool is_new = action.kind == api::ActionKind::Create;
    const bool is_server = unit_of(action.resource).empty();
    std::string_view last, whole; // resources last named, and last dealt with as a whole
    for (const api::PropertyChange& change : action.changes) {
        if (is_server && !grant_text(change).empty()) continue; // below, a line for each
        // Why a server is made says more than the settings it is made with.
        if (is_server && is_new && !action.reason.empty()) continue;
        if (is_server) {
            out.push_back(escape_controls(change.path) + inline_values(change));
            continue;
        }
        const ChangePath path = split_path(change.path);
        if (path.id == whole) continue;
        if (is_new || path.property.empty() || path.property == "ensure") {
            out.push_back(whole_resource(change, path.id, is_new));
            whole = path.id;
            continue;
        }
        std::string text = path.id == last ? std::string() : escape_controls(path.id);
        out.push_back(text + "." + std::string(path.property) + inline_values(change));
        last = path.id;
    }
    if (std::string grants = grants_summary(action); !grants.empty()) out.push_back(std::move(grants));
    for (const std::string& id : action.notifies)
        out.push_back(notified_text(action, id));
    return out;
}

std::string grant_text(const api::PropertyChange& change) {
    const bool granted = change.effect == "grant";
    if (!granted && change.effect != "revoke") return {};
    return fmt::format("{} {} {}", escape_controls(change.path), granted ? "granted by" : "revoked, was by",
                       value_text(granted ? change.after : change.before, 160));
}

std::string notified_text(const api::Action& action, std::string_view id) {
    const bool restarts = action.risk != api::Risk::Safe;
    return escape_controls(id) + (id.starts_with("command/") ? " runs" : restarts ? " restarts" : " reloads");
}

bool is_layout(const api::Action& action) noexcept {
    return unit_of(action.resource) == "layout";
}

std::string layout_line(const api::PropertyChange& change) {
    std::string_view name = change.path;
    if (name.starts_with(kLayout)) name.remove_prefix(kLayout.size());
    std::string line = fmt::format("{} {}", change.effect, escape_controls(name));
    const bool same = change.before == change.after;
    if (!change.before.is_null()) line += " " + value_text(change.before, 72);
    if (!same && !change.after.is_null())
        line += fmt::format("{} {}", change.before.is_null() ? "" : " →", value_text(change.after, 72));
    if (change.used) line += fmt::format(", {} in use", format_size(*change.used));
    return line;
}

std::string layout_summary(const api::Action& action) {
    std::string out;
    for (const std::string_view effect : {"lose", "format", "grow", "create", "update", "remove", "keep"}) {
        std::vector<std::string> names;
        for (const api::PropertyChange& change : action.changes)
            if (change.effect == effect)
                names.push_back(change.path.substr(change.path.find('.', kLayout.size()) + 1));
        if (names.empty()) continue;
        const bool counted_only = effect == "keep" || names.size() > 4;
        out += fmt::format("{}{} ", out.empty() ? "" : ", ", effect);
        if (counted_only)
            out += std::to_string(names.size());
        else
            for (std::size_t i = 0; i < names.size(); ++i)
                out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + escape_controls(names[i]);
    }
    return out;
}

std::string_view symbol(api::ActionKind kind) noexcept {
    switch (kind) {
    case api::ActionKind::Create: return "+";
    case api::ActionKind::Update: return "~";
    case api::ActionKind::Replace: return "-/+";
    case api::ActionKind::Destroy: return "-";
    case api::ActionKind::Forget: return "×";
    }
    return "~";
}

std::string short_commit(std::string_view commit) {
    return std::string(commit.substr(0, 7));
}

std::string scope_text(const ValueMap& scope) {
    std::string out;
    for (const auto& [key, value] : scope) {
        std::string text;
        if (const ValueList* list = value.if_list()) {
            for (const Value& item : *list)
                text += (text.empty() ? "" : " ") + display(item);
        } else {
            text = display(value);
        }
        if (!text.empty()) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", key, text);
    }
    return escape_controls(out);
}

std::string without_name(std::string_view text, std::string_view name, std::string_view placeholder) {
    const auto in_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    };
    std::string out;
    std::size_t from = 0;
    for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
        const std::size_t end = at + name.size();
        if (name.empty() || at < from || (at > 0 && in_word(text[at - 1])) ||
            (end < text.size() && in_word(text[end])))
            continue;
        out.append(text, from, at - from).append(placeholder);
        from = end;
    }
    return out.append(text, from, std::string_view::npos);
}

std::size_t blocked_count(const api::Plan& plan) noexcept {
    return static_cast<std::size_t>(
        std::count_if(plan.actions.begin(), plan.actions.end(),
                      [](const auto& action) { return action.blocked.has_value(); }));
}

} // namespace lab::planner::detail

namespace lab::planner {

std::string summary_line(const api::Plan& plan) {
    const api::PlanSummary& summary = plan.summary;
    std::string work;
    const auto add = [&](std::size_t count, std::string_view what) {
        if (count > 0) work += fmt::format("{}{} to {}", work.empty() ? "" : ", ", count, what);
    };
    add(summary.create, "create");
    add(summary.update, "update");
    add(summary.replace, "replace");
    add(summary.destroy, "destroy");
    add(summary.forget, "forget");
    add(plan.released.size(), "release");
    if (work.empty()) work = "nothing to do";
    std::string rest = fmt::format("; {} unchanged", summary.unchanged);
    if (const std::size_t blocked = detail::blocked_count(plan))
        rest = fmt::format("; {} blocked", blocked) + rest;
    if (summary.drifted > 0) rest += fmt::format("; {} drifted", counted(summary.drifted, "server"));
    if (summary.not_observed > 0)
        rest += fmt::format("; {} not observed", counted(summary.not_observed, "server"));
    return work + rest;
}

} // namespace lab::planner
