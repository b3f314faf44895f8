#include "cli/runs.h"

#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

Value time_value(const std::optional<WallTime>& time) {
    return time ? Value(format_time(*time)) : Value();
}

std::string took(const std::optional<WallTime>& from, const std::optional<WallTime>& to) {
    if (!from || !to) return {};
    return fmt::format("{:.1f} s", std::chrono::duration<double>(*to - *from).count());
}

std::string commit_text(const store::Run& run) {
    return run.commit.empty() ? "uncommitted" : run.commit.substr(0, 12);
}

std::string planned_text(const api::PlanSummary& planned) {
    return fmt::format("+{} ~{} -{}", planned.create, planned.update + planned.replace,
                       planned.destroy + planned.forget);
}

} // namespace

std::string_view to_string(store::RunState state) noexcept {
    switch (state) {
    case store::RunState::Running: return "running";
    case store::RunState::Done: return "done";
    case store::RunState::Failed: return "failed";
    case store::RunState::Interrupted: return "interrupted";
    case store::RunState::Dead: return "dead";
    }
    return "dead";
}

std::string_view to_string(store::StepState state) noexcept {
    switch (state) {
    case store::StepState::Planned: return "planned";
    case store::StepState::Started: return "started";
    case store::StepState::Done: return "done";
    case store::StepState::Failed: return "failed";
    case store::StepState::Skipped: return "skipped";
    case store::StepState::Blocked: return "blocked";
    }
    return "planned";
}

Tone tone_of(store::RunState state) noexcept {
    switch (state) {
    case store::RunState::Done: return Tone::Good;
    case store::RunState::Failed:
    case store::RunState::Dead: return Tone::Bad;
    case store::RunState::Running:
    case store::RunState::Interrupted: return Tone::Warning;
    }
    return Tone::Plain;
}

Tone tone_of(store::StepState state) noexcept {
    switch (state) {
    case store::StepState::Done: return Tone::Good;
    case store::StepState::Failed: return Tone::Bad;
    case store::StepState::Started:
    case store::StepState::Skipped:
    case store::StepState::Blocked: return Tone::Warning;
    case store::StepState::Planned: return Tone::Faint;
    }
    return Tone::Plain;
}

ValueMap run_value(const store::Run& run, bool with_steps) {
    ValueMap value{{"id", Value(run.id)},
                   {"kind", Value(run.kind)},
                   {"state", Value(to_string(run.state))},
                   {"plan", Value(run.plan_id)},
                   {"commit", run.commit.empty() ? Value() : Value(run.commit)},
                   {"full", Value(run.full)},
                   {"who", Value(run.who)},
                   {"host", Value(run.host)},
                   {"started_at", Value(format_time(run.started_at))},
                   {"ended_at", time_value(run.ended_at)}};
    if (!with_steps) return value;
    ValueList steps;
    for (const store::Step& step : run.steps)
        steps.emplace_back(ValueMap{{"action", Value(step.action)},
                                    {"state", Value(to_string(step.state))},
                                    {"detail", step.detail.empty() ? Value() : Value(step.detail)},
                                    {"started_at", time_value(step.started_at)},
                                    {"ended_at", time_value(step.ended_at)}});
    value.set("steps", Value(std::move(steps)));
    return value;
}

Table run_table(const std::vector<store::Run>& runs, WallTime now) {
    Table table{.columns = {{.title = "RUN"},
                            {.title = "KIND"},
                            {.title = "STARTED"},
                            {.title = "AGE", .right = true},
                            {.title = "TOOK", .right = true},
                            {.title = "WHO"},
                            {.title = "COMMIT"},
                            {.title = "PLANNED"},
                            {.title = "RESULT"},
                            {.title = "PLAN", .wide = true}},
                .rows = {}};
    for (const store::Run& run : runs)
        table.rows.push_back({run.id, run.kind, format_time(run.started_at), format_age(now - run.started_at),
                              took(run.started_at, run.ended_at), run.who + "@" + run.host, commit_text(run),
                              planned_text(run.planned), Cell(to_string(run.state), tone_of(run.state)),
                              run.plan_id});
    return table;
}

std::string run_text(const store::Run& run, const Paint& paint) {
    std::string text =
        fmt::format("Run:      {}\nKind:     {}\nResult:   {}\nCommit:   {}\nPlan:     {}\nBy:       {}@{}\n"
                    "Started:  {}\nTook:     {}\n",
                    run.id, run.kind, to_string(run.state), commit_text(run), run.plan_id, run.who, run.host,
                    format_time(run.started_at), run.ended_at ? took(run.started_at, run.ended_at) : "-");
    Table table{.columns = {{.title = "STEP"},
                            {.title = "RESULT"},
                            {.title = "TOOK", .right = true},
                            {.title = "WHY"}},
                .rows = {}};
    for (const store::Step& step : run.steps)
        table.rows.push_back({step.action, Cell(to_string(step.state), tone_of(step.state)),
                              took(step.started_at, step.ended_at), step.detail});
    if (table.rows.empty()) return text + "Steps:    none, everything was as desired\n";
    return text + "\n" + table.text(false, paint);
}

} // namespace lab::cli
