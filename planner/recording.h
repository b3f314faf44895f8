#pragma once
// lab.observed/1: a fleet as it was seen, or as somebody supposes it, for plans that ask nobody. Written from
// a state by `lab record`, or by hand, where a few facts of one machine are enough.

#include "planner/state.h"

#include <optional>
#include <string>
#include <vector>

namespace lab::planner {

struct RecordedServer {
    std::optional<AppliedServer> applied;
    std::optional<ObservedServer> observed;
    /// As if all that the inventory wants of it had been brought about and seen; what `observed` holds lies
    /// over that.
    bool in_order = false;
};

struct Recording {
    static constexpr std::string_view kFormat = "lab.observed/1";
    std::string inventory; // id; empty: any
    /// What the newest fully applied commit said; none: as the inventory that is planned has it.
    struct Guard {
        std::int64_t max_destroy = 1, max_destructive_percent = 10;
        std::string commit;
    };
    std::optional<Guard> guard;
    std::map<std::string, RecordedServer> servers; // by name
};

/// Private values stay fingerprints; who reads them cannot compare them with a text (see
/// api::recorded_fingerprint).
Value to_value(const Recording& recording);

/// What is wrong in a document, by the keys that lead there.
struct RecordingProblem {
    std::vector<std::string> path; // {"servers", "web-1", "presence"}
    std::string message, help;
    bool of_key = false;  // the last key itself is wrong, not what stands below it
    bool warning = false; // the recording can be used all the same
    /// "servers.web-1.presence".
    std::string place() const;
};

struct ReadRecording {
    Recording recording; // not to be used where there are errors
    std::vector<RecordingProblem> problems;
    bool has_errors() const;
};
/// Unknown keys are problems. `format` may be left out of a document inside another. What has it may have
/// been recorded of an agent of another version: a fact that is not known there is no more than a warning.
ReadRecording recording_from_value(const Value& document);

} // namespace lab::planner
