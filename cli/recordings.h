#pragma once
// Recordings of a fleet (lab.observed/1) as files.

#include "cli/context.h"
#include "reconciler/what_if.h"

namespace lab::cli {

/// Reads FILE, or stdin where it is "-", to plan on it. Problems go to stderr; with errors, or where the
/// recording is of another inventory than `inventory`, this fails.
Result<reconciler::RecordingText> load_recording(const std::string& file, const std::string& inventory,
                                                 const spec::Fleet& fleet, Context& context);

} // namespace lab::cli
