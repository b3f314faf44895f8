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
using detail::Entry;

constexpr std::size_t kNamesShown = 20;
constexpr std::size_t kListed = 30;       // lines of a list
constexpr std::size_t kDiffLines = 120;   // of one change
constexpr std::size_t kDiffBytes = 8'000; // of one change
constexpr std::size_t kNoteReserve = 160;

std::size_t longest_run(std::string_view text, char c) {
    std::size_t longest = 0, run = 0;
    for (const char each : text) {
        run = each == c ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

/// Text of other people inside a line of HTML: nothing in it is markup, nobody is mentioned.
std::string html(std::string_view text) {
    std::string out;
    for (const char c : escape_controls(text))
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '@': out += "&#64;"; break;
        default: out += c;
        }
    return out;
}

std::string html_code(std::string_view text) {
    return "<code>" + html(text) + "</code>";
}

/// The same inside a line of Markdown: a code span (CommonMark 6.1) with more backticks around it than in it.
std::string code(std::string_view text) {
    const std::string safe = escape_controls(text);
    const std::string ticks(longest_run(safe, '`') + 1, '`');
    const bool pad = safe.empty() || safe.front() == '`' || safe.back() == '`';
    return ticks + (pad ? " " : "") + safe + (pad ? " " : "") + ticks;
}

std::string code_list(std::vector<std::string> names, std::size_t limit) {
    std::sort(names.begin(), names.end(), detail::natural_less);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), limit); ++i)
        out += (i ? ", " : "") + code(names[i]);
    if (names.size() > limit) out += fmt::format(" and {} more", names.size() - limit);
    return out;
}

/// The hunks of a unified diff in a fence that their content cannot close.
std::string fenced_diff(std::string_view diff, bool is_new) {
    std::string body;
    std::size_t lines = 0, left_out = 0;
    for (const std::string_view line : split(diff, '\n')) {
        if (line.empty() || line.starts_with("--- ") || line.starts_with("+++ ") ||
            (is_new && line.front() == '@'))
            continue;
        if (lines < kDiffLines && body.size() + line.size() < kDiffBytes) {
            body += escape_controls(line, /*keep_newlines=*/true) + "\n";
            ++lines;
        } else {
            ++left_out;
        }
    }
    const std::string fence(std::max<std::size_t>(longest_run(body, '`') + 1, 3), '`');
    std::string out = fmt::format("{}diff\n{}{}\n", fence, body, fence);
    if (left_out > 0) out += fmt::format("\n{} left out.\n", counted(left_out, "more line"));
    return out;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    return fmt::format("{}", fmt::join(parts, between));
}

/// Adds pieces while they fit, and remembers what did not.
class Pages {
  public:
    explicit Pages(std::size_t max_bytes) : max_(max_bytes) {}
    bool add(std::string_view piece) {
        if (out_.size() + piece.size() + kNoteReserve > max_) return false;
        out_ += piece;
        return true;
    }
    void note(std::string_view text) {
        if (out_.size() + text.size() <= max_) out_ += text;
    }
    std::size_t room() const {
        return max_ > out_.size() + kNoteReserve ? max_ - out_.size() - kNoteReserve : 0;
    }
    std::string take() && { return std::move(out_); }

  private:
    std::size_t max_;
    std::string out_;
};

std::string title(const api::Plan& plan) {
    return "### Plan: " + summary_line(plan) + "\n\n";
}

std::string origin(const api::Plan& plan) {
    std::string line = plan.inventory.dirty || plan.inventory.commit.empty()
                           ? std::string("Planned with uncommitted changes")
                           : "Planned at commit " + code(plan.inventory.commit.substr(0, 12));
    if (plan.baseline) line += ", against commit " + code(plan.baseline->substr(0, 12));
    if (plan.observed) line += ", on a recording";
    if (const std::string scope = detail::scope_text(plan.scope); !scope.empty())
        line += ", limited to " + code(scope);
    if (plan.outside_scope > 0)
        line += fmt::format(" ({} more would change outside of it)", plan.outside_scope);
    if (plan.summary.not_observed > 0)
        line += fmt::format("; {} not observed", counted(plan.summary.not_observed, "server"));
    return line + ".\n\n";
}

std::string table(const api::Plan& plan) {
    const api::PlanSummary& summary = plan.summary;
    return fmt::format(
        "| create | update | replace | destroy | forget | release | blocked | unchanged | drifted |\n"
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n\n",
        summary.create, summary.update, summary.replace, summary.destroy, summary.forget,
        plan.released.size(), detail::blocked_count(plan), summary.unchanged, summary.drifted);
}

