#include "store/detail/home.h"

#include "store/detail/lock_files.h"
#include "store/detail/snapshots.h"
#include "support/text.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lab::store::detail {
namespace {

namespace fs = std::filesystem;

/// A database this small is looked through at every start: it takes a millisecond.
constexpr std::uint64_t kAlwaysChecked = 512u << 10;
constexpr std::string_view kHomeHint = "lab's home must be writable for you; LAB_HOME moves it";

/// What distrust() means to a user.
constexpr std::string_view kDistrusted =
    "everything is observed again, and each server is protected until a commit "
    "without its `protect` is applied";

/// Opening one home: what several steps need.
struct Opening {
    const fs::path& home;
    const Clock& clock;
    std::span<const Migration> steps;
    OpenNotes& notes;
    bool alone = false; // no other living process uses the database

    fs::path database() const { return home / "state.db"; }
    fs::path id_file() const { return home / "state.id"; }
    std::int64_t newest() const { return static_cast<std::int64_t>(steps.size()); }
};

std::string quoted(const fs::path& path) {
    return fmt::format("'{}'", escape_controls(path.native()));
}

/// 0 where there is no file.
std::uint64_t size_of(const fs::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

bool present(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

fs::path beside(const fs::path& path, std::string_view suffix) {
    return path.native() + std::string(suffix);
}

/// What is wrong, without the name of the file that is said anyway.
std::string reason_of(const Error& error) {
    return error.context.empty() ? error.message : error.context.front();
}

/// Empty where the database has none yet.
Result<std::string> state_id(Connection& connection) {
    auto rows = connection.query("SELECT value FROM meta WHERE name = 'id'");
    if (!rows) return std::move(rows).error();
    const auto found = rows->next();
    if (!found) return found.error();
    return *found ? rows->text(0) : std::string();
}

Result<std::string> ensure_state_id(Connection& connection) {
    auto id = state_id(connection);
    if (!id || !id->empty()) return id;
    LAB_TRY(connection.run("INSERT INTO meta(name, value) VALUES('id', ?)", {hex_encode(random_bytes(16))}));
    return state_id(connection);
}

/// What was seen may be old, and so may be what was protected: a protection that was lost would let go what
/// it held. It ends as every one does, by an applied commit that has the server without it.
Result<void> distrust(Connection& connection) {
    return connection.run(
        "UPDATE servers SET stale = 1, in_sync_key = NULL, applied_key = NULL, protect = 1");
}

/// The id stands in the database and beside it, so that one tells of the loss of the other.
Result<void> match_state_id(const Opening& opening, Connection& connection, bool fresh) {
    const auto id = ensure_state_id(connection);
    if (!id) return id.error();
    const auto beside_it = read_file(opening.id_file(), 4096);
    const std::string_view known = beside_it ? trim(*beside_it) : std::string_view();
    if (known == *id) return {};
    if (!known.empty() && !fresh) {
        opening.notes.warnings.push_back(fmt::format("{} is not the state this home had before: {}",
                                                     quoted(opening.database()), kDistrusted));
        LAB_TRY(distrust(connection));
        opening.notes.observe_all = true;
    }
    return write_file_atomic(opening.id_file(), *id + "\n", {.mode = 0600});
}

Result<Connection> open_configured(const Opening& opening) {
    auto connection = Connection::open(opening.database(), Connection::Mode::ReadWrite);
    if (!connection) return connection;
    if (auto set = configure(*connection); !set) return std::move(set).error();
    return connection;
}

Result<Connection> create(const Opening& opening) {
    const fs::path path = opening.database();
    {
        const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file.valid())
            return errno_error("cannot make " + quoted(path), errno).with_hint(std::string(kHomeHint));
    }
    auto connection = open_configured(opening);
    if (!connection) return connection;
    LAB_TRY(migrate(*connection, opening.steps));
    LAB_TRY(match_state_id(opening, *connection, /*fresh=*/true));
    opening.notes.created = true;
    return connection;
}

/// Moves the database and its log out of the way. A log left behind would be replayed onto what takes its
/// place.
Result<fs::path> set_aside(const Opening& opening) {
    std::string stamp = format_time(opening.clock.wall());
    stamp.erase(std::remove_if(stamp.begin(), stamp.end(), [](char c) { return c == ':' || c == '-'; }),
                stamp.end());
    fs::path target = beside(opening.database(), ".corrupt-" + stamp);
    for (int n = 2; present(target); ++n)
        target = beside(opening.database(), fmt::format(".corrupt-{}-{}", stamp, n));
    for (const auto* suffix : {"", "-wal", "-shm"}) {
        if (::rename(beside(opening.database(), suffix).c_str(), beside(target, suffix).c_str()) == 0)
            continue;
        if (errno != ENOENT)
            return errno_error("cannot set aside " + quoted(beside(opening.database(), suffix)), errno)
                .with_hint(std::string(kHomeHint));
    }
    return target;
}

Result<Connection> restore(const Opening& opening, const Snapshot& snapshot) {
    LAB_TRY(restore_snapshot(snapshot.path, opening.database()));
    auto connection = open_configured(opening);
    if (!connection) return connection;
    LAB_TRY(migrate(*connection, opening.steps));
    LAB_TRY(distrust(*connection));
    LAB_TRY(match_state_id(opening, *connection, /*fresh=*/true));
    return connection;
}

/// The newest snapshot that is whole, or an empty state. `what` says what became of the database.
Result<Connection> recover(const Opening& opening, std::string_view what) {
    if (!opening.alone)
        return Error{.code = ErrorCode::Unavailable,
                     .message = fmt::format("{}, and another lab process still uses it", what),
                     .hint = "end the other process, then run the command again: the state is restored then"};
    std::string kept;
    if (present(opening.database())) {
        const auto aside = set_aside(opening);
        if (!aside) return aside.error();
        kept = fmt::format("; it is kept as {}", quoted(*aside));
    } else {
        ::unlink(beside(opening.database(), "-wal").c_str());
        ::unlink(beside(opening.database(), "-shm").c_str());
    }
    ::unlink(damage_mark(opening.database()).c_str());
    opening.notes.observe_all = true;
    for (const Snapshot& snapshot : list_snapshots(opening.home)) {
        if (const auto good = check_snapshot(snapshot.path, opening.newest()); !good) {
            opening.notes.warnings.push_back(
                fmt::format("snapshot {} is not usable: {}", quoted(snapshot.path), reason_of(good.error())));
            continue;
        }
        opening.notes.warnings.push_back(fmt::format("{}{}; snapshot {} was restored: {}", what, kept,
                                                     quoted(snapshot.path), kDistrusted));
        return restore(opening, snapshot);
    }
    opening.notes.warnings.push_back(fmt::format(
        "{}{}; there is no good snapshot, so lab starts with an empty state and observes everything", what,
        kept));
    return create(opening);
}

/// What the first 100 bytes (SQLite's file format, 1.3) show without opening the file; empty where nothing is
/// wrong. An error where they cannot be read: that says nothing of what they are.
Result<std::string> header_problem(const fs::path& path, bool log_left) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return errno_error("cannot open the state " + quoted(path), errno);
    unsigned char header[100];
    const ssize_t got = ::pread(file.get(), header, sizeof header, 0);
    if (got < 0) return errno_error("cannot read the state " + quoted(path), errno);
    if (got != ssize_t{sizeof header}) return std::string("it is cut short");
    const auto number = [&header](std::size_t at) {
        return std::uint64_t{header[at]} << 24 | std::uint64_t{header[at + 1]} << 16 |
               std::uint64_t{header[at + 2]} << 8 | std::uint64_t{header[at + 3]};
    };
    std::uint64_t page = std::uint64_t{header[16]} << 8 | header[17];
    if (page == 1) page = 65536;
    const bool counted = number(24) == number(92); // else the count is from an older SQLite and says nothing
    if (!log_left && counted && number(28) * page > size_of(path)) return std::string("it is cut short");
    // Versions for writing and reading; SQLite would open an unknown one read-only.
    if (header[18] != header[19] || (header[18] != 1 && header[18] != 2))
        return std::string("its header is wrong");
    return std::string();
}

/// Unsupported where a newer lab wrote it; any other error says how it is damaged. True: it was never filled.
Result<bool> examine(const Opening& opening, Connection& connection, bool thorough) {
    const auto damaged = [](std::string why) {
        return Error{.code = ErrorCode::Invalid, .message = std::move(why)};
    };
    const auto state = schema_state(connection);
    if (!state) // a header that asks for a file format that does not exist is an ordinary error to SQLite
        return state.error().code == ErrorCode::Internal ? damaged("its header is wrong") : state.error();
    if (state->blank && state->version == 0) return true;
    if (!state->ours) return damaged("it is no state of lab");
    const auto agreed = connection.integer("SELECT value FROM meta WHERE name = 'schema'");
    if (!agreed) {
        const bool lacking =
            agreed.error().code == ErrorCode::NotFound || agreed.error().code == ErrorCode::Internal;
        return lacking ? damaged("its tables are not those of lab") : agreed.error();
    }
    if (*agreed != state->version)
        return damaged("its header and its content disagree on the schema's version");
    if (state->version > opening.newest())
        return Error{
            .code = ErrorCode::Unsupported,
            .message =
                fmt::format("the state {} was written by a newer lab: its schema is version {}, this lab "
                            "knows {}",
                            quoted(opening.database()), state->version, opening.newest()),
            .hint = "use the newer lab, or put back a snapshot of the older one from the folder snapshots "
                    "beside it"};
    if (thorough) LAB_TRY(check_all(connection));
    return false;
}

Result<Connection> open_existing(const Opening& opening) {
    const fs::path path = opening.database();
    const bool log_left = size_of(beside(path, "-wal")) > 0; // gone after a clean close
    const bool marked = present(damage_mark(path));
    const auto damaged = [&path](std::string_view why) {
        return fmt::format("the state {} was damaged ({})", quoted(path), why);
    };
    auto header = header_problem(path, log_left);
    if (!header) return std::move(header).error().with_hint(std::string(kHomeHint));
    std::string why = *std::move(header);
    if (why.empty()) {
        auto connection = Connection::open(path, Connection::Mode::ReadWrite);
        if (!connection) return connection;
        const bool thorough = opening.alone && (log_left || marked || size_of(path) <= kAlwaysChecked);
        const auto blank = examine(opening, *connection, thorough);
        if (blank && !*blank) {
            if (thorough) ::unlink(damage_mark(path).c_str());
            if (auto set = configure(*connection); !set) return std::move(set).error();
            return connection;
        }
        if (blank && !present(opening.id_file())) return create(opening); // killed while it was made
        // Only damage is a reason to set a state aside; a full disk or a missing right is not.
        if (!blank && blank.error().code != ErrorCode::Invalid) return blank.error();
        why = blank ? "it is empty" : reason_of(blank.error());
    }
    return recover(opening, damaged(why));
}

Result<Connection> open_any(const Opening& opening) {
    if (size_of(opening.database()) > 0) return open_existing(opening);
    // A home that had a state once, or keeps copies of one, has lost it.
    if (present(opening.id_file()) || !list_snapshots(opening.home).empty())
        return recover(opening, fmt::format("the state {} is {}", quoted(opening.database()),
                                            present(opening.database()) ? "empty" : "missing"));
    return create(opening);
}

/// A shared kernel lock for as long as we use the database; `alone` is whether nobody else has it.
Result<Descriptor> mark_in_use(const fs::path& path, bool& alone) {
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.valid()) return errno_error("cannot open " + quoted(path), errno);
    alone = ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
    // Nobody can hold it exclusively for longer than the moment of this check: that happens under the opening
    // lock.
    if (::flock(file.get(), LOCK_SH) != 0) return errno_error("cannot lock " + quoted(path), errno);
    return file;
}

