#include "agent/detail/handlers.h"
#include "agent/detail/kernel_settings.h"
#include "agent/detail/managed_files.h"
#include "agent/detail/properties.h"
#include "agent/detail/tools.h"

#include "support/text.h"

#include <fmt/format.h>

namespace lab::agent {
namespace {

constexpr std::size_t kMaxBytes = 4u << 20;

enum class Presence { Absent, Loaded, BuiltIn };

std::string load_file(std::string_view name) {
    return fmt::format("/etc/modules-load.d/lab-{}.conf", name);
}

std::string options_file(std::string_view name) {
    return fmt::format("/etc/modprobe.d/lab-{}.conf", name);
}

Presence presence(std::string_view name, const Host& host) {
    if (auto list = host.tree.read("/proc/modules", kMaxBytes); list && lists_module(*list, name))
        return Presence::Loaded;
    // A folder in /sys/module that is not in /proc/modules belongs to code built in (only code with
    // parameters has one).
    if (host.tree.exists("/sys/module/" + module_name(name))) return Presence::BuiltIn;
    const Value* kernel = host.facts.get("kernel");
    const Value* release = kernel ? kernel->get("release") : nullptr;
    const std::string* text = release ? release->if_string() : nullptr;
    if (!text) return Presence::Absent;
    auto list = host.tree.read(fmt::format("/lib/modules/{}/modules.builtin", *text), kMaxBytes);
    return list && lists_builtin(*list, name) ? Presence::BuiltIn : Presence::Absent;
}

/// What our modprobe.d file says after "options NAME"; nullopt where there is no file.
Result<std::optional<std::string>> kept_options(std::string_view name, Host& host) {
    auto lines = read_managed(host.tree, options_file(name));
    if (!lines) return std::move(lines).error();
    if (!*lines) return std::optional<std::string>();
    const std::string prefix = fmt::format("options {} ", name);
    const std::string_view text = trim(**lines);
    return std::optional(text.starts_with(prefix) ? sysctl_value(text.substr(prefix.size()))
                                                  : std::string(text));
}

Result<void> keep_files(const api::Resource& resource, Host& host) {
    if (const auto options = text_property(resource.properties, "options")) {
        if (options->find('\n') != std::string::npos)
            return Error{ErrorCode::Invalid, "'options' of a kernel module must be one line", {}, {}};
        if (trim(*options).empty())
            LAB_TRY(host.tree.remove(options_file(resource.name)));
        else
            LAB_TRY(write_managed(host.tree, options_file(resource.name),
                                  fmt::format("options {} {}\n", resource.name, sysctl_value(*options))));
    }
    if (!boolean_property(resource.properties, "persisted").value_or(true))
        return host.tree.remove(load_file(resource.name));
    return write_managed(host.tree, load_file(resource.name), resource.name + "\n");
}

Result<void> unload(const std::string& name, Presence now, Host& host) {
    if (now == Presence::Absent) return {};
    if (now == Presence::BuiltIn)
        return Error{ErrorCode::Unsupported,
                     fmt::format("'{}' is built into the kernel and cannot be unloaded", name),
                     {},
                     {}};
    auto out = tool_output({"modprobe", "--remove", "--", name}, host.stop);
    return out ? Result<void>() : std::move(out).error();
}

class KernelModuleHandler final : public Handler {
  public:
    std::string_view type() const override { return "kernel_module"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        LAB_TRY(check_module_name(resource.name));
        const bool loaded = presence(resource.name, host) != Presence::Absent;
        auto load = read_managed(host.tree, load_file(resource.name));
        if (!load) return std::move(load).error();
        const bool persisted = *load && lists_module(**load, resource.name);
        auto options = kept_options(resource.name, host);
        if (!options) return std::move(options).error();
        ValueMap observed{{"ensure", loaded || *load || *options ? "present" : "absent"},
                          {"loaded", loaded},
                          {"persisted", persisted}};
        observed.set("options", options->value_or(""));
        return observed;
    }

    Result<void> apply(const api::Resource& resource, const ValueMap&, Host& host) const override {
        LAB_TRY(check_module_name(resource.name));
        const Presence now = presence(resource.name, host);
        if (wants_absent(resource)) {
            LAB_TRY(host.tree.remove(load_file(resource.name)));
            LAB_TRY(host.tree.remove(options_file(resource.name)));
            return unload(resource.name, now, host);
        }
        // The options first: they act when the module is loaded.
        LAB_TRY(keep_files(resource, host));
        if (!boolean_property(resource.properties, "loaded").value_or(true))
            return unload(resource.name, now, host);
        if (now != Presence::Absent) return {};
        auto out = tool_output({"modprobe", "--", resource.name}, host.stop);
        return out ? Result<void>() : std::move(out).error();
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }
};

} // namespace

std::unique_ptr<Handler> kernel_module_handler() {
    return std::make_unique<KernelModuleHandler>();
}

} // namespace lab::agent
