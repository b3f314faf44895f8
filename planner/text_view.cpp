#include "planner/views.h"

#include "planner/detail/entries.h"
#include "planner/detail/names.h"
#include "planner/detail/phrases.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner {
namespace {

using api::Action;
using api::ActionKind;
using detail::Entry;

constexpr std::size_t kNamesShown = 8;
constexpr std::size_t kUnitColumn = 36;  // at most, so that one long name does not push everything away
constexpr std::size_t kSummaryRoom = 32; // at least, also where the line becomes too long
constexpr std::size_t kLastWord = 32;

/// ANSI SGR codes; all empty without colour.
class Paint {
  public:
    explicit Paint(bool on) : on_(on) {}
    std::string bold(std::string_view text) const { return code("1", text); }
    std::string dim(std::string_view text) const { return code("2", text); }
    std::string red(std::string_view text) const { return code("31", text); }
    std::string green(std::string_view text) const { return code("32", text); }
    std::string yellow(std::string_view text) const { return code("33", text); }
    std::string cyan(std::string_view text) const { return code("36", text); }
    std::string alarm(std::string_view text) const { return code("1;31", text); }

    std::string of(ActionKind kind, std::string_view text) const {
        switch (kind) {
        case ActionKind::Create: return green(text);
        case ActionKind::Update: return yellow(text);
        case ActionKind::Replace: return code("35", text);
        case ActionKind::Destroy: return red(text);
        case ActionKind::Forget: return dim(text);
        }
        return std::string(text);
    }

  private:
    std::string code(std::string_view sgr, std::string_view text) const {
        return on_ && !text.empty() ? fmt::format("\033[{}m{}\033[0m", sgr, text) : std::string(text);
    }
    bool on_;
};

std::string padded(std::string text, std::size_t columns) {
    const std::size_t width = display_width(text);
    if (width < columns) text.append(columns - width, ' ');
    return text;
}

std::string age_text(std::string_view at, const std::optional<WallTime>& now) {
    const auto time = parse_time(at);
    if (!now || !time) return std::string(at);
    return *now - *time < std::chrono::seconds(2) ? "just now" : format_age(*now - *time) + " ago";
}

std::string waiting_text(std::size_t count) {
    return count == 1 ? "1 that waits for it" : fmt::format("{} that wait for it", count);
}

std::string entry_name(const Entry& entry) {
    const std::string_view unit = detail::unit_of(entry.first().resource);
    if (entry.actions.size() == 1) return escape_controls(entry.first().resource);
    if (unit.empty()) return counted(entry.actions.size(), "server");
    return fmt::format("{} on {}", escape_controls(unit), counted(entry.actions.size(), "server"));
}

class TextView {
  public:
    TextView(const api::Plan& plan, const TextStyle& style)
        : plan_(plan), style_(style), paint_(style.color) {}

    std::string run() {
        if (is_empty()) {
            out_ = paint_.green(empty_line()) + "\n";
            warnings();
            return std::move(out_);
        }
        header();
        actions();
        drift();
        releases();
        blocked();
        warnings();
        out_ += "\n" + paint_.bold(summary_line(plan_)) + "\n";
        return std::move(out_);
    }

  private:
    bool is_empty() const { return plan_.actions.empty() && plan_.released.empty() && plan_.drift.empty(); }

    std::string commit_text() const {
        const api::Plan::Inventory& inventory = plan_.inventory;
        if (inventory.dirty || inventory.commit.empty()) return "the inventory with its uncommitted changes";
        return "commit " + detail::short_commit(inventory.commit);
    }

    std::string empty_line() const {
        const std::size_t servers = plan_.summary.servers;
        // Of what nobody looked at, nothing is said.
        const std::size_t seen = servers - std::min(servers, plan_.summary.not_observed);
        std::string line = fmt::format("No changes: {} {} {}", counted(seen, "server"),
                                       seen == 1 ? "matches" : "match", commit_text());
        if (plan_.baseline)
            line = fmt::format("No changes: {} does to {} what commit {} does", commit_text(),
                               counted(servers, "server"), detail::short_commit(*plan_.baseline));
        if (plan_.observed) line += ", as recorded";
        if (plan_.summary.not_observed > 0)
            line += fmt::format("; {} not observed", counted(plan_.summary.not_observed, "server"));
        if (const std::string scope = scope_line(); !scope.empty()) line += "; " + scope;
        return line + ".";
    }

    std::string scope_line() const {
        std::string line = detail::scope_text(plan_.scope);
        if (!line.empty()) line = "limited to " + line;
        if (plan_.outside_scope > 0)
            line += fmt::format("{}{} more would change outside of it", line.empty() ? "" : "; ",
                                plan_.outside_scope);
        return line;
    }

