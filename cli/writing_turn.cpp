#include "cli/writing_turn.h"

#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace lab::cli {
namespace {

namespace fs = std::filesystem;

/// Tries until `attempt` gives something else than Conflict, for as long as is bearable.
template <typename T>
Result<T> with_patience(const std::function<Result<T>()>& attempt, const std::stop_token& stop) {
    constexpr std::chrono::milliseconds kPatience{10'000}, kPause{20}; // writing takes an instant
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        auto got = attempt();
        const bool taken = !got && got.error().code == ErrorCode::Conflict;
        if (!taken || std::chrono::steady_clock::now() > end) return got;
        if (stop.stop_requested()) return Error{.code = ErrorCode::Cancelled, .message = "interrupted"};
        std::this_thread::sleep_for(kPause);
    }
}

/// Conflict where it is taken; Unsupported where such a folder cannot be locked.
Result<Descriptor> lock_folder(const fs::path& folder) {
    Descriptor held(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (held.valid() && ::flock(held.get(), LOCK_EX | LOCK_NB) == 0) return held;
    if (held.valid() && (errno == EWOULDBLOCK || errno == EINTR))
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("'{}' is locked by another lab, which writes to it: nothing was "
                                            "written",
                                            folder.string()),
                     .hint = "run the command again; `lslocks` shows who has the lock"};
    return Error{.code = ErrorCode::Unsupported, .message = "no folder can be locked here"};
}

} // namespace

Result<WritingTurn> WritingTurn::wait(const fs::path& folder, const Context& context) {
    auto locked = with_patience<Descriptor>([&] { return lock_folder(folder); }, context.stop);
    if (locked) return WritingTurn(*std::move(locked));
    if (locked.error().code != ErrorCode::Unsupported) return std::move(locked).error();
    const fs::path& home = context.settings.home();
    LAB_TRY(make_directories(home, 0700));
    const std::string note = fmt::format("process {}, which edits an inventory", ::getpid());
    auto file = with_patience<FileLock>([&] { return FileLock::try_acquire(home / "edit.lock", note); },
                                        context.stop);
    if (!file) return std::move(file).error();
    return WritingTurn(*std::move(file));
}

fs::path folder_of_turn(const fs::path& file) {
    const fs::path own = file.parent_path();
    std::error_code failed;
    for (fs::path at = own; !at.empty(); at = at.parent_path()) {
        if (fs::exists(at / "lab.yaml", failed)) return at;
        if (at == at.parent_path()) break;
    }
    return own;
}

} // namespace lab::cli
