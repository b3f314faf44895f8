#include "store/detail/lock_files.h"

#include "support/digest.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/file.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace lab::store::detail {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kLongestWait = 30s;
constexpr std::size_t kLargestNote = 64u << 20;

struct Holder {
    std::string who, host, what, since, inventory;
    std::int64_t pid = 0;
    std::vector<std::string> servers;
};

std::string user_name() {
    passwd entry{};
    passwd* found = nullptr;
    char buffer[4096];
    if (::getpwuid_r(::getuid(), &entry, buffer, sizeof buffer, &found) == 0 && found) return found->pw_name;
    return std::to_string(::getuid());
}

std::string host_name() {
    char name[HOST_NAME_MAX + 1] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "this host";
}

std::string write_note(const LockRequest& request) {
    ValueList servers;
    for (const auto& server : request.servers)
        servers.emplace_back(server);
    return write_json(ValueMap{{"pid", std::int64_t{::getpid()}},
                               {"user", user_name()},
                               {"host", host_name()},
                               {"what", request.what},
                               {"since", format_time(request.now)},
                               {"inventory", request.inventory},
                               {"servers", std::move(servers)}});
}

std::string text_of(const Value& note, std::string_view key) {
    const Value* found = note.get(key);
    const auto* text = found ? found->if_string() : nullptr;
    return text ? escape_controls(*text) : std::string();
}

/// Nothing where the note cannot be read: such a holder is taken to hold everything.
std::optional<Holder> read_note(const fs::path& path) {
    const auto bytes = read_file(path, kLargestNote);
    if (!bytes) return std::nullopt;
    const auto note = parse_json(*bytes);
    if (!note) return std::nullopt;
    Holder holder{.who = text_of(*note, "user"),
                  .host = text_of(*note, "host"),
                  .what = text_of(*note, "what"),
                  .since = text_of(*note, "since"),
                  .inventory = text_of(*note, "inventory")};
    if (const Value* pid = note->get("pid"); pid && pid->if_int()) holder.pid = *pid->if_int();
    const Value* servers = note->get("servers");
    if (!servers || !servers->if_list()) return std::nullopt;
    for (const Value& server : *servers->if_list()) {
        if (const auto* name = server.if_string()) holder.servers.push_back(*name);
    }
    return holder;
}

/// Names in both; with one side empty (everything), those of the other.
std::vector<std::string> overlap(std::vector<std::string> left, std::vector<std::string> right) {
    if (left.empty()) return right;
    if (right.empty()) return left;
    std::sort(left.begin(), left.end());
    std::sort(right.begin(), right.end());
    std::vector<std::string> both;
    std::set_intersection(left.begin(), left.end(), right.begin(), right.end(), std::back_inserter(both));
    return both;
}

std::string describe(const std::vector<std::string>& servers) {
    if (servers.empty()) return "all servers are";
    if (servers.size() == 1) return fmt::format("server '{}' is", servers[0]);
    constexpr std::size_t kNamed = 3;
    std::string text = "servers";
    for (std::size_t i = 0; i < std::min(kNamed, servers.size()); ++i)
        text += fmt::format("{} '{}'", i == 0 ? "" : ",", servers[i]);
    if (servers.size() > kNamed) text += fmt::format(" and {} more", servers.size() - kNamed);
    return text + " are";
}

Error held_by(const Holder& holder, const std::vector<std::string>& servers) {
    return {.code = ErrorCode::Conflict,
            .message = fmt::format("{} held by process {} of {} on {} since {}: {}", describe(servers),
                                   holder.pid, holder.who, holder.host, holder.since, holder.what),
            .hint = "wait for it to end; if it is killed, what it holds is free at once"};
}

Error held_by_unknown(const fs::path& path) {
    return {.code = ErrorCode::Conflict,
            .message = fmt::format("a living process holds '{}', which does not say what it is for",
                                   escape_controls(path.native())),
            .hint = "wait for it to end, then run the command again"};
}