    void header() {
        std::string line = "Plan for " + escape_controls(plan_.inventory.source);
        const api::Plan::Inventory& inventory = plan_.inventory;
        line += inventory.dirty || inventory.commit.empty()
                    ? " with uncommitted changes"
                    : " at commit " + detail::short_commit(inventory.commit);
        if (plan_.baseline) line += ", against commit " + detail::short_commit(*plan_.baseline);
        if (plan_.observed) line += ", on a recording";
        out_ += paint_.bold(line);
        if (!plan_.state.observed_at.empty())
            out_ += paint_.dim(", observed " + age_text(plan_.state.observed_at, style_.now));
        else if (!plan_.is_for_review() && plan_.summary.not_observed > 0)
            out_ += paint_.dim(", never observed");
        out_ += "\n";
        if (const std::string scope = scope_line(); !scope.empty()) out_ += paint_.dim(scope) + "\n";
    }

    void heading(std::string_view title, std::string_view text) {
        out_ += "\n" + paint_.bold(title) + std::string(text) + "\n";
    }

    void actions() {
        if (plan_.actions.empty()) return;
        const auto entries =
            detail::entries_of(plan_.actions, style_.details ? detail::Fold::Values : detail::Fold::Lines);
        std::size_t column = 0;
        for (const Entry& entry : entries)
            column = std::max(column, display_width(entry_name(entry)));
        column = std::min(column, kUnitColumn);
        out_ += "\n";
        for (const Entry& entry : entries) {
            action_line(entry, column);
            if (entry.actions.size() > 1)
                out_ += "        " + paint_.dim(detail::name_list(entry.servers(), kNamesShown)) + "\n";
            if (detail::is_layout(entry.first()))
                layout(entry.first());
            else if (style_.details)
                details(entry);
            else
                grants(entry.first());
        }
    }

    /// Who may read what is never folded away.
    void grants(const Action& action) {
        for (const api::PropertyChange& change : action.changes)
            if (const std::string grant = detail::grant_text(change); !grant.empty())
                out_ +=
                    "        " + (change.effect == "grant" ? paint_.green(grant) : paint_.red(grant)) + "\n";
    }

    /// What is said behind the summary: plain for its width, painted for the eye.
    struct Tags {
        std::size_t width = 0;
        std::string text;
    };

    Tags tags_of(const Entry& entry) const {
        const Action& action = entry.first();
        Tags tags;
        const auto add = [&](const std::string& plain, const std::string& painted) {
            tags.text += (tags.width ? ", " : "") + painted;
            tags.width += display_width(plain) + (tags.width ? 2 : 0);
        };
        if (action.cause != api::Cause::Intent) {
            const std::string cause = action.cause == api::Cause::Drift ? "drift" : "intent and drift";
            add(cause, paint_.cyan(cause));
        }
        if (action.risk == api::Risk::Disruptive) add("disruptive", paint_.yellow("disruptive"));
        if (action.risk == api::Risk::Destructive) add("destructive", paint_.alarm("destructive"));
        if (!action.observed_at.empty()) {
            const std::string seen = "seen " + age_text(oldest_sight(entry), style_.now);
            add(seen, paint_.yellow(seen));
        }
        if (action.blocked) {
            const std::string by = "blocked by " + action.blocked->by;
            add(by, paint_.red(by));
        }
        return tags;
    }

    static std::string oldest_sight(const Entry& entry) {
        std::string oldest = entry.first().observed_at;
        for (const Action* action : entry.actions)
            oldest = std::min(oldest, action->observed_at);
        return oldest;
    }

    void action_line(const Entry& entry, std::size_t column) {
        const Action& action = entry.first();
        const std::string name = padded(entry_name(entry), column);
        std::string line = fmt::format(
            "  {} {}", paint_.of(action.kind, padded(std::string(detail::symbol(action.kind)), 3)),
            paint_.of(action.kind, name));
        const Tags tags = tags_of(entry);
        std::string place = escape_controls(place_text(action.source));
        if (!entry.same_place) place += " …";
        std::size_t used = 6 + display_width(name) + (tags.width ? tags.width + 4 : 0);
        if (!place.empty()) used += display_width(place) + 2;
        const std::size_t room = style_.width > used + 2 ? style_.width - used - 2 : 0;
        // With details all of it is below; only why remains to be said here.
        const std::string summary = summary_of(entry, std::max(room, kSummaryRoom));
        if (!summary.empty()) line += "  " + summary;
        if (tags.width) line += "  " + paint_.dim("[") + tags.text + paint_.dim("]");
        if (!place.empty()) line += "  " + paint_.dim(place);
        out_ += line + "\n";
    }

