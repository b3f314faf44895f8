#pragma once
// A lab home in a temporary folder, a clock that only moves when told, and servers to record.

#include "store/store.h"
#include "support/text.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <stdlib.h>
#include <unistd.h>

namespace lab::store {

class ManualClock final : public Clock {
  public:
    WallTime wall() const override { return now_; }
    SteadyTime steady() const override { return SteadyTime(now_.time_since_epoch()); }
    void advance(std::chrono::milliseconds by) { now_ += by; }

  private:
    WallTime now_ = parse_time("2026-11-20T10:15:00Z").value();
};

class StoreFixture : public ::testing::Test {
  protected:
    void SetUp() override {
        // In memory where that is possible: fsync is called as ever, but nobody waits for a disk.
        const std::filesystem::path memory = "/dev/shm";
        const bool usable = ::access(memory.c_str(), W_OK) == 0;
        std::string pattern =
            ((usable ? memory : std::filesystem::temp_directory_path()) / "lab-store-XXXXXX").native();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        top_ = pattern;
        home_ = top_ / "home";
    }
    void TearDown() override {
        if (!HasFailure()) std::filesystem::remove_all(top_);
    }

    Result<std::unique_ptr<Store>> try_open(const std::string& inventory = "inv-1") {
        notes_ = {};
        return Store::open({.home = home_, .inventory = inventory, .clock = &clock_}, notes_);
    }
    std::unique_ptr<Store> open(const std::string& inventory = "inv-1") {
        auto store = try_open(inventory);
        EXPECT_TRUE(store) << store.error().text();
        return store ? std::move(*store) : nullptr;
    }
    std::string notes() const {
        std::string all;
        for (const auto& warning : notes_.warnings)
            all += warning + "\n";
        return all;
    }

    static std::string read(const std::filesystem::path& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static void write(const std::filesystem::path& path, std::string_view bytes) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    }
    std::vector<std::filesystem::path> files(const std::string& prefix) const {
        std::vector<std::filesystem::path> found;
        for (const auto& entry : std::filesystem::directory_iterator(home_))
            if (entry.path().filename().native().starts_with(prefix)) found.push_back(entry.path());
        return found;
    }

    std::filesystem::path top_, home_;
    ManualClock clock_;
    OpenNotes notes_;
};

inline api::Resource motd(const std::string& content) {
    api::Resource resource;
    resource.type = "file";
    resource.name = "/etc/motd";
    resource.module = "motd";
    resource.properties = {{"ensure", "present"}, {"content", content}, {"mode", "0644"}};
    return resource;
}

inline planner::AppliedModule module_of(const std::string& name, const std::string& content,
                                        const std::string& commit = "c0ffee") {
    return {.module = name, .resources = {{.resource = motd(content), .commit = commit}}};
}

inline Store::Application application(const std::string& name, const std::string& content = "hello\n") {
    Store::Application application;
    application.server.spec = {.name = name,
                               .server_id = "srv-" + name,
                               .inventory = "inv-1",
                               .provider = "local",
                               .settings = {{"root", "trees/" + name}}};
    application.server.environment = "prod";
    application.server.cloud = "local";
    application.server.region = "here";
    application.server.labels = {"base", "tier=web"};
    application.server.commit = "c0ffee";
    application.server.modules = {module_of("motd", content)};
    application.applied_key = sha256("key of " + content);
    return application;
}

inline Store::Observation observation(const std::string& name, WallTime at,
                                      const std::string& content = "hello\n") {
    Store::Observation observation;
    observation.name = name;
    observation.observed.at = at;
    observation.observed.state = {.presence = api::Presence::Present,
                                  .detail = "",
                                  .server_id = "srv-" + name,
                                  .inventory = "inv-1",
                                  .properties = {{"root", "trees/" + name}},
                                  .report = std::nullopt};
    observation.observed.resources["file/etc/motd"] = {
        .properties = {{"ensure", "present"}, {"content", content}, {"mode", "0644"}}};
    observation.observed.resources["service/chrony"] = {
        .properties = {}, .skipped = true, .failed = false, .reason = "needs a live system"};
    observation.observed.facts =
        ValueMap{{"os", ValueMap{{"id", "debian"}}}, {"cpu", ValueMap{{"cores", 4}}}};
    observation.in_sync_key = sha256("key of " + content);
    observation.skipped = 1;
    return observation;
}

/// A plan that updates one module on each of these servers.
inline api::Plan plan_for(const std::vector<std::string>& servers,
                          const std::string& reason = "content differs") {
    api::Plan plan;
    plan.inventory.id = "inv-1";
    for (const auto& name : servers) {
        api::Action action;
        action.resource = "server/" + name + "/module/motd";
        action.id = action.resource + "#update";
        action.provider = "local";
        action.reason = reason;
        plan.actions.push_back(std::move(action));
    }
    plan.summary.update = servers.size();
    return plan;
}

inline Run new_run(const api::Plan& plan) {
    Run run;
    run.kind = "apply";
    run.plan_id = api::plan_id(plan);
    run.commit = "c0ffee";
    run.who = "root";
    run.host = "build-1";
    return run;
}

} // namespace lab::store