std::string blocked_section(const api::Plan& plan) {
    std::string out;
    std::size_t listed = 0;
    const auto groups = detail::blocked_groups(plan);
    for (const detail::BlockedGroup& group : groups) {
        if (++listed > kListed) break;
        std::vector<std::string> kinds;
        for (const detail::BlockedGroup::Kind& kind : group.kinds)
            kinds.push_back(fmt::format("{} on {}", code(kind.what), code_list(kind.servers, kNamesShown)));
        out += fmt::format("- **{}**: {}", html(group.blocked->by), joined(kinds, ", "));
        if (group.waiting > 0)
            out +=
                fmt::format(", and {} that {} for it", group.waiting, group.waiting == 1 ? "waits" : "wait");
        out += fmt::format("  \n  {}  \n  lifted by: {}\n", code(group.blocked->detail),
                           code(group.blocked->lifted_by));
    }
    if (groups.size() > kListed) out += fmt::format("- and {} more\n", groups.size() - kListed);
    return out.empty() ? out : "**Blocked**\n\n" + out + "\n";
}

/// "~ module/motd on 37 servers: file/etc/motd.content", as HTML for a summary or a line of its own.
std::string entry_line(const Entry& entry) {
    const Action& action = entry.first();
    const std::string_view unit = detail::unit_of(action.resource);
    const std::string name = std::string(detail::server_of(action.resource));
    std::string line = fmt::format("<b>{}</b> ", html(detail::symbol(action.kind)));
    if (entry.actions.size() == 1)
        line += html_code(action.resource);
    else if (unit.empty())
        line += counted(entry.actions.size(), "server");
    else
        line += fmt::format("{} on {}", html_code(unit), counted(entry.actions.size(), "server"));
    std::vector<std::string> words;
    const bool is_layout = detail::is_layout(action);
    std::vector<std::string> heads =
        is_layout ? std::vector{detail::layout_summary(action)} : detail::headlines(action);
    if ((unit.empty() || is_layout) && !action.reason.empty()) heads.insert(heads.begin(), action.reason);
    const std::size_t shown = std::min<std::size_t>(heads.size(), 6);
    for (std::size_t i = 0; i < shown; ++i)
        words.push_back(
            html_code(entry.actions.size() == 1 ? heads[i] : detail::without_name(heads[i], name, "<name>")));
    if (heads.size() > shown) words.push_back(fmt::format("{} more", heads.size() - shown));
    if (!words.empty()) line += ": " + joined(words, ", ");
    if (action.cause != api::Cause::Intent)
        line += action.cause == api::Cause::Drift ? " · drift" : " · intent and drift";
    if (action.risk == api::Risk::Disruptive) line += " · disruptive";
    if (action.risk == api::Risk::Destructive) line += " · <b>destructive</b>";
    if (!action.observed_at.empty()) line += " · not observed since " + html_code(action.observed_at);
    if (action.blocked) line += " · blocked by " + html(action.blocked->by);
    if (const Span& at = action.source; at.known())
        line += fmt::format(" · {}{}",
                            html_code(at.line > 0 ? fmt::format("{}:{}", *at.file, at.line) : *at.file),
                            entry.same_place ? "" : " and other places");
    return line;
}

/// One line of a list, or a diff under its path.
std::string change_text(const Action& action, const api::PropertyChange& change) {
    const bool is_new = change.before.is_null();
    if (!change.diff.empty())
        return "\n" + code(change.path) + "\n\n" + fenced_diff(change.diff, is_new) + "\n";
    if (detail::is_layout(action)) return fmt::format("- {}\n", code(detail::layout_line(change)));
    if (const std::string grant = detail::grant_text(change); !grant.empty())
        return fmt::format("- {}\n", code(grant));
    const bool is_server = detail::unit_of(action.resource).empty();
    const detail::ChangePath path =
        is_server ? detail::ChangePath{{}, change.path} : detail::split_path(change.path);
    if (change.effect == "run" || change.effect == "restart")
        return fmt::format("- {} {}s\n", code(path.id), change.effect);
    if (path.property == "ensure" && change.effect == "create")
        return fmt::format("- {} is made\n", code(path.id));
    if (path.property == "ensure" && change.effect == "remove")
        return fmt::format("- {} is removed\n", code(path.id));
    const std::string after = code(detail::value_text(change.after, 80));
    if (is_new) return fmt::format("- {}: {}\n", code(change.path), after);
    return fmt::format("- {}: {} → {}\n", code(change.path), code(detail::value_text(change.before, 80)),
                       after);
}

