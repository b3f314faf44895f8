#include "cli/pillars.h"

#include "reconciler/desired.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace lab::cli {
namespace {

Tone tone_of(std::string_view state) {
    if (state == "ok" || state == "enrolled") return Tone::Good;
    if (state == "failed" || state == "revoked") return Tone::Bad;
    if (state == "unknown" || state == "none") return Tone::Faint;
    return Tone::Warning; // drift, pending, alerts, enrolling, expiring
}

/// SYNC by the three keys of a server: desired, applied, last seen.
Pillar sync_of(const store::ServerKeys& known, const Digest& wanted) {
    Pillar pillar{.state = "unknown", .detail = {}, .at = known.observed_at};
    if (!known.applied) {
        pillar.state = "pending";
        pillar.detail = "never applied";
    } else if (known.presence == api::Presence::Unreachable) {
        pillar.detail = "out of reach";
    } else if (known.presence == api::Presence::Missing) {
        pillar.state = "drift";
        pillar.detail = "the machine is gone";
    } else if (known.applied_key != wanted) {
        pillar.state = "pending";
        pillar.detail = "the inventory is newer than what was applied, or an apply was not whole";
    } else if (known.in_sync_key != wanted) {
        pillar.state = "drift";
    } else {
        pillar.state = "ok";
    }
    return pillar;
}

bool not_all_was_seen(const store::Store& store, const std::string& name) {
    const auto observed = store.observed(name);
    return observed && *observed && (*observed)->has_failed();
}

/// Servers with a failed step in the newest run.
std::set<std::string, std::less<>> failed_servers(const store::Store& store) {
    std::set<std::string, std::less<>> failed;
    const auto newest = store.runs(1);
    if (!newest || newest->empty()) return failed;
    const auto run = store.run(newest->front().id);
    if (!run || !*run) return failed;
    constexpr std::string_view kServer = "server/";
    for (const store::Step& step : (*run)->steps)
        if (step.state == store::StepState::Failed && step.action.starts_with(kServer))
            failed.insert(step.action.substr(kServer.size(), step.action.find_first_of("/#", kServer.size()) -
                                                                 kServer.size()));
    return failed;
}

/// CONFIG: whether the modules took, by the newest run and what was seen since.
Pillar config_of(const Pillar& sync, bool failed) {
    Pillar pillar{.state = sync.state, .detail = sync.detail, .at = sync.at};
    if (failed) {
        pillar.state = "failed";
        pillar.detail = "a step of the newest run failed";
    } else if (sync.state == "drift") {
        pillar.state = "pending";
    }
    return pillar;
}

/// What the state knows of servers: read as a whole, or one by one where only a part of the inventory was
/// read, since that is about few.
class KnownRows {
  public:
    explicit KnownRows(const Session& session) : store_(session.store()) {
        if (session.inventory().rest) return;
        auto all = store_.servers();
        all_ = all ? *std::move(all) : std::vector<store::ServerKeys>();
    }
    std::optional<store::ServerKeys> find(const std::string& name) const {
        if (!all_) {
            auto row = store_.server(name);
            return row && *row ? std::optional<store::ServerKeys>(std::move(**row)) : std::nullopt;
        }
        const auto row =
            std::lower_bound(all_->begin(), all_->end(), name,
                             [](const auto& one, const std::string& wanted) { return one.name < wanted; });
        return row != all_->end() && row->name == name ? std::optional(*row) : std::nullopt;
    }

  private:
    const store::Store& store_;
    std::optional<std::vector<store::ServerKeys>> all_;
};

} // namespace

std::vector<Pillars> pillars(const Session& session, std::span<const spec::ServerIndex> servers) {
    std::vector<Pillars> all(servers.size());
    if (!session.has_store()) return all;
    const KnownRows known(session);
    const auto failed = failed_servers(session.store());
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const std::string& name = session.fleet().server(servers[i]).name;
        all[i].identity.state = "none"; // nothing enrolls in this build
        const auto row = known.find(name);
        if (!row) continue;
        all[i].sync = sync_of(*row, session.fleet().key(servers[i]));
        if (all[i].sync.state == "drift" && all[i].sync.detail.empty() &&
            not_all_was_seen(session.store(), name)) {
            all[i].sync.state = "unknown";
            all[i].sync.detail = "a resource could not be looked at";
        }
        all[i].config = config_of(all[i].sync, failed.contains(name));
    }
    return all;
}

Cell pillar_cell(const Pillar& pillar, WallTime now) {
    const std::string text =
        pillar.at ? fmt::format("{} ({})", pillar.state, format_age(now - *pillar.at)) : pillar.state;
    return Cell(text, tone_of(pillar.state));
}

Value pillar_value(const Pillar& pillar, WallTime now) {
    ValueMap value{{"state", Value(pillar.state)},
                   {"detail", pillar.detail.empty() ? Value() : Value(pillar.detail)},
                   {"at", Value()},
                   {"age_seconds", Value()}};
    if (pillar.at) {
        value.set("at", Value(format_time(*pillar.at)));
        value.set(
            "age_seconds",
            Value(std::int64_t{std::chrono::duration_cast<std::chrono::seconds>(now - *pillar.at).count()}));
    }
    return Value(std::move(value));
}

Value pillars_value(const Pillars& all, WallTime now) {
    return Value(ValueMap{{"sync", pillar_value(all.sync, now)},
                          {"config", pillar_value(all.config, now)},
                          {"health", pillar_value(all.health, now)},
                          {"identity", pillar_value(all.identity, now)}});
}

} // namespace lab::cli
