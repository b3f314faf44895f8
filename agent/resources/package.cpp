#include "agent/detail/handlers.h"
#include "agent/detail/packages.h"
#include "agent/detail/properties.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace lab::agent {
namespace {

struct Manager {
    std::string_view name; // as the fact says it
    Result<std::optional<std::string>> (*installed_version)(const std::string&, Host&);
    Result<void> (*install)(const std::string&, const std::optional<std::string>&, Host&);
    Result<void> (*remove)(const std::string&, Host&);
};

constexpr Manager kManagers[] = {
    {"apt", apt::installed_version, apt::install, apt::remove},
    {"dnf", dnf::installed_version, dnf::install, dnf::remove},
};

Result<const Manager*> manager_of(const Host& host) {
    const Value* fact = host.facts.get("package_manager");
    const std::string* name = fact ? fact->if_string() : nullptr;
    if (!name) return Error{ErrorCode::Unsupported, "this machine has neither apt nor dnf", {}, {}};
    for (const Manager& manager : kManagers)
        if (manager.name == *name) return &manager;
    return Error{ErrorCode::Unsupported, fmt::format("package manager '{}' is not supported", *name), {}, {}};
}

class PackageHandler final : public Handler {
  public:
    std::string_view type() const override { return "package"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        LAB_TRY(check_package_word("the name", resource.name));
        auto manager = manager_of(host);
        if (!manager) return std::move(manager).error();
        auto version = (*manager)->installed_version(resource.name, host);
        if (!version) return std::move(version).error();
        if (!*version) return ValueMap{{"ensure", "absent"}};
        return ValueMap{{"ensure", "present"}, {"version", **version}};
    }

    Result<void> apply(const api::Resource& resource, const ValueMap&, Host& host) const override {
        LAB_TRY(check_package_word("the name", resource.name));
        auto manager = manager_of(host);
        if (!manager) return std::move(manager).error();
        if (wants_absent(resource)) return (*manager)->remove(resource.name, host);
        const auto version = text_property(resource.properties, "version");
        if (version) LAB_TRY(check_package_word("'version'", *version));
        return (*manager)->install(resource.name, version, host);
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }
};

} // namespace

Result<void> check_package_word(std::string_view property, std::string_view word) {
    const bool fits = !word.empty() && word[0] != '-' && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("+-.:_~^@").find(c) != std::string_view::npos;
    });
    // A trailing '-' or '+' is a verb to apt-get ("remove this one"), unless a package is called so.
    if (fits && word.back() != '-') return {};
    return Error{ErrorCode::Invalid,
                 fmt::format("{} of a package cannot be '{}'", property, escape_controls(word)),
                 {},
                 {}};
}

std::unique_ptr<Handler> package_handler() {
    return std::make_unique<PackageHandler>();
}

} // namespace lab::agent
