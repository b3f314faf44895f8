#pragma once
// Secrets as policy: what there is, and nothing of its value. Whoever may read one follows from labels,
// modules, Puppet classes and targets that refer to it; see spec/policy.h.

#include "spec/target.h"
#include "spec/written.h"

#include <chrono>
#include <optional>
#include <span>

namespace lab::spec {

struct Secret {
    enum class Type : std::uint8_t { Static, Dynamic }; // set by someone, or made by `generator`
    std::string path;                                   // "mail/tls-cert"
    Type type = Type::Static;
    std::optional<Text> generator; // of a dynamic one
    std::optional<std::chrono::milliseconds> rotate_every;
    bool per_machine = false;     // each server has a value of its own
    std::optional<Text> set_by;   // of a static one
    std::optional<Target> target; // servers that may read it besides those whose code refers to it
    Span at;
};

std::string_view to_string(Secret::Type type) noexcept;
/// The names `generator` takes.
std::span<const std::string_view> secret_generators() noexcept;

} // namespace lab::spec
