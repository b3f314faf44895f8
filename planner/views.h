#pragma once
// A plan for people: dense text for a terminal, Markdown for a pull request. JSON is api::write_plan.

#include "api/plan.h"
#include "support/clock.h"

namespace lab::planner {

struct TextStyle {
    bool color = false;
    bool details = false;        // every change with its diff, not only one line an action
    std::size_t width = 100;     // columns
    std::optional<WallTime> now; // ages are shown against it
};

/// Header, one line an action (equal ones on many servers folded), drift, releases, what is blocked and what
/// lifts it, the summary line last.
std::string render_text(const api::Plan& plan, const TextStyle& style);
/// At most `max_bytes`: summary first, equal changes on many servers folded into one entry, then a note on
/// what was cut.
std::string render_markdown(const api::Plan& plan, std::size_t max_bytes = 60'000);
/// "1 to create, 2 to update, ...; 12 unchanged": the one-line summary.
std::string summary_line(const api::Plan& plan);

} // namespace lab::planner
