#include "cli/pillars.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

Tone tone_of(std::string_view state) {
    if (state == "ok" || state == "enrolled") return Tone::Good;
    if (state == "failed" || state == "revoked") return Tone::Bad;
    if (state == "unknown" || state == "none") return Tone::Faint;
    return Tone::Warning; // drift, pending, alerts, enrolling, expiring
}

} // namespace

std::vector<Pillars> pillars(const Session&, std::span<const spec::ServerIndex> servers) {
    return std::vector<Pillars>(servers.size());
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