enum class Life { Living, Dead };

/// Tells the dead by their locks. Only under the mutex: a look holds the lock for a moment.
Result<Life> life_of(const fs::path& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file.valid() && errno == ENOENT) return Life::Dead;
    if (!file.valid())
        return errno_error(fmt::format("cannot look at the lock '{}'", escape_controls(path.native())),
                           errno);
    return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0 ? Life::Dead : Life::Living;
}

class FileHeldLock final : public Lock {
  public:
    FileHeldLock(std::string id, fs::path path, Descriptor file)
        : id_(std::move(id)), path_(std::move(path)), file_(std::move(file)) {}
    ~FileHeldLock() override { ::unlink(path_.c_str()); }
    const std::string& id() const noexcept override { return id_; }

  private:
    std::string id_;
    fs::path path_;
    Descriptor file_;
};

Result<void> refuse_overlaps(const fs::path& locks, const LockRequest& request) {
    std::error_code failed;
    for (fs::directory_iterator entry(locks, failed), end; !failed && entry != end; entry.increment(failed)) {
        if (entry->path().extension() != ".lock") continue;
        const auto life = life_of(entry->path());
        if (!life) return life.error();
        if (*life == Life::Dead) {
            ::unlink(entry->path().c_str());
            continue;
        }
        const auto holder = read_note(entry->path());
        if (!holder) return held_by_unknown(entry->path());
        if (holder->inventory != request.inventory) continue;
        const auto both = overlap(holder->servers, request.servers);
        const bool everything = holder->servers.empty() && request.servers.empty();
        if (everything || !both.empty()) return held_by(*holder, both);
    }
    if (failed)
        return errno_error(fmt::format("cannot list '{}'", escape_controls(locks.native())), failed.value());
    return {};
}

} // namespace

Result<Descriptor> wait_for_lock(const fs::path& path, std::string_view what) {
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid())
        return errno_error(fmt::format("cannot open '{}'", escape_controls(path.native())), errno);
    const auto deadline = std::chrono::steady_clock::now() + kLongestWait;
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK)
            return errno_error(fmt::format("cannot lock '{}'", escape_controls(path.native())), errno);
        if (std::chrono::steady_clock::now() >= deadline)
            return Error{.code = ErrorCode::Timeout,
                         .message = fmt::format("another lab process has been busy {} for {} s", what,
                                                std::chrono::seconds(kLongestWait).count()),
                         .hint = "wait for it to end, then run the command again"};
        std::this_thread::sleep_for(5ms);
    }
    return file;
}

Result<std::unique_ptr<Lock>> take_lock(const fs::path& home, const LockRequest& request) {
    const fs::path locks = home / "locks";
    LAB_TRY(make_directories(locks, 0700));
    const auto mutex = wait_for_lock(locks / ".mutex", "taking a lock");
    if (!mutex) return mutex.error();
    LAB_TRY(refuse_overlaps(locks, request));

    std::string id = hex_encode(random_bytes(8));
    fs::path path = locks / (id + ".lock");
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid() || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return errno_error(fmt::format("cannot make the lock '{}'", escape_controls(path.native())), errno);
    const int fd = file.get();
    auto lock = std::make_unique<FileHeldLock>(std::move(id), path, std::move(file));
    if (auto written = write_all(fd, write_note(request)); !written)
        return std::move(written).error().during(
            fmt::format("while making the lock '{}'", escape_controls(path.native())));
    return std::unique_ptr<Lock>(std::move(lock));
}

Result<bool> is_held(const fs::path& home, std::string_view id) {
    if (id.empty()) return false;
    const fs::path locks = home / "locks";
    const auto mutex = wait_for_lock(locks / ".mutex", "taking a lock");
    if (!mutex) return mutex.error();
    const auto life = life_of(locks / (std::string(id) + ".lock"));
    if (!life) return life.error();
    return *life == Life::Living;
}

} // namespace lab::store::detail
