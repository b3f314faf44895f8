#include "providers/local/local_provider.h"

#include "providers/local/root_setting.h"
#include "providers/settings.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::providers::local {
namespace {

constexpr std::array kSettings = {
    SettingSchema{.name = "root",
                  .summary =
                      "the tree that stands for the server, a path below LAB_HOME; without it: this machine"},
};

/// The tree's path as written; nothing for this machine itself.
std::optional<std::string> root_of(const ValueMap& settings) {
    const Value* root = settings.find("root");
    const auto* text = root ? root->if_string() : nullptr;
    return text ? std::optional(*text) : std::nullopt;
}

/// Where the server's tree is; the path is empty for this machine itself. Refuses settings that validate()
/// refuses.
Result<RootPlace> place_of(const std::filesystem::path& home, const api::ServerSpec& spec) {
    const Value* root = spec.settings.find("root");
    if (!root) return RootPlace{.path = {}, .exists = true};
    if (const auto problem = check_root(*root))
        return Error{.code = ErrorCode::Invalid, .message = problem->message, .hint = problem->help};
    return find_root(home, *root->if_string());
}

api::ServerState unreachable(std::string why) {
    api::ServerState state;
    state.presence = api::Presence::Unreachable;
    state.detail = std::move(why);
    return state;
}

ValueMap properties_of(const api::ServerSpec& spec) {
    const auto root = root_of(spec.settings);
    return root ? ValueMap{{"root", normal_root(*root)}} : ValueMap{};
}

api::ServerState missing(const api::ServerSpec& spec) {
    api::ServerState state;
    state.presence = api::Presence::Missing;
    state.detail = fmt::format("there is no tree '{}'", normal_root(root_of(spec.settings).value_or("")));
    return state;
}

api::ServerState state_from(const api::ServerSpec& spec, Result<api::Report> report) {
    if (!report) {
        // Removed between our look and the agent's.
        if (report.error().code == ErrorCode::NotFound && root_of(spec.settings)) return missing(spec);
        return unreachable(report.error().text());
    }
    api::ServerState state;
    state.presence = api::Presence::Present;
    state.server_id = report->server_id;
    state.inventory = report->inventory;
    state.properties = properties_of(spec);
    state.report = std::move(*report);
    return state;
}

} // namespace

LocalProvider::LocalProvider(Options options) : options_(std::move(options)), link_(options_.agent) {}

const ProviderSchema& LocalProvider::schema() const {
    static constexpr ProviderSchema kSchema{.name = "local",
                                            .summary = "this machine, or trees on it that stand for machines",
                                            .settings = kSettings};
    return kSchema;
}

std::vector<Provider::SettingProblem> LocalProvider::validate(const ValueMap& settings,
                                                              bool on_server) const {
    auto problems = check_settings(schema(), settings, on_server);
    const Value* root = settings.find("root");
    if (!root || !on_server) return problems;
    if (auto problem = check_root(*root))
        problems.push_back(
            {.setting = "root", .message = std::move(problem->message), .help = std::move(problem->help)});
    return problems;
}

std::vector<Provider::FleetProblem>
LocalProvider::validate_fleet(std::span<const FleetServer> servers) const {
    struct Place {
        std::string path; // with a final '/', so that one in another begins with it; empty: this machine
        std::size_t server;
    };
    std::vector<Place> places;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto root = root_of(*servers[i].settings);
        places.push_back({.path = root ? normal_root(*root) + "/" : std::string(), .server = i});
    }
    const auto before = [](const Place& left, const Place& right) {
        return std::tie(left.path, left.server) < std::tie(right.path, right.server);
    };
    if (!std::is_sorted(places.begin(), places.end(), before)) // trees are often called as their servers
        std::sort(places.begin(), places.end(), before);
    std::vector<FleetProblem> problems;
    const Place* outer = nullptr; // the last place that lies in no other
    for (const Place& place : places) {
        const bool same = outer && outer->path == place.path;
        if (!outer || !(same || (!outer->path.empty() && place.path.starts_with(outer->path)))) {
            outer = &place;
            continue;
        }
        FleetProblem problem{.server = place.server, .other = outer->server};
        const std::string_view other = servers[outer->server].name;
        if (place.path.empty()) {
            problem.message = fmt::format("this machine is already server '{}'", other);
            problem.help = "give one of the two a 'root' of its own";
        } else {
            problem.setting = "root";
            problem.message =
                fmt::format("'root' {} that of server '{}'", same ? "is also" : "lies inside", other);
            problem.help = "give each server a tree of its own";
        }
        problems.push_back(std::move(problem));
    }
    return problems;
}

