// What holds for every plan, over random servers. A failure prints the seed that makes it again.
#include "fixture.h"

#include "planner/views.h"

#include <algorithm>
#include <random>
#include <set>

namespace lab::planner {
namespace {

using namespace test;

/// Random states over few names and values, so that everything meets everything.
class Dice {
  public:
    explicit Dice(std::uint32_t seed) : random_(seed) {}
    std::size_t below(std::size_t count) { return random_() % count; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    std::mt19937& engine() { return random_; }

    api::Resource resource() {
        const std::string name = std::string(1, "abcd"[below(4)]);
        switch (below(5)) {
        case 0: return file("/etc/" + name, word() + "\n", one_in(3) ? R"({"sensitive": true})" : "{}");
        case 1:
            return test::resource("directory/srv/" + name, one_in(3)
                                                               ? R"({"ensure": "absent", "recursive": true})"
                                                               : R"({"mode": "0755"})");
        case 2:
            return test::resource("service/" + name,
                                  one_in(2) ? R"({"running": true})" : R"({"running": false})");
        case 3:
            return test::resource("sysctl/net." + name,
                                  one_in(2) ? R"({"value": "0"})" : R"({"value": "1"})");
        default:
            return test::resource("line/" + name, R"({"path": "/etc/hosts", "text": ")" + word() + "\"}");
        }
    }

    /// Modules without an id twice, with edges from later resources to earlier ones.
    std::vector<spec::ModuleUnit> units() {
        std::vector<spec::ModuleUnit> out;
        std::vector<std::string> ids;
        for (const char* module : {"m1", "m2", "m3"}) {
            if (one_in(4)) continue;
            std::vector<api::Resource> resources;
            for (std::size_t i = below(4); i > 0; --i) {
                api::Resource each = resource();
                if (std::find(ids.begin(), ids.end(), each.id()) != ids.end()) continue;
                if (!ids.empty() && one_in(2)) each.after = {ids[below(ids.size())]};
                ids.push_back(each.id());
                resources.push_back(std::move(each));
            }
            out.push_back(unit(module, std::move(resources)));
        }
        return out;
    }

    ServerInput server(const std::string& name) {
        ServerInput out = settled(name, units());
        if (one_in(2)) out.desired->units = units();
        out.desired->protect = one_in(6);
        out.applied->protect = one_in(6);
        out.live = !one_in(5);
        // Seen: as applied, as desired, otherwise, or not there.
        ObservedServer seen = observed_of(*out.desired);
        for (auto& [id, found] : out.observed->resources)
            seen.resources[id] = found;
        for (auto& [id, found] : seen.resources) {
            if (one_in(3)) found = absent();
            if (one_in(4)) found.properties.set("mode", "0700");
            if (one_in(12)) found = {.properties = {}, .skipped = false, .failed = true, .reason = "denied"};
        }
        out.observed = std::move(seen);
        if (one_in(8)) out.observed->state.presence = api::Presence::Unreachable;
        if (one_in(8))
            out.applied.reset();
        else if (one_in(8))
            out.desired.reset();
        if (out.desired && one_in(8)) {
            out.observed.reset();
            out.provider_diff = {.kind = api::ActionKind::Create, .reason = "nothing there"};
        }
        return out;
    }

    PlanInput input() {
        std::vector<ServerInput> servers;
        for (std::size_t i = 0; i < 1 + below(8); ++i)
            servers.push_back(server("s" + std::to_string(i)));
        PlanInput out = test::input(std::move(servers));
        out.allow_destroy = one_in(2);
        out.max_destructive_percent = one_in(2) ? 100 : 20;
        return out;
    }

