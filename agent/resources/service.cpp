#include "agent/detail/handlers.h"
#include "agent/detail/properties.h"
#include "agent/detail/tools.h"
#include "agent/detail/units.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lab::agent {
namespace {

constexpr std::array<std::string_view, 11> kUnitTypes{".service",   ".socket", ".timer", ".target",
                                                      ".mount",     ".path",   ".slice", ".scope",
                                                      ".automount", ".swap",   ".device"};

Result<void> systemctl(std::vector<std::string> words, Host& host) {
    words.insert(words.begin(), {"systemctl", "--no-ask-password", "--quiet"});
    auto out = tool_output(std::move(words), host.stop, {.timeout = std::chrono::minutes(10)});
    return out ? Result<void>() : std::move(out).error();
}

Result<UnitState> unit_state(const std::string& unit, Host& host) {
    auto out = tool_output({"systemctl", "show", "--property",
                            "LoadState,UnitFileState,ActiveState,SubState,NeedDaemonReload", "--", unit},
                           host.stop);
    if (!out) return std::move(out).error().during(fmt::format("while asking systemd for '{}'", unit));
    return parse_unit_state(*out);
}

Result<bool> is_enabled(const std::string& unit, const UnitState& state, Host& host) {
    if (state.file == "enabled" || state.file == "alias") return true;
    // Made from a script in /etc/init.d, whose links tell.
    if (state.file != "generated") return false;
    auto result = run_tool({"systemctl", "--quiet", "is-enabled", "--", unit}, host.stop);
    if (!result) return std::move(result).error();
    return result->ok();
}

/// The unit as systemd has it after a look at its files; an error where there is nothing that could run.
Result<UnitState> usable_unit(const std::string& unit, Host& host) {
    auto state = unit_state(unit, host);
    if (!state) return state;
    if (state->stale || state->load != "loaded") {
        LAB_TRY(systemctl({"daemon-reload"}, host));
        state = unit_state(unit, host);
        if (!state) return state;
    }
    if (state->load == "loaded") return state;
    if (state->load == "not-found")
        return Error{ErrorCode::NotFound,
                     fmt::format("there is no unit '{}'", unit),
                     {},
                     "declare the package or file that brings it, and 'after' it"};
    if (state->load == "masked")
        return Error{ErrorCode::Conflict,
                     fmt::format("unit '{}' is masked", unit),
                     {},
                     fmt::format("remove the mask with 'systemctl unmask {}'", unit)};
    return Error{
        ErrorCode::Invalid, fmt::format("systemd cannot load unit '{}': {}", unit, state->load), {}, {}};
}

Result<void> set_enabled(const std::string& unit, const UnitState& state, bool wanted, Host& host) {
    auto enabled = is_enabled(unit, state, host);
    if (!enabled) return std::move(enabled).error();
    if (*enabled == wanted) return {};
    if (wanted && (state.file == "static" || state.file.empty()))
        return Error{ErrorCode::Unsupported,
                     fmt::format("unit '{}' cannot be enabled: it has no [Install] section", unit),
                     {},
                     "leave 'enabled' out"};
    return systemctl({wanted ? "enable" : "disable", "--", unit}, host);
}

/// The error of a start that failed, with what the unit wrote last.
Error with_journal(Error error, const std::string& unit, Host& host) {
    auto lines =
        run_tool({"journalctl", "--unit", unit, "--lines", "3", "--no-pager", "--output", "cat"}, host.stop);
    if (!lines || !lines->ok() || trim(lines->out).empty()) return error;
    std::string said;
    for (std::string_view line : split(trim(lines->out), '\n')) {
        if (!said.empty()) said += "; ";
        said += escape_controls(line);
    }
    return std::move(error).with_hint(fmt::format("its journal ends with: {}", said));
}

Result<void> start_or_stop(const std::string& unit, const UnitState& state, bool wanted, Host& host) {
    if (state.running() == wanted) return {};
    auto done = systemctl({wanted ? "start" : "stop", "--", unit}, host);
    if (!done) return with_journal(std::move(done).error(), unit, host);
    return {};
}

class ServiceHandler final : public Handler {
  public:
    std::string_view type() const override { return "service"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        auto unit = unit_name(resource.name);
        if (!unit) return std::move(unit).error();
        LAB_TRY(check_init(host));
        auto state = unit_state(*unit, host);
        if (!state) return std::move(state).error();
        auto enabled = is_enabled(*unit, *state, host);
        if (!enabled) return std::move(enabled).error();
        return ValueMap{{"enabled", *enabled}, {"running", state->running()}};
    }

    Result<void> apply(const api::Resource& resource, const ValueMap&, Host& host) const override {
        auto unit = unit_name(resource.name);
        if (!unit) return std::move(unit).error();
        LAB_TRY(check_init(host));
        auto state = usable_unit(*unit, host);
        if (!state) return std::move(state).error();
        if (const auto enabled = boolean_property(resource.properties, "enabled"))
            LAB_TRY(set_enabled(*unit, *state, *enabled, host));
        if (const auto running = boolean_property(resource.properties, "running"))
            LAB_TRY(start_or_stop(*unit, *state, *running, host));
        return {};
    }

    Result<void> refresh(const api::Resource& resource, Host& host) const override {
        auto unit = unit_name(resource.name);
        if (!unit) return std::move(unit).error();
        LAB_TRY(check_init(host));
        auto state = usable_unit(*unit, host);
        if (!state) return std::move(state).error();
        if (!state->running()) return {}; // it reads its new files when it starts
        const bool reload = text_property(resource.properties, "restart") == "reload";
        auto done = systemctl({reload ? "reload" : "try-restart", "--", *unit}, host);
        if (!done) return with_journal(std::move(done).error(), *unit, host);
        return {};
    }

  private:
    static Result<void> check_init(const Host& host) {
        const Value* fact = host.facts.get("init");
        if (fact && fact->if_string() && *fact->if_string() == "systemd") return {};
        return Error{ErrorCode::Unsupported,
                     fmt::format("services need systemd, and this machine's init is {}",
                                 fact ? "'" + display(*fact) + "'" : "unknown"),
                     {},
                     {}};
    }
};

} // namespace

bool UnitState::running() const noexcept {
    return active == "active" || active == "reloading" || (active == "activating" && sub != "auto-restart");
}

UnitState parse_unit_state(std::string_view text) {
    UnitState state;
    for (std::string_view line : split(text, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = line.substr(0, equals);
        const std::string_view value = trim(line.substr(equals + 1));
        if (name == "LoadState") state.load = value;
        if (name == "UnitFileState") state.file = value;
        if (name == "ActiveState") state.active = value;
        if (name == "SubState") state.sub = value;
        if (name == "NeedDaemonReload") state.stale = value == "yes";
    }
    return state;
}

Result<std::string> unit_name(std::string_view name) {
    const bool fits = !name.empty() && name.size() < 256 && name[0] != '-' &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                 std::string_view(":-_.\\@").find(c) != std::string_view::npos;
                      });
    if (!fits)
        return Error{ErrorCode::Invalid, fmt::format("'{}' is no unit name", escape_controls(name)), {}, {}};
    for (std::string_view type : kUnitTypes)
        if (name.ends_with(type) && name.size() > type.size()) return std::string(name);
    return fmt::format("{}.service", name);
}

std::unique_ptr<Handler> service_handler() {
    return std::make_unique<ServiceHandler>();
}

} // namespace lab::agent