    static std::string place_text(const Span& at) {
        if (!at.known()) return {};
        return at.line > 0 ? fmt::format("{}:{}", *at.file, at.line) : std::string(*at.file);
    }

    /// As many headlines as there is room for.
    std::string summary_of(const Entry& entry, std::size_t room) const {
        const Action& action = entry.first();
        const std::string_view server = detail::server_of(action.resource);
        const bool one = entry.actions.size() == 1;
        std::vector<std::string> lines;
        if (detail::is_layout(action))
            lines = {detail::layout_summary(action)};
        else if (!style_.details)
            lines = detail::headlines(action);
        std::string out;
        const bool is_layout = detail::is_layout(action); // says why below
        if (!is_layout && (style_.details || detail::unit_of(action.resource).empty()))
            out = escape_controls(action.reason);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::string more = fmt::format(" and {} more", lines.size() - i);
            const std::size_t width = display_width(out) + display_width(lines[i]) + 2;
            const bool last = i + 1 == lines.size();
            // One more word than there is room for reads better than "and 1 more".
            if (!out.empty() && width + (last ? 0 : display_width(more)) > room &&
                !(last && display_width(lines[i]) <= kLastWord)) {
                out += more;
                break;
            }
            out += (out.empty() ? "" : ", ") + lines[i];
        }
        return one ? out : detail::without_name(out, server, "<name>");
    }

    /// Volume by volume, always: what is lost must not need a second look.
    void layout(const Action& action) {
        if (!action.reason.empty()) out_ += "      " + paint_.dim(escape_controls(action.reason)) + "\n";
        for (const api::PropertyChange& change : action.changes) {
            const std::string line = "      " + detail::layout_line(change);
            const bool alarms = change.effect == "lose" || change.effect == "format";
            out_ += (alarms                      ? paint_.red(line)
                     : change.effect == "keep"   ? paint_.dim(line)
                     : change.effect == "create" ? paint_.green(line)
                                                 : paint_.yellow(line)) +
                    "\n";
        }
    }

    void details(const Entry& entry) {
        const Action& action = entry.first();
        if (!entry.same_values)
            out_ += "      " +
                    paint_.dim(fmt::format("as on {}; the others differ in their name only",
                                           escape_controls(detail::server_of(action.resource)))) +
                    "\n";
        const bool is_server = detail::unit_of(action.resource).empty();
        std::string_view resource;
        bool is_new = false;
        for (std::size_t i = 0; i < action.changes.size(); ++i) {
            const api::PropertyChange& change = action.changes[i];
            const detail::ChangePath path =
                is_server ? detail::ChangePath{{}, change.path} : detail::split_path(change.path);
            if (!is_server && path.id != resource) {
                resource = path.id;
                is_new = resource_line(action, i, path);
                if (path.property.empty() || path.property == "ensure") continue;
            }
            property(change, path.property, is_new, cause_of(action, i));
        }
        for (const std::string& id : action.notifies)
            out_ += fmt::format("      {} {}\n", paint_.yellow("!"), detail::notified_text(action, id));
    }

    /// Why this change is there, where the action as a whole does not tell.
    std::string cause_of(const Action& action, std::size_t change) const {
        if (action.cause != api::Cause::Both || action.causes[change] == api::Cause::Intent) return {};
        return "  " +
               paint_.cyan(action.causes[change] == api::Cause::Drift ? "[drift]" : "[intent and drift]");
    }

    /// The resource that the next changes are of. Returns whether it is made new.
    bool resource_line(const Action& action, std::size_t first, const detail::ChangePath& path) {
        const api::PropertyChange& change = action.changes[first];
        const std::string id = escape_controls(path.id);
        const bool whole = path.property.empty() || path.property == "ensure";
        const bool is_new = (whole && change.effect == "create") || action.kind == ActionKind::Create;
        std::string line = "      ";
        if (change.effect == "run" || change.effect == "restart")
            line += fmt::format("{} {} {}s", paint_.yellow("!"), id, change.effect);
        else if (is_new)
            line += paint_.green("+ " + id);
        else if (whole && change.effect == "remove")
            line += paint_.red("- " + id);
        else if (whole)
            line += fmt::format("{} in the place of {}", paint_.red("-/+ " + id),
                                detail::kind_text(change.before));
        else
            line += paint_.yellow("~ " + id);
        out_ += line + (whole ? cause_of(action, first) : std::string()) + "\n";
        return is_new;
    }