bool LocalProvider::deletes(const ValueMap& settings) const {
    return settings.contains("root");
}

bool LocalProvider::is_live(const ValueMap& settings) const {
    return !settings.contains("root");
}

void LocalProvider::observe(const std::vector<ObserveServer>& servers, std::size_t parallelism,
                            const Observed& done, std::stop_token stop) {
    std::vector<ObserveRequest> requests;
    std::vector<std::size_t> indexes; // of `servers`, for each request
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const api::ServerSpec& spec = servers[i].spec;
        const auto place = place_of(options_.home, spec);
        if (!place) {
            done(i, unreachable(place.error().text()));
        } else if (!place->exists) {
            done(i, missing(spec));
        } else {
            requests.push_back({.machine = {.server = spec.name, .root = place->path.native()},
                                .desired = servers[i].desired});
            requests.back().desired.server = spec.name;
            indexes.push_back(i);
        }
    }
    link_.observe(
        requests, parallelism,
        [&](std::size_t position, Result<api::Report> report) {
            const std::size_t index = indexes[position];
            done(index, state_from(servers[index].spec, std::move(report)));
        },
        std::move(stop));
}

api::ServerDiff LocalProvider::diff(const api::ServerSpec& spec, const api::ServerState* observed) const {
    const auto root = root_of(spec.settings);
    const std::string tree = root ? normal_root(*root) : std::string();
    api::ServerDiff diff;
    if (observed && observed->presence == api::Presence::Present && observed->server_id.empty()) {
        // Without machine.json it is nobody's, and would stay so where all in it is as wanted already.
        diff.kind = api::ActionKind::Update;
        diff.reason = root ? fmt::format("the tree '{}' is there and is taken over", tree)
                           : "this machine was not lab's yet and is taken over";
        return diff;
    }
    if (!root) return diff; // it is there
    if (!observed || observed->presence == api::Presence::Missing) {
        diff.kind = api::ActionKind::Create;
        diff.reason = observed ? fmt::format("there is no tree '{}'", tree) : "never observed";
        diff.changes.push_back(
            {.path = "root", .before = nullptr, .after = tree, .effect = "create", .diff = {}});
    }
    return diff;
}

Result<api::Report> LocalProvider::apply(const ApplyServer& request, const ProgressSink& progress,
                                         std::stop_token stop) {
    auto place = place_of(options_.home, request.spec);
    if (!place) return std::move(place).error();
    const bool replace = request.kind == api::ActionKind::Replace;
    if (replace && place->exists && deletes(request.spec.settings))
        LAB_TRY(destroy(request.spec, request.idempotency_key, stop));
    api::Desired desired = request.desired;
    desired.server = request.spec.name;
    desired.server_id = request.spec.server_id;
    desired.inventory = request.spec.inventory;
    const bool create = replace || request.kind == api::ActionKind::Create;
    return link_.apply({.server = request.spec.name, .root = place->path.native()}, desired, create, progress,
                       std::move(stop));
}

Result<void> LocalProvider::destroy(const api::ServerSpec& spec, std::string_view, std::stop_token stop) {
    if (!deletes(spec.settings))
        return Error{.code = ErrorCode::Denied,
                     .message = fmt::format(
                         "server '{}' is a machine that lab did not make: it is never destroyed", spec.name)};
    auto place = place_of(options_.home, spec);
    if (!place) return std::move(place).error();
    if (!place->exists) return {};
    const api::Desired identity{.server = spec.name,
                                .server_id = spec.server_id,
                                .inventory = spec.inventory,
                                .commit = {},
                                .key = {},
                                .resources = {}};
    return link_.destroy({.server = spec.name, .root = place->path.native()}, identity, std::move(stop));
}

} // namespace lab::providers::local
