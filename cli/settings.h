#pragma once
// Settings of `lab`: flag over environment over LAB_HOME/config.yaml over default.

#include "cli/arguments.h"

#include <filesystem>
#include <map>

namespace lab::cli {

/// The environment as the program found it; only main reads the real one.
using Variables = std::map<std::string, std::string, std::less<>>;

/// LAB_HOME, else HOME/.lab; absolute.
std::filesystem::path home_of(const Variables& environment);

/// One key of config.yaml.
struct SettingRule {
    std::string_view name;
    std::string_view variable; // of the environment
    std::string_view summary;
    std::string_view fallback; // shown as the default; empty: none
    std::span<const std::string_view> choices = {};
    bool number = false; // a whole number from 1 on
    Complete complete = Complete::Nothing;
};
std::span<const SettingRule> setting_rules();
/// NotFound, with the nearest name, where there is no such setting.
Result<const SettingRule*> find_setting(std::string_view name);

enum class SettingOrigin { Default, File, Variable, Flag };

struct SettingValue {
    std::string value; // empty: not set and no default
    SettingOrigin origin = SettingOrigin::Default;
};

/// What holds for this run.
class Settings {
  public:
    /// Invalid where config.yaml or a variable holds something a setting does not take.
    static Result<Settings> load(const Variables& environment);
    /// The defaults alone, for when load() failed.
    static Settings defaults(const Variables& environment);
    /// LAB_HOME, else HOME/.lab. Not made yet, perhaps.
    const std::filesystem::path& home() const noexcept { return home_; }
    std::filesystem::path file() const { return home_ / "config.yaml"; }
    /// A setting by its name (which must be in setting_rules()), without flags.
    const SettingValue& get(std::string_view name) const;
    /// The same with the flag of that name over it.
    SettingValue get(std::string_view name, const Arguments& arguments) const;

  private:
    std::filesystem::path home_;
    std::map<std::string, SettingValue, std::less<>> values_;
};

/// What is wrong with a value for a setting; Invalid with the choices.
Result<void> check_setting(const SettingRule& rule, std::string_view value);

} // namespace lab::cli