    void property(const api::PropertyChange& change, std::string_view name, bool is_new,
                  const std::string& cause) {
        if (const std::string grant = detail::grant_text(change); !grant.empty()) {
            out_ +=
                "          " + (change.effect == "grant" ? paint_.green(grant) : paint_.red(grant)) + "\n";
            return;
        }
        std::string line = "          " + escape_controls(name);
        if (change.diff.empty()) {
            const std::string after = paint_.green(detail::value_text(change.after, 72));
            line += is_new && change.before.is_null()
                        ? " " + after
                        : fmt::format(" {} → {}", paint_.red(detail::value_text(change.before, 72)), after);
        }
        out_ += line + cause + "\n";
        diff(change.diff, is_new);
    }

    /// The hunks of a unified diff; its two header lines say nothing new here.
    void diff(std::string_view text, bool is_new) {
        for (std::string_view line : split(text, '\n')) {
            if (line.empty() || line.starts_with("--- ") || line.starts_with("+++ ")) continue;
            if (is_new && line.front() == '@') continue;
            const std::string shown = "            " + escape_controls(line, /*keep_newlines=*/true);
            out_ += (line.front() == '+'   ? paint_.green(shown)
                     : line.front() == '-' ? paint_.red(shown)
                     : line.front() == '@' ? paint_.cyan(shown)
                                           : shown) +
                    "\n";
        }
    }

    void drift() {
        if (plan_.drift.empty()) return;
        heading("Drift", fmt::format(": {} not as lab left {}",
                                     counted(plan_.summary.drifted, "server") +
                                         (plan_.summary.drifted == 1 ? " is" : " are"),
                                     plan_.summary.drifted == 1 ? "it" : "them"));
        for (const detail::DriftGroup& group : detail::drift_groups(plan_)) {
            const api::DriftItem& item = *group.first;
            const std::string names = detail::name_list(group.servers, kNamesShown);
            if (item.path.empty())
                out_ += fmt::format("  {} {}: {}\n", counted(group.servers.size(), "server"),
                                    paint_.cyan(item.kind), names);
            else
                out_ +=
                    fmt::format("  {} {} on {}\n", escape_controls(item.path), paint_.cyan(item.kind), names);
            if (!style_.details || !group.same_values || item.path.empty()) continue;
            if (item.diff.empty())
                out_ += fmt::format("      expected {}, found {}\n", detail::value_text(item.expected, 72),
                                    detail::value_text(item.actual, 72));
            else
                diff(item.diff, /*is_new=*/false);
        }
    }

    void releases() {
        if (plan_.released.empty()) return;
        heading("Released", ": what these made stays on the machines, lab stops looking at it");
        for (const detail::ReleaseGroup& group : detail::release_groups(plan_))
            out_ += fmt::format("  {} {}\n", escape_controls(group.id),
                                paint_.dim(fmt::format("of {} on {}", escape_controls(group.module),
                                                       detail::name_list(group.servers, kNamesShown))));
    }

    void blocked() {
        const std::size_t count = detail::blocked_count(plan_);
        if (count == 0) return;
        heading("Blocked", fmt::format(": {} not run",
                                       count == 1 ? "1 action is" : fmt::format("{} actions are", count)));
        for (const detail::BlockedGroup& group : detail::blocked_groups(plan_)) {
            std::string line;
            for (const detail::BlockedGroup::Kind& kind : group.kinds)
                line += fmt::format("{}{} {}{}", line.empty() ? "" : ", ", escape_controls(kind.what),
                                    kind.what.find(' ') == std::string::npos ? "" : "on ",
                                    detail::name_list(kind.servers, kNamesShown));
            if (group.waiting > 0) line += fmt::format(", and {}", waiting_text(group.waiting));
            out_ += fmt::format("  {} {}\n", paint_.red(padded(group.blocked->by, 10)), line);
            out_ += fmt::format("             {}\n", escape_controls(group.blocked->detail));
            out_ += fmt::format("             {} {}\n", paint_.dim("lifted by:"),
                                escape_controls(group.blocked->lifted_by));
        }
    }

    void warnings() {
        if (plan_.warnings.empty()) return;
        out_ += "\n";
        for (const std::string& warning : plan_.warnings)
            out_ += fmt::format("{} {}\n", paint_.yellow("warning:"), escape_controls(warning));
    }

    const api::Plan& plan_;
    const TextStyle& style_;
    Paint paint_;
    std::string out_;
};

} // namespace

std::string render_text(const api::Plan& plan, const TextStyle& style) {
    return TextView(plan, style).run();
}

} // namespace lab::planner
