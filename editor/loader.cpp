#include "editor/loader.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace lab::editor {

Result<std::unique_ptr<Loader>> Loader::start(SnapshotSources sources) {
    Descriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event.valid()) return errno_error("cannot make an event", errno);
    return std::unique_ptr<Loader>(new Loader(std::move(sources), std::move(event)));
}

Loader::Loader(SnapshotSources sources, Descriptor event)
    : sources_(std::move(sources)), event_(std::move(event)),
      thread_([this](std::stop_token stop) { work(stop); }) {}

Loader::~Loader() = default;

void Loader::request(SnapshotRequest request) {
    const std::lock_guard hold(mutex_);
    waiting_.insert_or_assign(request.root, std::move(request));
    wake_.notify_one();
}

void Loader::work(std::stop_token stop) {
    while (true) {
        SnapshotRequest request;
        {
            std::unique_lock hold(mutex_);
            if (!wake_.wait(hold, stop, [this] { return !waiting_.empty(); })) return;
            request = std::move(waiting_.extract(waiting_.begin()).mapped());
        }
        auto snapshot = take_snapshot(request, sources_);
        const std::lock_guard hold(mutex_);
        done_.push_back(std::move(snapshot));
        const std::uint64_t one = 1;
        // Cannot fail but by a counter that is full, and then it is readable anyway.
        [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
    }
}

std::vector<std::shared_ptr<const Snapshot>> Loader::take() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(event_.get(), &count, sizeof count);
    const std::lock_guard hold(mutex_);
    return std::exchange(done_, {});
}

} // namespace lab::editor