/// The entry with everything below it, and the short form for when there is no room.
struct EntryText {
    std::string whole, line;
};

EntryText entry_text(const Entry& entry, std::size_t room) {
    EntryText out{.whole = {}, .line = "<p>" + entry_line(entry) + "</p>\n\n"};
    const Action& action = entry.first();
    std::string body;
    if (entry.actions.size() > 1) {
        body += code_list(entry.servers(), kNamesShown);
        if (!entry.same_values)
            body += fmt::format(". As on {}; the others differ in their name only.",
                                code(detail::server_of(action.resource)));
        body += "\n\n";
    }
    for (const api::PropertyChange& change : action.changes) {
        if (body.size() > room) break;
        std::string text = change_text(action, change);
        if (body.ends_with("\n\n") && text.starts_with('\n')) text.erase(0, 1);
        body += text;
    }
    for (const std::string& id : action.notifies) {
        const std::string text = detail::notified_text(action, id);
        body += fmt::format("- {} {}\n", code(id), text.substr(text.rfind(' ') + 1));
    }
    while (body.ends_with("\n\n"))
        body.pop_back();
    while (body.starts_with('\n'))
        body.erase(0, 1);
    out.whole = body.empty() ? out.line
                             : fmt::format("<details><summary>{}</summary>\n\n{}\n</details>\n\n",
                                           entry_line(entry), body);
    return out;
}

void add_entries(Pages& pages, const api::Plan& plan) {
    std::size_t shortened = 0, left_out = 0;
    for (const Entry& entry : detail::entries_of(plan.actions, detail::Fold::Values)) {
        if (left_out > 0) {
            ++left_out;
            continue;
        }
        const EntryText text = entry_text(entry, pages.room());
        if (pages.add(text.whole)) continue;
        if (pages.add(text.line))
            ++shortened;
        else
            ++left_out;
    }
    if (shortened + left_out > 0)
        pages.note(fmt::format("_Cut for size: {} without details, {} left out. `lab plan` shows all._\n\n",
                               counted(shortened, "entry", "entries"), left_out));
}

/// A heading and its list, cut to a reasonable length.
std::string section(std::string_view heading, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    std::string out = fmt::format("**{}**\n\n", heading);
    for (std::size_t i = 0; i < std::min(lines.size(), kListed); ++i)
        out += "- " + lines[i] + "\n";
    if (lines.size() > kListed) out += fmt::format("- and {} more\n", lines.size() - kListed);
    return out + "\n";
}

std::string closing(const api::Plan& plan) {
    std::vector<std::string> drift, released, warnings;
    for (const detail::DriftGroup& group : detail::drift_groups(plan))
        drift.push_back(fmt::format("{} {} {}",
                                    group.first->path.empty() ? "server" : code(group.first->path),
                                    html(group.first->kind) + (group.first->path.empty() ? ":" : " on"),
                                    code_list(group.servers, kNamesShown)));
    for (const detail::ReleaseGroup& group : detail::release_groups(plan))
        released.push_back(fmt::format("{} of {} on {}", code(group.id), code(group.module),
                                       code_list(group.servers, kNamesShown)));
    for (const std::string& warning : plan.warnings)
        warnings.push_back(code(warning));
    return section("Drift: not as lab left it", drift) +
           section("Released: what these made stays, lab stops looking at it", released) +
           section("Warnings", warnings);
}

} // namespace

std::string render_markdown(const api::Plan& plan, std::size_t max_bytes) {
    Pages pages(max_bytes);
    pages.add(title(plan));
    pages.add(origin(plan));
    pages.add(table(plan));
    pages.add(blocked_section(plan));
    const std::string end = closing(plan);
    // The end is short and says what went wrong: it has its place before entries take the rest.
    const bool fits = end.size() < pages.room() / 2;
    Pages middle(fits ? pages.room() + kNoteReserve - end.size() : pages.room() + kNoteReserve);
    add_entries(middle, plan);
    pages.note(std::move(middle).take());
    if (fits) pages.note(end);
    return std::move(pages).take();
}

} // namespace lab::planner