  private:
    std::string word() { return one_in(2) ? "red" : "blue"; }
    std::mt19937 random_;
};

std::string everything(const Planned& planned) {
    std::string out = api::write_plan(planned.plan) + render_text(planned.plan, {.details = true}) +
                      render_markdown(planned.plan);
    for (const Settled& settled : planned.settled) {
        out += settled.server + " " + settled.module;
        for (const std::string& id : settled.resources)
            out += " " + id;
        out += "\n";
    }
    return out;
}

constexpr std::uint32_t kSeeds = 300;

TEST(Properties, ThePlanDoesNotDependOnTheOrderOfItsInput) {
    for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
        Dice dice(seed);
        PlanInput first = dice.input();
        first.warnings = {"b", "a", "c"};
        PlanInput second = first;
        std::shuffle(second.servers.begin(), second.servers.end(), dice.engine());
        std::shuffle(second.warnings.begin(), second.warnings.end(), dice.engine());
        for (ServerInput& server : second.servers)
            if (server.applied)
                std::shuffle(server.applied->modules.begin(), server.applied->modules.end(), dice.engine());
        ASSERT_EQ(everything(make_plan(first)), everything(make_plan(second))) << "seed " << seed;
    }
}

void carry_out(const api::Resource& resource, const api::Action& action,
               std::map<std::string, ObservedResource>& observed) {
    const std::string id = resource.id();
    if (std::find(action.unseen.begin(), action.unseen.end(), id) != action.unseen.end())
        observed[id] = seen(resource);
    for (const api::PropertyChange& change : action.changes)
        if (change.path.starts_with(id + "."))
            observed[id].properties.set(change.path.substr(id.size() + 1), change.after);
}

/// The machine after its agent did what the plan says, as it would report it.
void carry_out(ServerInput& server, const api::Plan& plan) {
    server.provider_diff = {};
    if (!server.observed) server.observed = ObservedServer{.at = kNow, .fresh = true};
    server.observed->state.presence = api::Presence::Present;
    for (const api::Action& action : plan.actions) {
        if (!action.resource.starts_with("server/" + server.name + "/")) continue;
        for (const spec::ModuleUnit& each : server.desired->units)
            for (const api::Resource& resource : each.resources)
                carry_out(resource, action, server.observed->resources);
    }
}

TEST(Properties, WhatThePlanWouldMakeHasAnEmptyPlan) {
    for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
        Dice dice(seed);
        PlanInput input = dice.input();
        std::erase_if(input.servers, [](const ServerInput& server) { return !server.desired; });
        const Planned planned = make_plan(input);
        for (ServerInput& server : input.servers)
            carry_out(server, planned.plan);
        const Planned after = make_plan(input);
        ASSERT_EQ(text(after.plan), "") << "seed " << seed << "\n" << text(planned.plan);
    }
}

TEST(Properties, ATargetedPlanIsARestrictionOfTheWhole) {
    for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
        Dice dice(seed);
        PlanInput input = dice.input();
        // The guard counts what is in the run, so it may allow in a part what it does not in the whole.
        input.max_destroy = 100;
        input.max_destructive_percent = 100;
        const Planned whole = make_plan(input);
        const std::string server = "server/s" + std::to_string(dice.below(input.servers.size()));
        input.targets = {dice.one_in(2) ? server : server + "/module/m" + std::to_string(1 + dice.below(3))};
        const Planned part = make_plan(input);
        std::set<std::string> ids;
        for (const api::Action& action : part.plan.actions) {
            ids.insert(action.id);
            const auto same = std::find_if(whole.plan.actions.begin(), whole.plan.actions.end(),
                                           [&](const auto& other) { return other.id == action.id; });
            ASSERT_NE(same, whole.plan.actions.end()) << "seed " << seed;
            EXPECT_EQ(same->precondition, action.precondition) << "seed " << seed;
            EXPECT_EQ(same->changes, action.changes) << "seed " << seed;
            EXPECT_EQ(same->blocked.has_value(), action.blocked.has_value()) << "seed " << seed;
        }
        for (const api::Action& action : part.plan.actions)
            for (const std::string& id : action.depends_on)
                EXPECT_TRUE(ids.contains(id)) << "seed " << seed << ": " << action.id << " needs " << id;
        EXPECT_EQ(part.plan.outside_scope, whole.plan.actions.size() - part.plan.actions.size())
            << "seed " << seed;
    }
}

TEST(Properties, ASavedPlanReadsBackTheSame) {
    for (std::uint32_t seed = 0; seed < kSeeds; ++seed) {
        Dice dice(seed);
        const api::Plan plan = make_plan(dice.input()).plan;
        const std::string document = api::write_plan(plan);
        const auto back = api::read_plan(document);
        ASSERT_TRUE(back) << "seed " << seed << ": " << back.error().text();
        ASSERT_EQ(api::write_plan(*back), document) << "seed " << seed;
    }
}

} // namespace
} // namespace lab::planner
