#include "agent/detail/handlers.h"
#include "agent/detail/kernel_settings.h"
#include "agent/detail/managed_files.h"
#include "agent/detail/properties.h"

#include "support/text.h"

#include <fmt/format.h>

#include <fcntl.h>

namespace lab::agent {
namespace {

constexpr std::size_t kMaxBytes = 64u << 10;

/// The kernel's value; nullopt where it has no such key (the module that brings it is not loaded).
Result<std::optional<std::string>> live_value(std::string_view key, Host& host) {
    auto path = sysctl_path(key);
    if (!path) return std::move(path).error();
    auto text = host.tree.read("/proc/sys/" + *path, kMaxBytes);
    if (text) return std::optional(sysctl_value(*text));
    if (text.error().code == ErrorCode::NotFound) return std::optional<std::string>();
    return std::move(text).error();
}

Result<std::optional<std::string>> persisted_value(std::string_view key, Host& host) {
    auto lines = read_managed(host.tree, sysctl_file(key));
    if (!lines) return std::move(lines).error();
    if (!*lines) return std::optional<std::string>();
    const std::string_view text = **lines;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || trim(text.substr(0, equals)) != key)
        return std::optional<std::string>("");
    return std::optional(sysctl_value(text.substr(equals + 1)));
}

Result<void> write_live(const std::string& key, const std::string& value, Host& host) {
    auto path = sysctl_path(key);
    if (!path) return std::move(path).error();
    auto file = host.tree.open_path("/proc/sys/" + *path, O_WRONLY | O_CLOEXEC);
    if (!file) {
        if (file.error().code != ErrorCode::NotFound) return std::move(file).error();
        return Error{ErrorCode::NotFound,
                     fmt::format("the kernel has no key '{}'", key),
                     {},
                     "load the kernel module that brings it"};
    }
    auto written = write_all(file->get(), value + "\n");
    if (!written)
        return std::move(written).error().during(fmt::format("while setting '{}' to '{}'", key, value));
    return {};
}

class SysctlHandler final : public Handler {
  public:
    std::string_view type() const override { return "sysctl"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        auto live = live_value(resource.name, host);
        if (!live) return std::move(live).error();
        auto persisted = persisted_value(resource.name, host);
        if (!persisted) return std::move(persisted).error();
        ValueMap observed{{"ensure", *persisted ? "present" : "absent"}};
        if (*persisted && *live && **persisted != **live)
            observed.set("value", ValueMap{{"live", **live}, {"persisted", **persisted}});
        else if (*live)
            observed.set("value", **live);
        return observed;
    }

    Result<void> apply(const api::Resource& resource, const ValueMap&, Host& host) const override {
        const std::string file = sysctl_file(resource.name);
        // The kernel keeps its value: what it was before us is not known.
        if (wants_absent(resource)) return host.tree.remove(file);
        const auto wanted = text_property(resource.properties, "value");
        if (!wanted) return Error{ErrorCode::Invalid, "a sysctl needs 'value'", {}, {}};
        const std::string value = sysctl_value(*wanted);
        // The kernel first: a value it refuses must not wait in a file for the next boot.
        auto live = live_value(resource.name, host);
        if (!live) return std::move(live).error();
        if (*live != value) LAB_TRY(write_live(resource.name, value, host));
        return write_managed(host.tree, file, fmt::format("{} = {}\n", resource.name, value));
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }
};

} // namespace

std::unique_ptr<Handler> sysctl_handler() {
    return std::make_unique<SysctlHandler>();
}

} // namespace lab::agent
