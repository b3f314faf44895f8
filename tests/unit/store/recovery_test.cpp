// What becomes of a database that is lost, damaged, too old or too new.

#include "store/detail/home.h"
#include "store/detail/schema.h"
#include "store/detail/snapshots.h"
#include "store_fixture.h"

#include <algorithm>
#include <array>
#include <random>

#include <unistd.h>

namespace lab::store {
namespace {

namespace fs = std::filesystem;

class RecoveryTest : public StoreFixture {
  protected:
    fs::path database() const { return home_ / "state.db"; }
    fs::path snapshot_path(std::size_t age = 0) const { return detail::list_snapshots(home_).at(age).path; }

    /// A home with one server that a snapshot has and one that came after it.
    void make_home() {
        auto store = open();
        ASSERT_TRUE(store->record_applied({application("early")}));
        ASSERT_TRUE(store->record_observed({observation("early", clock_.wall())}));
        ASSERT_TRUE(store->snapshot("apply"));
        ASSERT_TRUE(store->record_applied({application("late", "later\n")}));
    }
    static std::string names(Store& store) {
        std::string all;
        const auto servers = store.servers();
        if (!servers) return servers.error().text();
        for (const auto& server : *servers)
            all += server.name + " ";
        return all;
    }
    void expect_restored(std::string_view why) {
        auto store = open();
        ASSERT_TRUE(store);
        EXPECT_EQ(names(*store), "early ");
        EXPECT_TRUE(notes_.observe_all);
        EXPECT_NE(notes().find(why), std::string::npos) << notes();
        EXPECT_NE(notes().find("was restored: everything is observed again"), std::string::npos) << notes();
        EXPECT_FALSE(store->servers()->front().in_sync_key) << "what a snapshot saw is not trusted";
        EXPECT_FALSE(store->servers()->front().applied_key) << "the next apply says what is protected";
        EXPECT_TRUE(store->server("early").value()->protect) << "nobody knows what was protected since";
    }
    void flip(const fs::path& path, std::size_t at, char mask = '\x5a') const {
        std::string bytes = read(path);
        ASSERT_LT(at, bytes.size());
        bytes[at] = static_cast<char>(bytes[at] ^ mask);
        write(path, bytes);
    }
};

TEST_F(RecoveryTest, AMissingDatabaseIsRestored) {
    make_home();
    fs::remove(database());
    expect_restored("state.db' is missing; snapshot");
    EXPECT_TRUE(files("state.db.corrupt").empty());
}

TEST_F(RecoveryTest, ADatabaseThatMayNotBeReadIsNoDamagedOne) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be another user for a moment";
    constexpr ::uid_t kNobody = 65534;
    make_home();
    for (const fs::path& folder : {home_.parent_path(), home_, home_ / "locks", home_ / "snapshots"})
        ASSERT_EQ(::chown(folder.c_str(), kNobody, kNobody), 0);
    for (const auto& lock : fs::directory_iterator(home_ / "locks"))
        ASSERT_EQ(::chown(lock.path().c_str(), kNobody, kNobody), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
    OpenNotes notes;
    auto store = Store::open({.home = home_, .inventory = "test", .clock = &clock_}, notes);
    ASSERT_EQ(::seteuid(0), 0);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::Denied) << store.error().text();
    EXPECT_NE(store.error().text().find("state.db"), std::string::npos) << store.error().text();
    EXPECT_TRUE(fs::exists(database()));
    EXPECT_TRUE(files("state.db.corrupt").empty());
    EXPECT_EQ(names(*open()), "early late ");
}

TEST_F(RecoveryTest, AMissingDatabaseWithoutSnapshotStartsEmptyAndSaysSo) {
    make_home();
    fs::remove(database());
    fs::remove_all(home_ / "snapshots");
    auto store = open();
    EXPECT_EQ(names(*store), "");
    EXPECT_TRUE(notes_.created);
    EXPECT_TRUE(notes_.observe_all);
    EXPECT_NE(notes().find("is missing; there is no good snapshot, so lab starts with an empty state"),
              std::string::npos)
        << notes();
    store.reset();
    store = open();
    EXPECT_EQ(notes(), "") << "said once";
}

TEST_F(RecoveryTest, WithoutStateIdTheSnapshotsStillTell) {
    make_home();
    fs::remove(database());
    fs::remove(home_ / "state.id");
    expect_restored("is missing");
}

TEST_F(RecoveryTest, AnEmptyFileIsALostDatabase) {
    make_home();
    write(database(), "");
    expect_restored("state.db' is empty; it is kept as");
}

TEST_F(RecoveryTest, ACutDatabaseIsSetAsideAndRestored) {
    make_home();
    const std::string whole = read(database());
    write(database(), std::string_view(whole).substr(0, whole.size() / 2));
    expect_restored("was damaged (it is cut short); it is kept as");
    ASSERT_EQ(files("state.db.corrupt").size(), 1u);
    EXPECT_EQ(fs::file_size(files("state.db.corrupt").front()), whole.size() / 2);
}

TEST_F(RecoveryTest, TextIsNoDatabase) {
    make_home();
    write(database(), std::string(100'000, 'x'));
    expect_restored("was damaged (");
}

TEST_F(RecoveryTest, NoFlippedByteOfTheHeaderIsSilent) {
    make_home();
    const std::string whole = read(database());
    for (std::size_t at = 0; at < 100; ++at) {
        write(database(), whole);
        flip(database(), at);
        auto store = try_open();
        ASSERT_TRUE(store) << at << ": " << store.error().text();
        const bool said = !notes_.warnings.empty();
        EXPECT_EQ(names(**store), said ? "early " : "early late ") << "byte " << at << ": " << notes();
        EXPECT_EQ(notes_.observe_all, said) << at;
        store->reset();
        for (const auto& aside : files("state.db"))
            fs::remove(aside);
    }
}

TEST_F(RecoveryTest, NoFlippedByteOfADocumentIsSilent) {
    make_home();
    const std::string whole = read(database());
    const std::size_t at = whole.find("later\\n");
    ASSERT_NE(at, std::string::npos);
    flip(database(), at, '\x01');
    expect_restored("a document does not match its digest");
}

TEST_F(RecoveryTest, FlippedBytesAnywhereEndInTheTruthOrInANote) {
    make_home();
    const std::string whole = read(database());
    std::mt19937 random(20261120);
    for (int round = 0; round < 60; ++round) {
        write(database(), whole);
        const auto at = static_cast<std::size_t>(random()) % whole.size();
        flip(database(), at, static_cast<char>(1 + random() % 255));
        auto store = try_open();
        ASSERT_TRUE(store) << at << ": " << store.error().text();
        if (!notes_.warnings.empty()) {
            EXPECT_EQ(names(**store), "early ") << at;
        } else if (names(**store) == "early late ") {
            const auto late = (*store)->applied("late");
            if (late && *late) {
                const Value* content =
                    (*late)->modules.at(0).resources.at(0).resource.properties.find("content");
                EXPECT_EQ(display(*content), "later\n") << at;
            }
        } // else: a byte of a name, which nothing but the name itself tells
        store->reset();
        for (const auto& file : files("state.db"))
            fs::remove(file);
    }
}

TEST_F(RecoveryTest, DamageInALargeDatabaseIsMetWhenReadAndMendedAtTheNextStart) {
    {
        auto store = open();
        auto big = application("big", std::string(6u << 20, 'y'));
        ASSERT_TRUE(store->record_applied({application("early"), big}));
        ASSERT_TRUE(store->snapshot("apply"));
        ASSERT_TRUE(store->record_applied({application("late")}));
    }
    flip(database(), read(database()).find("yyyyyyyy") + 3'000'000, '\x01');
    auto store = open();
    EXPECT_EQ(notes(), "") << "a large database that was closed cleanly is not looked through";
    const auto met = store->applied("big");
    ASSERT_FALSE(met);
    EXPECT_EQ(met.error().code, ErrorCode::Invalid);
    EXPECT_NE(met.error().hint.find("run the command again"), std::string::npos);
    store.reset();
    store = open();
    EXPECT_EQ(names(*store), "big early ");
    EXPECT_NE(notes().find("a document does not match its digest"), std::string::npos) << notes();
    EXPECT_TRUE(*store->applied("big"));
    EXPECT_TRUE(files("state.db.damaged").empty());
    store.reset();
    store = open();
    EXPECT_EQ(notes(), "");
}

TEST_F(RecoveryTest, ADamagedSnapshotIsPassedOver) {
    make_home();
    {
        auto store = open();
        ASSERT_TRUE(store->snapshot("apply"));
    }
    ASSERT_EQ(detail::list_snapshots(home_).size(), 2u);
    flip(snapshot_path(0), 5);
    fs::remove(database());
    expect_restored("state-000002-apply.db' is not usable: ");
}

TEST_F(RecoveryTest, AllCopiesDamagedMeansEmptyAndSaysEach) {
    make_home();
    write(snapshot_path(), "not a database at all, not even long enough");
    write(database(), "neither is this");
    auto store = open();
    EXPECT_EQ(names(*store), "");
    EXPECT_TRUE(notes_.observe_all);
    EXPECT_EQ(notes_.warnings.size(), 2u) << notes();
}

TEST_F(RecoveryTest, ALogLeftBehindIsNotReplayedOntoASnapshot) {
    make_home();
    std::string log;
    {
        auto store = open();
        ASSERT_TRUE(store->record_applied({application("in-the-log")}));
        log = read(database().native() + "-wal");
        ASSERT_FALSE(log.empty());
    }
    fs::remove(database());
    write(database().native() + "-wal", log);
    expect_restored("is missing");
}

TEST_F(RecoveryTest, ATornLogGivesWhatWasCommittedBeforeTheTear) {
    make_home();
    const fs::path copy = top_ / "copy";
    std::string whole, log;
    {
        auto store = open();
        for (int i = 0; i < 12; ++i)
            ASSERT_TRUE(store->record_applied({application("n" + std::to_string(i))}));
        whole = read(database());
        log = read(database().native() + "-wal");
    }
    const std::string id = read(home_ / "state.id");
    std::size_t most = 0, before = 0;
    for (std::size_t size = 0; size <= log.size(); size += 5'003) {
        fs::remove_all(home_);
        fs::create_directories(home_);
        write(database(), whole);
        write(home_ / "state.id", id);
        std::string torn = log.substr(0, size);
        if (size % 2 == 1) torn += std::string(20'000, '\x7f'); // what a file system may leave behind
        write(database().native() + "-wal", torn);
        auto store = open();
        ASSERT_TRUE(store);
        EXPECT_EQ(notes(), "") << size;
        const auto servers = store->servers();
        ASSERT_TRUE(servers);
        EXPECT_GE(servers->size(), before) << size;
        before = most = servers->size();
    }
    EXPECT_GT(most, 10u);
}

TEST_F(RecoveryTest, WhatIsSeenAgainIsTrustedAgain) {
    make_home();
    {
        auto store = open();
        ASSERT_TRUE(store->record_applied({application("silent")}));
        ASSERT_TRUE(store->snapshot("apply"));
    }
    fs::remove(database());
    auto store = open();
    ASSERT_TRUE(
        store->record_observed({observation("early", clock_.wall()), observation("late", clock_.wall())}));
    auto silent = observation("silent", clock_.wall());
    silent.observed.state.presence = api::Presence::Unreachable;
    ASSERT_TRUE(store->record_observed({silent}));
    store.reset();
    store = open();
    EXPECT_TRUE(notes_.observe_all) << "one has not answered since";
    EXPECT_EQ(notes(), "");
    ASSERT_TRUE(store->record_observed({observation("silent", clock_.wall())}));
    store.reset();
    store = open();
    EXPECT_FALSE(notes_.observe_all);
}

TEST_F(RecoveryTest, AnotherHomesDatabaseIsNoticed) {
    make_home();
    write(home_ / "state.id", "0123456789abcdef\n");
    auto store = open();
    EXPECT_EQ(names(*store), "early late ");
    EXPECT_TRUE(notes_.observe_all);
    EXPECT_NE(notes().find("is not the state this home had before"), std::string::npos) << notes();
    store.reset();
    store = open();
    EXPECT_EQ(notes(), "");
}

TEST_F(RecoveryTest, AHomeKilledWhileItWasMadeIsMadeAgain) {
    fs::create_directories(home_);
    write(database(), "");
    auto store = open();
    EXPECT_TRUE(notes_.created);
    EXPECT_EQ(notes(), "");
}

TEST_F(RecoveryTest, ANewerSchemaIsRefusedAndLeftAlone) {
    make_home();
    {
        auto connection = detail::Connection::open(database(), detail::Connection::Mode::ReadWrite);
        ASSERT_TRUE(
            connection->script("PRAGMA user_version=99; UPDATE meta SET value='99' WHERE name='schema';"));
    }
    const auto refused = try_open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    EXPECT_NE(
        refused.error().message.find("was written by a newer lab: its schema is version 99, this lab knows "),
        std::string::npos)
        << refused.error().message;
    EXPECT_FALSE(refused.error().hint.empty());
    EXPECT_TRUE(files("state.db.corrupt").empty());
}

TEST_F(RecoveryTest, AnotherProgramsDatabaseIsSetAside) {
    make_home();
    fs::remove(database());
    write(database(), "");
    {
        auto connection = detail::Connection::open(database(), detail::Connection::Mode::ReadWrite);
        ASSERT_TRUE(connection->script("CREATE TABLE bookmarks(url TEXT); PRAGMA user_version=7;"));
    }
    expect_restored("was damaged (it is no state of lab); it is kept as");
}

// Migrations, with steps of their own.

class MigrationTest : public RecoveryTest {
  protected:
    static constexpr std::array kFirst = {detail::Migration{
        "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL);"
        "CREATE TABLE servers(name TEXT, stale INTEGER DEFAULT 0, applied_key BLOB, in_sync_key BLOB, "
        "protect INTEGER DEFAULT 0);"
        "CREATE TABLE documents(digest BLOB, body TEXT); INSERT INTO servers(name) VALUES('kept');"}};
    static constexpr std::array kSecond = {
        kFirst[0], detail::Migration{"ALTER TABLE servers ADD COLUMN colour TEXT DEFAULT 'green';"}};
    static constexpr std::array kBroken = {
        kFirst[0],
        detail::Migration{"ALTER TABLE servers ADD COLUMN colour TEXT; INSERT INTO nowhere VALUES(1);"}};

    Result<detail::OpenHome> open_with(std::span<const detail::Migration> steps) {
        notes_ = {};
        return detail::open_home(home_, clock_, steps, notes_);
    }
};

TEST_F(MigrationTest, AnOlderStateIsMigratedAfterASnapshot) {
    ASSERT_TRUE(open_with(kFirst));
    EXPECT_TRUE(detail::list_snapshots(home_).empty());
    {
        auto opened = open_with(kSecond);
        ASSERT_TRUE(opened) << opened.error().text();
        EXPECT_EQ(
            opened->connection.integer("SELECT count(*) FROM servers WHERE name='kept' AND colour='green'")
                .value(),
            1);
        EXPECT_NE(notes().find("from version 1 to 2"), std::string::npos) << notes();
    }
    ASSERT_EQ(detail::list_snapshots(home_).size(), 1u);
    EXPECT_EQ(detail::list_snapshots(home_)[0].reason, "before-version-2");
    ASSERT_TRUE(open_with(kSecond));
    EXPECT_EQ(notes(), "");
    // The older program refuses it now, and has the snapshot to go back to.
    EXPECT_EQ(open_with(kFirst).error().code, ErrorCode::Unsupported);
}

TEST_F(MigrationTest, AFailingMigrationLeavesTheOldState) {
    ASSERT_TRUE(open_with(kFirst));
    const auto failed = open_with(kBroken);
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().text().find("while migrating the state to version 2"), std::string::npos)
        << failed.error().text();
    auto opened = open_with(kFirst);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->connection.integer("SELECT count(*) FROM servers").value(), 1);
}

TEST_F(MigrationTest, AnOlderSnapshotIsMigratedWhenRestored) {
    ASSERT_TRUE(open_with(kFirst));
    ASSERT_TRUE(open_with(kSecond));
    fs::remove(database());
    auto opened = open_with(kSecond);
    ASSERT_TRUE(opened) << opened.error().text();
    EXPECT_TRUE(notes_.observe_all);
    EXPECT_EQ(opened->connection.integer("SELECT count(*) FROM servers WHERE colour='green'").value(), 1);
}

TEST_F(MigrationTest, ANewerSnapshotIsPassedOver) {
    ASSERT_TRUE(open_with(kSecond));
    {
        auto opened = open_with(kSecond);
        ASSERT_TRUE(detail::make_snapshot(opened->connection, home_, "newer"));
    }
    fs::remove(database());
    ASSERT_TRUE(open_with(kFirst));
    EXPECT_NE(notes().find("its schema is version 2, this lab knows 1"), std::string::npos) << notes();
    EXPECT_TRUE(notes_.created);
}

// Snapshots.

TEST_F(RecoveryTest, SnapshotsAreTakenWhenSomethingWasRecordedAndTheNewestFiveKept) {
    auto store = open();
    ASSERT_TRUE(store->record_applied({application("web-0")}));
    ASSERT_TRUE(store->snapshot("apply"));
    ASSERT_TRUE(store->snapshot("apply"));
    EXPECT_EQ(detail::list_snapshots(home_).size(), 1u) << "nothing was recorded in between";
    store.reset();
    store = open();
    ASSERT_TRUE(store->snapshot("apply"));
    EXPECT_EQ(detail::list_snapshots(home_).size(), 1u);
    for (int i = 1; i < 9; ++i) {
        ASSERT_TRUE(store->record_applied({application("web-" + std::to_string(i))}));
        ASSERT_TRUE(store->snapshot(i % 2 == 0 ? "apply" : "../Odd reason"));
    }
    const auto kept = detail::list_snapshots(home_);
    ASSERT_EQ(kept.size(), 5u);
    EXPECT_EQ(kept.front().number, 9u);
    EXPECT_EQ(kept.back().number, 5u);
    EXPECT_EQ(kept[1].reason, "----dd-reason");
    for (const auto& snapshot : kept) {
        EXPECT_TRUE(detail::check_snapshot(snapshot.path, std::ssize(detail::migrations())));
        EXPECT_EQ(fs::status(snapshot.path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(home_ / "snapshots"), fs::directory_iterator()), 5)
        << "nothing else is left lying about";
}

TEST_F(RecoveryTest, ARunThatBeganIsSomethingRecorded) {
    auto store = open();
    ASSERT_TRUE(store->snapshot("apply"));
    const auto plan = plan_for({"web-1"});
    const auto run = store->begin_run(new_run(plan), plan, nullptr);
    ASSERT_TRUE(store->snapshot("apply"));
    EXPECT_EQ(detail::list_snapshots(home_).size(), 2u);
    ASSERT_TRUE(store->end_run(run->id, RunState::Failed, false));
    ASSERT_TRUE(store->snapshot("apply"));
    EXPECT_EQ(detail::list_snapshots(home_).size(), 3u);
}

} // namespace
} // namespace lab::store