Result<void> bring_up_to_date(const Opening& opening, Connection& connection) {
    const auto version = connection.integer("PRAGMA user_version");
    if (!version) return version.error();
    if (*version >= opening.newest()) return {};
    LAB_TRY(make_snapshot(connection, opening.home, fmt::format("before-version-{}", opening.newest())));
    LAB_TRY(migrate(connection, opening.steps));
    opening.notes.warnings.push_back(fmt::format(
        "the state was brought from version {} to {}; a snapshot of it is kept", *version, opening.newest()));
    return {};
}

} // namespace

Result<OpenHome> open_home(const fs::path& home, const Clock& clock, std::span<const Migration> steps,
                           OpenNotes& notes) {
    Opening opening{.home = home, .clock = clock, .steps = steps, .notes = notes};
    const auto unusable = [](Error error) {
        return error.hint.empty() ? std::move(error).with_hint(std::string(kHomeHint)) : error;
    };
    if (auto made = make_directories(home, 0700); !made) return unusable(std::move(made).error());
    if (auto made = make_directories(home / "locks", 0700); !made) return unusable(std::move(made).error());
    const auto one_at_a_time = wait_for_lock(home / "locks" / ".open", "opening the state");
    if (!one_at_a_time) return unusable(one_at_a_time.error());
    auto in_use = mark_in_use(home / "locks" / ".users", opening.alone);
    if (!in_use) return unusable(std::move(in_use).error());

    auto connection = open_any(opening);
    if (!connection) return std::move(connection).error();
    ::chmod(opening.database().c_str(), 0600); // it holds the key of fingerprints
    LAB_TRY(bring_up_to_date(opening, *connection));
    LAB_TRY(match_state_id(opening, *connection, notes.created));
    return OpenHome{.in_use = std::move(*in_use), .connection = std::move(*connection)};
}

} // namespace lab::store::detail
