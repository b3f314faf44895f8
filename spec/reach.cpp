#include "spec/reach.h"

#include "spec/detail/reach.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::spec {
namespace detail {
namespace {

struct TargetKey {
    std::string_view name;
    std::vector<Term> Target::*terms;
};
constexpr TargetKey kTargetKeys[] = {
    {"labels", &Target::labels}, {"environment", &Target::environments}, {"region", &Target::regions},
    {"cloud", &Target::clouds},  {"provider", &Target::providers},       {"size", &Target::sizes},
    {"groups", &Target::groups}, {"servers", &Target::servers},
};

/// A region that an exclude named. A label or a group that is gone excludes nobody any more; a region is no
/// definition, and servers may come to it again.
const Term* lost_region(const std::vector<Target>& before, const std::vector<Target>& after) {
    for (const Target& exclude : before)
        for (const Term& region : exclude.regions) {
            const bool stays = std::any_of(after.begin(), after.end(), [&](const Target& one) {
                return std::any_of(one.regions.begin(), one.regions.end(),
                                   [&](const Term& other) { return other.text == region.text; });
            });
            if (!stays) return &region;
        }
    return nullptr;
}

} // namespace

FleetPair::FleetPair(const Fleet& old, const Fleet& now) : before(old), after(now) {
    for (ServerIndex i = 0; i < after.size(); ++i)
        if (const auto was = before.find(after.server(i).name)) staying_.push_back({*was, i});
}

std::vector<ServerIndex> FleetPair::gained(const std::vector<ServerIndex>& then,
                                           const std::vector<ServerIndex>& now) const {
    std::vector<ServerIndex> more;
    for (const Staying& server : staying_)
        if (std::binary_search(now.begin(), now.end(), server.after) &&
            !std::binary_search(then.begin(), then.end(), server.before))
            more.push_back(server.after);
    return more;
}

std::string FleetPair::names(const std::vector<ServerIndex>& servers) const {
    constexpr std::size_t kNamed = 3;
    std::string text = servers.size() == 1 ? "server" : "servers";
    for (std::size_t i = 0; i < std::min(servers.size(), kNamed); ++i)
        text += fmt::format("{} '{}'",
                            i == 0                    ? ""
                            : i + 1 == servers.size() ? " and"
                                                      : ",",
                            after.server(servers[i]).name);
    if (servers.size() > kNamed) text += fmt::format(" and {} more", servers.size() - kNamed);
    return text;
}

std::string lost_of_target(std::string_view word, const std::optional<Target>& before,
                           const std::optional<Target>& after, Untargeted without) {
    if (!before) return {};
    if (!after && !before->only_excludes())
        return without == Untargeted::Everybody ? fmt::format("its {}", word) : std::string();
    const Target left = after.value_or(Target());
    for (const TargetKey& key : kTargetKeys)
        if (!((*before).*key.terms).empty() && (left.*key.terms).empty())
            return fmt::format("'{}' of its {}", key.name, word);
    if (left.all_labels.size() < before->all_labels.size())
        return fmt::format("one of all the labels that its {} asks for", word);
    if (const Term* region = lost_region(before->exclude, left.exclude))
        return fmt::format("region '{}' of those that its {} leaves out", region->text, word);
    return {};
}

void add_wider(Diagnostics& diagnostics, std::string message, const Span& at, std::string help) {
    diagnostics.add(
        {.code = "edit/reaches-further", .message = std::move(message), .at = at, .help = std::move(help)});
}

} // namespace detail

void check_reach(const Fleet& before, const Fleet& after, Diagnostics& diagnostics) {
    const detail::FleetPair pair(before, after);
    const std::size_t errors = diagnostics.errors();
    detail::check_machines(pair, diagnostics);
    if (diagnostics.errors() > errors) return; // who is selected follows from where servers are
    detail::check_selections(pair, diagnostics);
    detail::check_access(pair, diagnostics);
}

} // namespace lab::spec
