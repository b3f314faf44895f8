#include "reconciler/scope.h"

#include "reconciler/detail/lookup.h"
#include "support/text.h"

#include <algorithm>

namespace lab::reconciler {
namespace {

bool any_equal(const std::vector<spec::Term>& terms, std::string_view text) {
    return std::any_of(terms.begin(), terms.end(), [&](const spec::Term& term) { return term.text == text; });
}

/// "k3s" names every value of the label, "k3s=server" one.
bool has_label(const store::KnownServer& server, std::string_view wanted) {
    return std::any_of(server.labels.begin(), server.labels.end(), [&](const std::string& label) {
        return label == wanted || (label.starts_with(wanted) && label.substr(wanted.size()).starts_with('='));
    });
}

bool any_label(const store::KnownServer& server, const std::vector<spec::Term>& terms) {
    return std::any_of(terms.begin(), terms.end(),
                       [&](const spec::Term& term) { return has_label(server, term.text); });
}

bool any_glob(const std::vector<spec::Term>& terms, std::string_view name) {
    return std::any_of(terms.begin(), terms.end(),
                       [&](const spec::Term& term) { return glob_match(term.text, name); });
}

/// A server that is gone from the YAML is selected by what it was applied with. It is in no group any more.
bool gone_matches(const store::KnownServer& server, const spec::Target& target) {
    const bool all_labels = std::all_of(target.all_labels.begin(), target.all_labels.end(),
                                        [&](const spec::Term& term) { return has_label(server, term.text); });
    const bool matches =
        all_labels && target.groups.empty() && (target.labels.empty() || any_label(server, target.labels)) &&
        (target.environments.empty() || any_equal(target.environments, server.environment)) &&
        (target.regions.empty() || any_equal(target.regions, server.region)) &&
        (target.clouds.empty() || any_equal(target.clouds, server.cloud)) &&
        (target.providers.empty() || any_equal(target.providers, server.provider)) &&
        (target.servers.empty() || any_glob(target.servers, server.name));
    return matches &&
           std::none_of(target.exclude.begin(), target.exclude.end(), [&](const spec::Target& out) {
               return any_label(server, out.labels) || any_equal(out.environments, server.environment) ||
                      any_equal(out.regions, server.region) || any_equal(out.clouds, server.cloud) ||
                      any_equal(out.providers, server.provider) || any_glob(out.servers, server.name);
           });
}

} // namespace

bool is_settled(const store::ServerKeys& known, const Digest& key) noexcept {
    return known.applied && known.presence == api::Presence::Present && known.applied_key == key &&
           known.in_sync_key == key;
}

Result<Scope> scope_of(const Workspace& workspace, const std::vector<store::ServerKeys>& known,
                       const std::optional<spec::Target>& filter, const KnownRow& row) {
    const spec::Fleet& fleet = workspace.fleet;
    Scope scope;
    if (filter) {
        LAB_CHECK(!workspace.rest, "a filter needs the whole fleet");
        for (const spec::ServerIndex index : fleet.select(*filter))
            scope.servers.push_back(fleet.server(index).name);
        scope.outside = fleet.size() - scope.servers.size();
    } else {
        for (spec::ServerIndex index = 0; index < fleet.size(); ++index)
            scope.servers.push_back(fleet.server(index).name);
    }
    detail::FleetLookup inventory(workspace);
    for (const store::ServerKeys& server : known) {
        if (!server.applied || inventory.contains(server.name)) continue;
        bool wanted = true;
        if (filter) {
            const auto found = row(server.name);
            if (!found) return found.error();
            wanted = *found && gone_matches(**found, *filter);
        }
        if (wanted)
            scope.servers.push_back(server.name);
        else
            ++scope.outside;
    }
    if (!std::is_sorted(scope.servers.begin(), scope.servers.end()))
        std::sort(scope.servers.begin(), scope.servers.end());
    return scope;
}

} // namespace lab::reconciler
