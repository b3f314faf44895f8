#pragma once
// The language server's loop: frames on a descriptor in, frames out, an inventory loaded beside.

#include "editor/frames.h"
#include "editor/session.h"

#include <functional>
#include <stop_token>

namespace lab::editor {

struct ServerOptions {
    int input = 0; // descriptor
    std::function<void(std::string_view)> write;
    SnapshotSources sources;
    const Clock& clock;
    std::stop_token stop;
    SessionOptions session;
    FrameLimits frames;
};

/// Serves until the editor says 'exit' or goes; gives the exit code that LSP asks for (0 after 'shutdown',
/// else 1). An error where the stream cannot be followed.
Result<int> serve(const ServerOptions& options);

} // namespace lab::editor
