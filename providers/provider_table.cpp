#include "providers/provider.h"

#include <algorithm>

namespace lab::providers {

void ProviderTable::add(std::unique_ptr<Provider> provider) {
    LAB_CHECK(provider != nullptr, "a provider is added");
    LAB_CHECK(!find(provider->schema().name), "a provider is added once");
    providers_.push_back(std::move(provider));
}

Provider* ProviderTable::find(std::string_view name) const {
    for (const auto& provider : providers_)
        if (provider->schema().name == name) return provider.get();
    return nullptr;
}

std::vector<std::string> ProviderTable::names() const {
    std::vector<std::string> names;
    for (const auto& provider : providers_)
        names.emplace_back(provider->schema().name);
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace lab::providers
