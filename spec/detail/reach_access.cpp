// Access after an edit: roles that would allow more or deny less, users who would lose a role that denies.

#include "spec/detail/reach.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

/// A thing that stays and stands somewhere, as rules see it. Of all else (`secret/x`) a rule goes out only
/// with the thing that it names.
struct Object {
    AccessObject then, now;
    std::optional<FleetPair::Staying> server;
};

bool same_place(const AccessObject& one, const AccessObject& other) {
    return one.cloud == other.cloud && one.environment == other.environment;
}

bool same_rules(const std::vector<AccessRule>& one, const std::vector<AccessRule>& other) {
    return std::equal(
        one.begin(), one.end(), other.begin(), other.end(),
        [](const AccessRule& a, const AccessRule& b) { return a.written.value == b.written.value; });
}

/// A role in one of the fleets, with the servers that its rules speak of.
struct Speaker {
    const Role& role;
    std::optional<Bitset> servers; // none: all

    Speaker(const Fleet& fleet, const Role& of) : role(of) {
        if (role.target) servers = evaluate(fleet.state(), *role.target);
    }
    bool speaks_of(std::optional<ServerIndex> server) const {
        return !server || !servers || servers->test(*server);
    }
    bool says(const std::vector<AccessRule>& rules, Verb verb, const AccessObject& object,
              std::optional<ServerIndex> server) const {
        return speaks_of(server) && std::any_of(rules.begin(), rules.end(), [&](const AccessRule& rule) {
                   return covers(rule, verb, object);
               });
    }
};

std::string_view place_of(const Record& record, std::string_view key) {
    const Property* property = record.find(key);
    return property ? std::string_view(*property->value.if_string()) : std::string_view();
}

class AccessCheck {
  public:
    AccessCheck(const FleetPair& pair, Diagnostics& diagnostics)
        : pair_(pair), before_(pair.before.inventory()), after_(pair.after.inventory()),
          diagnostics_(diagnostics) {}

    void run() {
        collect();
        for (const auto& [name, now] : after_.roles)
            if (const auto then = before_.roles.find(name); then != before_.roles.end())
                check_role(then->second, now);
        for (const auto& [name, now] : after_.users)
            if (const auto then = before_.users.find(name); then != before_.users.end())
                check_user(then->second, now);
    }

  private:
    void collect() {
        for (const FleetPair::Staying& server : pair_.staying())
            objects_.push_back({.then = server_object(pair_.before, server.before),
                                .now = server_object(pair_.after, server.after),
                                .server = server});
        for (const auto& [name, now] : after_.clusters)
            if (const auto then = before_.clusters.find(name); then != before_.clusters.end())
                add("cluster", name, then->second, now);
        for (const auto& [name, now] : after_.apps)
            if (const auto then = before_.apps.find(name); then != before_.apps.end())
                add("app", name, before_.clusters.at(then->second.text("cluster")),
                    after_.clusters.at(now.text("cluster")));
        places_stay_ = std::all_of(objects_.begin(), objects_.end(),
                                   [](const Object& object) { return same_place(object.then, object.now); });
    }

    static AccessObject server_object(const Fleet& fleet, ServerIndex index) {
        return {fleet.cloud(index), fleet.environment(index), "server", fleet.server(index).name};
    }
    void add(std::string_view kind, std::string_view name, const Cluster& then, const Cluster& now) {
        const auto object = [&](const Cluster& where) {
            return AccessObject{place_of(where, "cloud"), place_of(where, "environment"), kind, name};
        };
        objects_.push_back({.then = object(then), .now = object(now), .server = std::nullopt});
    }

    bool same_servers(const Speaker& then, const Speaker& now) const {
        return std::all_of(pair_.staying().begin(), pair_.staying().end(),
                           [&](const FleetPair::Staying& server) {
                               return then.speaks_of(server.before) == now.speaks_of(server.after);
                           });
    }

    void check_role(const Role& was, const Role& is) {
        if (const std::string lost = lost_of_target("target", was.target, is.target, Untargeted::Everybody);
            !lost.empty())
            return add_wider(diagnostics_,
                             fmt::format("role '{}' would lose {}, and speak of more", is.name, lost),
                             was.target->at, "say first, by hand, whom it shall be for without that");
        const Speaker then(pair_.before, was), now(pair_.after, is);
        if (places_stay_ && same_rules(was.allow, is.allow) && same_rules(was.deny, is.deny) &&
            same_servers(then, now))
            return;
        tell(was, "allow", [&](const Object& object, Verb verb) {
            return speaks(now, now.role.allow, verb, object, true) &&
                   !speaks(then, then.role.allow, verb, object, false);
        });
        tell(was, "no longer deny", [&](const Object& object, Verb verb) {
            return speaks(then, then.role.deny, verb, object, false) &&
                   !speaks(now, now.role.deny, verb, object, true);
        });
    }

    static bool speaks(const Speaker& speaker, const std::vector<AccessRule>& rules, Verb verb,
                       const Object& object, bool after) {
        std::optional<ServerIndex> server;
        if (object.server) server = after ? object.server->after : object.server->before;
        return speaker.says(rules, verb, after ? object.now : object.then, server);
    }

    /// Says the first thing of which `differs` is true, and how many others there are.
    template <typename Differs>
    void tell(const Role& role, std::string_view does, Differs differs) {
        std::string first;
        std::size_t others = 0;
        for (const Object& object : objects_)
            for (std::size_t verb = 0; verb < verb_names().size(); ++verb) {
                if (!differs(object, static_cast<Verb>(verb))) continue;
                if (first.empty())
                    first =
                        fmt::format("'{}' on {} '{}'", verb_names()[verb], object.now.kind, object.now.name);
                else
                    ++others;
                break;
            }
        if (first.empty()) return;
        if (others > 0) first += fmt::format(", and on {} more", others);
        add_wider(diagnostics_, fmt::format("role '{}' would {} {}", role.name, does, first), role.at,
                  "say first, by hand, what it shall allow and deny without that");
    }

    /// Whatever the role denies, another of the user's may allow.
    void check_user(const Record& was, const Record& is) {
        const auto roles = [](const Record& user) {
            std::vector<std::string> names;
            if (const Property* list = user.find("roles"))
                for (const Value& name : *list->value.if_list())
                    names.push_back(*name.if_string());
            return names;
        };
        const auto left = roles(is);
        const auto allowing = std::find_if(left.begin(), left.end(), [&](const std::string& name) {
            return !after_.roles.at(name).allow.empty();
        });
        if (allowing == left.end()) return;
        for (const std::string& name : roles(was)) {
            if (std::find(left.begin(), left.end(), name) != left.end()) continue;
            if (before_.roles.at(name).deny.empty()) continue;
            add_wider(diagnostics_,
                      fmt::format("user '{}' would lose role '{}', which denies, and keep '{}'", is.name,
                                  name, *allowing),
                      was.at,
                      fmt::format("take it away from the user first, where that is meant: lab unbind role {} "
                                  "--user {}",
                                  name, is.name));
        }
    }

    const FleetPair& pair_;
    const Inventory& before_;
    const Inventory& after_;
    Diagnostics& diagnostics_;
    std::vector<Object> objects_;
    bool places_stay_ = true;
};

} // namespace

void check_access(const FleetPair& pair, Diagnostics& diagnostics) {
    AccessCheck(pair, diagnostics).run();
}

} // namespace lab::spec::detail
