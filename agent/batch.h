#pragma once
// `lab-agent batch`: requests about many machines in one process, a line of JSON each, answered in turn.

#include "agent/answer.h"

namespace lab::agent {

struct BatchStreams {
    int in = 0;
    int out = 1;
};

/// Reads lab.agent-request/1 lines until the end of the stream or `options.stop`; answers each with progress
/// lines and then one "report" or "error" line (docs/formats.md). A line that is no request is answered with
/// an error and the next one is read. Memory does not grow with the number of requests. Fails where the
/// streams do.
Result<void> run_batch(const BatchStreams& streams, const Clock& clock, const AnswerOptions& options);

} // namespace lab::agent
