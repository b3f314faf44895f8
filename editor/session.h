#pragma once
// One editor's session of LSP 3.17: messages in, messages out. It has no threads and no clock, and reads no
// file but to find the folder of an inventory; the loading of inventories is asked for and given to it.

#include "editor/buffer.h"
#include "editor/snapshot.h"
#include "support/clock.h"

#include <map>
#include <set>

namespace lab::editor {

struct SessionOptions {
    std::string version; // of lab
    /// How long typing must pause before an inventory is loaded again.
    std::chrono::milliseconds pause{120};
    /// However long it goes on.
    std::chrono::milliseconds longest_wait{1000};
    std::size_t open_bytes = 512u << 20; // of all open files
};

class Session {
  public:
    explicit Session(SessionOptions options) : options_(std::move(options)) {}

    /// What to send after one message (any JSON).
    std::vector<Value> receive(const Value& message, SteadyTime now);
    /// Whether `message` can be answered now: what reads an inventory waits for its first load.
    bool ready(const Value& message) const;

    /// When requests() has something next; nullopt: not before another message.
    std::optional<SteadyTime> due() const;
    std::vector<SnapshotRequest> requests(SteadyTime now);
    std::vector<Value> loaded(const std::shared_ptr<const Snapshot>& snapshot);

    bool ended() const noexcept { return ended_; }
    int exit_code() const noexcept { return shut_down_ || !initialized_ ? 0 : 1; }

  private:
    struct File { // open in the editor
        Buffer buffer;
        std::filesystem::path path, root; // root empty: in no inventory
    };
    struct Root {
        std::shared_ptr<const Snapshot> snapshot;
        std::uint64_t asked = 0, generation = 0;
        std::optional<SteadyTime> due, since; // of the load that is to come; since the first change
        std::set<std::string> published;      // URIs with diagnostics
    };

    std::vector<Value> request(const std::string& method, const Value& id, const Value& params);
    std::vector<Value> notified(const std::string& method, const Value& params, SteadyTime now);
    std::vector<Value> opened(const Value& params, SteadyTime now);
    std::vector<Value> changed(const Value& params, SteadyTime now);
    std::vector<Value> closed(const Value& params, SteadyTime now);
    Value initialize(const Value& params);
    Value format(const Value& params, std::vector<Value>& further) const;
    Value ask(const std::string& method, const Value& params, const File& file, std::size_t offset) const;
    void reload(const std::filesystem::path& root, SteadyTime now, bool at_once);
    std::vector<Value> check_alone(const std::string& uri, const File& file) const;
    std::filesystem::path root_of(const std::filesystem::path& file) const;
    const File* file_of(const Value& params) const;

    SessionOptions options_;
    std::map<std::string, File> files_; // by URI
    std::map<std::filesystem::path, Root> roots_;
    bool initialized_ = false, shut_down_ = false, ended_ = false;
    bool watches_ = false; // the editor can tell of files that change on disk
    std::size_t open_bytes_ = 0;
};

} // namespace lab::editor
