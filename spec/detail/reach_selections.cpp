// Filters after an edit: groups, modules, clusters, alerts and secrets that would come to more servers.

#include "spec/detail/reach.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::string_view kHelp = "say first, by hand, whom it shall be for without that";

class SelectionCheck {
  public:
    SelectionCheck(const FleetPair& pair, Diagnostics& diagnostics)
        : pair_(pair), before_(pair.before.inventory()), after_(pair.after.inventory()),
          diagnostics_(diagnostics) {}

    void run() {
        check_groups();
        check_modules();
        check_clusters();
        check_alerts();
        check_secrets();
    }

  private:
    using Servers = std::vector<ServerIndex>;
    using Filter = std::optional<Target>;

    /// Calls `check` with what is in both, as it was and as it is.
    template <typename Map, typename Check>
    static void each(const Map& before, const Map& after, Check check) {
        for (const auto& [name, now] : after)
            if (const auto then = before.find(name); then != before.end()) check(then->second, now);
    }

    /// Says that a key of the filter is gone; false where none is.
    bool tell_lost(std::string_view what, std::string_view word, const Filter& then, const Filter& now,
                   Untargeted without) {
        const std::string lost = lost_of_target(word, then, now, without);
        if (lost.empty()) return false;
        add_wider(diagnostics_, fmt::format("{} would lose {}, and select more", what, lost), then->at,
                  std::string(kHelp));
        return true;
    }

    /// `does` says what it would do to the servers that it comes to: "select".
    void tell_gained(std::string_view what, std::string_view does, const Servers& then, const Servers& now,
                     const Span& at) {
        if (const Servers more = pair_.gained(then, now); !more.empty())
            add_wider(diagnostics_, fmt::format("{} would also {} {}", what, does, pair_.names(more)), at,
                      std::string(kHelp));
    }

    static Servers selected(const Fleet& fleet, const Filter& filter, Untargeted without) {
        if (filter) return evaluate(fleet.state(), *filter).members();
        return without == Untargeted::Everybody ? Bitset(fleet.size(), true).members() : Servers();
    }

    /// A group's own `exclude` as that of a filter.
    static Filter leaving_out(const Filter& exclude) {
        Target target;
        if (exclude) {
            target.at = exclude->at;
            target.exclude.push_back(*exclude);
        }
        return target;
    }

    void check_groups() {
        each(before_.groups, after_.groups, [&](const Group& then, const Group& now) {
            const std::string what = fmt::format("group '{}'", now.name);
            if (tell_lost(what, "match", then.match, now.match, Untargeted::Nobody)) return;
            if (then.exclude && tell_lost(what, "exclude", leaving_out(then.exclude),
                                          leaving_out(now.exclude), Untargeted::Nobody))
                return;
            tell_gained(what, "select", pair_.before.members(now.name), pair_.after.members(now.name),
                        then.at);
        });
    }

    void check_modules() {
        each(before_.modules, after_.modules, [&](const Module& then, const Module& now) {
            const std::string what = fmt::format("module '{}'", now.name);
            if (tell_lost(what, "targets", then.targets, now.targets, Untargeted::Everybody)) return;
            tell_gained(what, "be allowed on", selected(pair_.before, then.targets, Untargeted::Everybody),
                        selected(pair_.after, now.targets, Untargeted::Everybody), then.at);
        });
    }

    void check_clusters() {
        each(before_.clusters, after_.clusters, [&](const Cluster& then, const Cluster& now) {
            const std::string what = fmt::format("cluster '{}'", now.name);
            if (tell_lost(what, "target", then.target, now.target, Untargeted::Nobody)) return;
            tell_gained(what, "have as nodes", selected(pair_.before, then.target, Untargeted::Nobody),
                        selected(pair_.after, now.target, Untargeted::Nobody), then.at);
        });
    }

    void check_alerts() {
        each(before_.alerts, after_.alerts, [&](const Alert& then, const Alert& now) {
            const std::string what = fmt::format("alert '{}'", now.name);
            // The target of an alert that lab generates narrows; that of another adds, and of only an
            // `exclude` nobody.
            const bool generated = !catalogue_alert(now.name).empty();
            const Filter none;
            const Filter& left = !generated && now.target && now.target->only_excludes() ? none : now.target;
            if (tell_lost(what, "target", then.target, left,
                          generated ? Untargeted::Everybody : Untargeted::Nobody))
                return;
            tell_gained(what, "fire on", servers_with_alert(pair_.before, now.name),
                        servers_with_alert(pair_.after, now.name), then.at);
        });
    }

    void check_secrets() {
        each(before_.secrets, after_.secrets, [&](const Secret& then, const Secret& now) {
            const std::string what = fmt::format("secret '{}'", now.path);
            if (tell_lost(what, "target", then.target, now.target, Untargeted::Nobody)) return;
            tell_gained(what, "be readable on", readers_of(pair_.before, now.path),
                        readers_of(pair_.after, now.path), then.at);
        });
    }

    const FleetPair& pair_;
    const Inventory& before_;
    const Inventory& after_;
    Diagnostics& diagnostics_;
};

} // namespace

void check_selections(const FleetPair& pair, Diagnostics& diagnostics) {
    SelectionCheck(pair, diagnostics).run();
}

} // namespace lab::spec::detail
