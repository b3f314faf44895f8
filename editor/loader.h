#pragma once
// Makes snapshots in a thread of its own, so that nobody waits while they type. Of several requests for one
// inventory the newest counts.

#include "editor/snapshot.h"
#include "support/files.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace lab::editor {

class Loader {
  public:
    static Result<std::unique_ptr<Loader>> start(SnapshotSources sources);
    ~Loader();
    Loader(const Loader&) = delete;
    Loader& operator=(const Loader&) = delete;

    void request(SnapshotRequest request);
    /// Readable while there is something in take().
    int descriptor() const noexcept { return event_.get(); }
    std::vector<std::shared_ptr<const Snapshot>> take();

  private:
    Loader(SnapshotSources sources, Descriptor event);
    void work(std::stop_token stop);

    SnapshotSources sources_;
    Descriptor event_; // eventfd(2)
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::map<std::filesystem::path, SnapshotRequest> waiting_; // by root
    std::vector<std::shared_ptr<const Snapshot>> done_;
    std::jthread thread_; // last: it uses what is above
};

} // namespace lab::editor
