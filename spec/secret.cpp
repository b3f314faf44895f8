#include "spec/secret.h"

#include <array>

namespace lab::spec {
namespace {

using namespace std::string_view_literals;

constexpr std::array kGenerators{"acme"sv, "ca"sv, "kubernetes"sv, "random"sv};

} // namespace

std::string_view to_string(Secret::Type type) noexcept {
    switch (type) {
    case Secret::Type::Static: return "static";
    case Secret::Type::Dynamic: return "dynamic";
    }
    return "static";
}

std::span<const std::string_view> secret_generators() noexcept {
    return kGenerators;
}

} // namespace lab::spec
