#include "providers/settings.h"

#include "support/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::providers {

std::vector<Provider::SettingProblem> check_settings(const ProviderSchema& schema, const ValueMap& settings,
                                                     bool on_server) {
    std::vector<Provider::SettingProblem> problems;
    std::vector<std::string_view> known;
    for (const SettingSchema& setting : schema.settings)
        known.push_back(setting.name);
    for (const auto& [name, value] : settings) {
        const auto found =
            std::find_if(schema.settings.begin(), schema.settings.end(),
                         [&name = name](const SettingSchema& setting) { return setting.name == name; });
        if (found == schema.settings.end()) {
            const auto near = nearest(name, known);
            problems.push_back(
                {.setting = name,
                 .message = fmt::format("the provider '{}' has no setting '{}'", schema.name, name),
                 .help = near ? fmt::format("did you mean '{}'?", *near) : std::string()});
        } else if (on_server ? !found->on_server && !found->on_cloud : !found->on_cloud) {
            problems.push_back({.setting = name,
                                .message = fmt::format("'{}' is a setting of servers, not of a cloud", name),
                                .help = "move it to the servers"});
        }
    }
    for (const SettingSchema& setting : schema.settings) {
        const bool due = on_server ? setting.on_server : setting.on_cloud && !setting.on_server;
        if (setting.required && due && !settings.contains(setting.name))
            problems.push_back({.setting = std::string(setting.name),
                                .message = fmt::format("the provider '{}' needs the setting '{}'",
                                                       schema.name, setting.name),
                                .help = std::string(setting.summary)});
    }
    return problems;
}

} // namespace lab::providers
