#pragma once
// Runs for people and scripts: what `history`, `get runs`, `show run` and `apply` print.

#include "cli/output.h"
#include "store/store.h"

namespace lab::cli {

std::string_view to_string(store::RunState state) noexcept;
std::string_view to_string(store::StepState state) noexcept;
Tone tone_of(store::RunState state) noexcept;
Tone tone_of(store::StepState state) noexcept;

/// One run: a member of lab.history/1, and with its steps the body of lab.run/1.
ValueMap run_value(const store::Run& run, bool with_steps);
Table run_table(const std::vector<store::Run>& runs, WallTime now);
/// Header lines and the steps: what `lab show run ID` prints.
std::string run_text(const store::Run& run, const Paint& paint);

} // namespace lab::cli
