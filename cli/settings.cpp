#include "cli/settings.h"

#include "cli/config_file.h"
#include "support/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr std::array kForms{std::string_view("table"), std::string_view("wide"), std::string_view("json"),
                            std::string_view("yaml"), std::string_view("name")};
constexpr std::array kColors{std::string_view("auto"), std::string_view("always"), std::string_view("never")};

constexpr SettingRule kSettings[] = {
    {.name = "inventory",
     .variable = "LAB_INVENTORY",
     .summary = "the inventory to read, a folder or URL (default: the enclosing folder with a lab.yaml)",
     .fallback = "",
     .complete = Complete::Directory},
    {.name = "output",
     .variable = "LAB_OUTPUT",
     .summary = "how results are printed",
     .fallback = "table",
     .choices = kForms},
    {.name = "color",
     .variable = "LAB_COLOR",
     .summary = "whether to print in colors",
     .fallback = "auto",
     .choices = kColors},
};

} // namespace

std::filesystem::path home_of(const Variables& environment) {
    if (const auto home = environment.find("LAB_HOME"); home != environment.end() && !home->second.empty())
        return std::filesystem::absolute(home->second);
    if (const auto home = environment.find("HOME"); home != environment.end() && !home->second.empty())
        return std::filesystem::path(home->second) / ".lab";
    return std::filesystem::absolute(".lab");
}

std::span<const SettingRule> setting_rules() {
    return kSettings;
}

Result<const SettingRule*> find_setting(std::string_view name) {
    std::vector<std::string_view> names;
    for (const SettingRule& rule : kSettings) {
        if (rule.name == name) return &rule;
        names.push_back(rule.name);
    }
    const auto near = nearest(name, std::span<const std::string_view>(names));
    return Error{.code = ErrorCode::NotFound,
                 .message = fmt::format("there is no setting '{}'", escape_controls(name)),
                 .hint = near ? fmt::format("did you mean '{}'?", *near)
                              : fmt::format("settings are {}", fmt::join(names, ", "))};
}

Result<void> check_setting(const SettingRule& rule, std::string_view value) {
    if (!rule.choices.empty() &&
        std::find(rule.choices.begin(), rule.choices.end(), value) == rule.choices.end())
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' takes {}, not '{}'", rule.name,
                                            fmt::join(rule.choices, ", "), escape_controls(value))};
    if (!rule.number) return {};
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failure != std::errc{} || end != value.data() + value.size() || number < 1)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' takes a whole number from 1 on, not '{}'", rule.name,
                                            escape_controls(value))};
    return {};
}

Result<Settings> Settings::load(const Variables& environment) {
    Settings settings;
    settings.home_ = home_of(environment);
    auto file = read_config(settings.file());
    if (!file) return std::move(file).error();
    for (const SettingRule& rule : kSettings) {
        SettingValue value{std::string(rule.fallback), SettingOrigin::Default};
        if (const auto found = file->find(rule.name); found != file->end())
            value = {found->second, SettingOrigin::File};
        if (const auto found = environment.find(rule.variable);
            found != environment.end() && !found->second.empty()) {
            if (auto checked = check_setting(rule, found->second); !checked) {
                Error error = std::move(checked).error().during(
                    fmt::format("in the environment variable {}", rule.variable));
                error.hint = fmt::format("`unset {0}`, or give {0} one of these values", rule.variable);
                return error;
            }
            value = {found->second, SettingOrigin::Variable};
        }
        settings.values_.emplace(rule.name, std::move(value));
    }
    return settings;
}

Settings Settings::defaults(const Variables& environment) {
    Settings settings;
    settings.home_ = home_of(environment);
    for (const SettingRule& rule : kSettings)
        settings.values_.emplace(rule.name, SettingValue{std::string(rule.fallback), SettingOrigin::Default});
    return settings;
}

const SettingValue& Settings::get(std::string_view name) const {
    const auto found = values_.find(name);
    LAB_CHECK(found != values_.end(), "asked for a setting that is not in the table");
    return found->second;
}

SettingValue Settings::get(std::string_view name, const Arguments& arguments) const {
    if (auto given = arguments.value(name)) return {std::move(*given), SettingOrigin::Flag};
    return get(name);
}

} // namespace lab::cli
