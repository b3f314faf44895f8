// Servers that stay and would be another machine after an edit, or have another of what a machine has one of.

#include "spec/detail/reach.h"

#include <fmt/format.h>
#include <map>

namespace lab::spec::detail {
namespace {

/// Where a server lives, and what follows from that.
struct Aspect {
    std::string_view name;
    std::string_view (Fleet::*of)(ServerIndex) const;
};
constexpr Aspect kAspects[] = {
    {"environment", &Fleet::environment}, {"cloud", &Fleet::cloud},   {"provider", &Fleet::provider},
    {"region", &Fleet::region},           {"domain", &Fleet::domain},
};
constexpr Provides kFallingBack[] = {Provides::Size, Provides::Layout, Provides::Image};

class MachineCheck {
  public:
    MachineCheck(const FleetPair& pair, Diagnostics& diagnostics) : pair_(pair), diagnostics_(diagnostics) {}

    void run() {
        // Said once for all servers that it happens to: a cloud has many.
        std::map<std::string, std::vector<ServerIndex>> changes;
        for (const FleetPair::Staying& server : pair_.staying())
            if (std::string change = change_of(server); !change.empty())
                changes[std::move(change)].push_back(server.after);
        for (const auto& [change, servers] : changes) {
            const Server* first = pair_.before.inventory().find_server(pair_.after.server(servers[0]).name);
            diagnostics_.add({.code = "edit/another-machine",
                              .message = fmt::format("{} would {}", pair_.names(servers), change),
                              .at = first->at,
                              .help = "a machine that is there is not changed so: destroy it first, or write "
                                      "by hand what it shall be"});
        }
    }

  private:
    std::string change_of(const FleetPair::Staying& server) const {
        for (const Aspect& aspect : kAspects) {
            const auto was = (pair_.before.*aspect.of)(server.before),
                       is = (pair_.after.*aspect.of)(server.after);
            if (was == is) continue;
            return is.empty() ? fmt::format("have no {} instead of '{}'", aspect.name, was)
                              : fmt::format("have the {} '{}' instead of '{}'", aspect.name, is, was);
        }
        // Environment `default` needs no definition, so nothing else tells that it has lost its own.
        if (const Environment* was = pair_.before.state().servers[server.before].environment;
            was && !pair_.after.state().servers[server.after].environment)
            return fmt::format("have nothing of what environment '{}' gives it", was->name);
        if (std::string change = settings_change(server); !change.empty()) return change;
        return fallback_of(server);
    }

    std::string settings_change(const FleetPair::Staying& server) const {
        const ValueMap was = pair_.before.settings(server.before), is = pair_.after.settings(server.after);
        const auto differs = [](const ValueMap& one, const ValueMap& other) -> const std::string* {
            for (const auto& [key, value] : one)
                if (const Value* there = other.find(key); !there || *there != value) return &key;
            return nullptr;
        };
        const std::string* key = differs(was, is);
        if (!key) key = differs(is, was);
        return key ? fmt::format("have another setting '{}' for its provider", *key) : std::string();
    }

    /// A level below that takes over. Where none does the server is without it, as was asked for.
    std::string fallback_of(const FleetPair::Staying& server) const {
        for (const Provides what : kFallingBack) {
            const std::string_view was = pair_.before.chosen(server.before, what),
                                   is = pair_.after.chosen(server.after, what);
            if (was != is && !is.empty())
                return fmt::format("have the {} '{}' instead of '{}'", words_of(what).one, is, was);
        }
        return {};
    }

    const FleetPair& pair_;
    Diagnostics& diagnostics_;
};

} // namespace

void check_machines(const FleetPair& pair, Diagnostics& diagnostics) {
    MachineCheck(pair, diagnostics).run();
}

} // namespace lab::spec::detail
