#include "store/detail/snapshots.h"

#include "support/files.h"
#include "support/text.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

namespace lab::store::detail {
namespace {

namespace fs = std::filesystem;

std::optional<Snapshot> parse_name(const fs::path& path) {
    const std::string name = path.filename().native();
    std::string_view rest = name;
    constexpr std::string_view kPrefix = "state-", kSuffix = ".db";
    if (!rest.starts_with(kPrefix) || !rest.ends_with(kSuffix)) return std::nullopt;
    rest.remove_prefix(kPrefix.size());
    rest.remove_suffix(kSuffix.size());
    Snapshot snapshot{.path = path};
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), snapshot.number);
    if (code != std::errc() || end == rest.data() + rest.size() || *end != '-') return std::nullopt;
    snapshot.reason = std::string(end + 1, rest.data() + rest.size());
    return snapshot;
}

/// What may stand in a file name, whoever chose the words.
std::string file_word(std::string_view text) {
    std::string word;
    for (const char c : text.substr(0, 40))
        word += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    return word.empty() ? "snapshot" : word;
}

Result<void> make_durable(const fs::path& path, int flags) {
    const Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
    if (!file.valid() || ::fsync(file.get()) != 0)
        return errno_error(fmt::format("cannot write '{}'", escape_controls(path.native())), errno);
    return {};
}

Result<void> move_into_place(const fs::path& from, const fs::path& to) {
    LAB_TRY(make_durable(from, O_RDWR));
    if (::rename(from.c_str(), to.c_str()) != 0)
        return errno_error(fmt::format("cannot write '{}'", escape_controls(to.native())), errno);
    return make_durable(to.parent_path(), O_RDONLY | O_DIRECTORY);
}

/// An empty file that only we can read, in place of whatever a killed process left there.
Result<void> create_private(const fs::path& path) {
    ::unlink(path.c_str());
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid())
        return errno_error(fmt::format("cannot write '{}'", escape_controls(path.native())), errno);
    return {};
}

Result<void> copy_database(Connection& from, const fs::path& to) {
    auto target = Connection::open(to, Connection::Mode::ReadWrite);
    if (!target) return std::move(target).error();
    // Made durable once at the end; a copy cut short is never renamed into place.
    LAB_TRY(target->script("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"));
    sqlite3_backup* backup = sqlite3_backup_init(target->handle(), "main", from.handle(), "main");
    if (!backup) return target->failure(sqlite3_extended_errcode(target->handle()));
    const int stepped = sqlite3_backup_step(backup, -1);
    const int finished = sqlite3_backup_finish(backup);
    if (stepped != SQLITE_DONE) {
        // Damage is the source's: the copy is new.
        const bool damage = (stepped & 0xff) == SQLITE_CORRUPT || (stepped & 0xff) == SQLITE_NOTADB;
        return damage ? from.failure(stepped) : target->failure(finished != SQLITE_OK ? finished : stepped);
    }
    return {};
}

} // namespace

std::vector<Snapshot> list_snapshots(const fs::path& home) {
    std::vector<Snapshot> found;
    std::error_code failed;
    for (fs::directory_iterator entry(home / "snapshots", failed), end; !failed && entry != end;
         entry.increment(failed)) {
        if (auto snapshot = parse_name(entry->path())) found.push_back(std::move(*snapshot));
    }
    std::sort(found.begin(), found.end(),
              [](const Snapshot& left, const Snapshot& right) { return left.number > right.number; });
    return found;
}

Result<void> make_snapshot(Connection& connection, const fs::path& home, std::string_view reason,
                           std::size_t kept) {
    LAB_TRY(make_directories(home / "snapshots", 0700));
    // Two runs on different servers may begin at once: they take turns here.
    const fs::path folder = home / "snapshots";
    const Descriptor lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock.valid() || ::flock(lock.get(), LOCK_EX) != 0)
        return errno_error(fmt::format("cannot lock '{}'", escape_controls(folder.native())), errno);
    auto existing = list_snapshots(home);
    const std::uint64_t number = existing.empty() ? 1 : existing.front().number + 1;
    const fs::path path = home / "snapshots" / fmt::format("state-{:06}-{}.db", number, file_word(reason));
    const fs::path partial = path.native() + ".partial";
    LAB_TRY(create_private(partial));
    auto made = copy_database(connection, partial);
    if (made) made = move_into_place(partial, path);
    if (!made) {
        ::unlink(partial.c_str());
        return std::move(made).error().during("while making a snapshot of the state");
    }
    for (std::size_t i = kept > 0 ? kept - 1 : 0; i < existing.size(); ++i)
        ::unlink(existing[i].path.c_str());
    return {};
}

Result<void> check_snapshot(const fs::path& path, std::int64_t newest_version) {
    auto opened = Connection::open(path, Connection::Mode::Snapshot);
    if (!opened) return std::move(opened).error();
    const auto state = schema_state(*opened);
    if (!state) return state.error();
    if (!state->ours || state->blank)
        return Error{.code = ErrorCode::Invalid, .message = "it is no state of lab"};
    if (state->version > newest_version)
        return Error{.code = ErrorCode::Unsupported,
                     .message = fmt::format("its schema is version {}, this lab knows {}", state->version,
                                            newest_version)};
    return check_all(*opened);
}

Result<void> restore_snapshot(const fs::path& snapshot, const fs::path& target) {
    auto source = Connection::open(snapshot, Connection::Mode::Snapshot);
    if (!source) return std::move(source).error();
    const fs::path partial = target.native() + ".restoring";
    LAB_TRY(create_private(partial));
    auto made = copy_database(*source, partial);
    if (made) made = move_into_place(partial, target);
    if (!made) ::unlink(partial.c_str());
    return made;
}

} // namespace lab::store::detail
