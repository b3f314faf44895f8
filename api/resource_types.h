#pragma once
// What each resource type takes and what of it is compared with the machine: one table for the compiler
// (validation), the planner (diffs), the agent (defaults) and the generated reference docs/resources.md.

#include "support/value.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lab::api {

enum class PropertyKind {
    Text,
    Words,   // text in which a run of white space counts as one space
    Content, // bytes: text, or {"base64": ...} where they are no text
    Integer,
    Boolean,
    Mode, // four octal digits, "0644"
    Path, // absolute, without "..", "." and double or final slashes
    StringList,
    StringMap,
    Duration,
    Choice,
};

/// When a property's value stands as a fingerprint outside the machine. What a machine must read to look at
/// all (the path of a line, a mode) is Open: no sensitive param may go into it.
enum class Secrecy {
    Open,
    IfSensitive, // of a resource that is `sensitive`
    IfPrivate,   // of one that is_private: `sensitive`, or of a mode that keeps others from reading
    Always,
};

struct PropertySchema {
    std::string_view name;
    PropertyKind kind = PropertyKind::Text;
    std::string_view summary;
    bool required = false;
    /// Compared with what the machine has; else it only says how to bring it about (a timeout, say).
    bool compared = true;
    Secrecy secrecy = Secrecy::Open;
    bool is_hidden(bool sensitive, bool is_private) const noexcept {
        return secrecy == Secrecy::Always || (secrecy == Secrecy::IfSensitive && sensitive) ||
               (secrecy == Secrecy::IfPrivate && is_private);
    }
    /// StringList: the items listed must be among the actual ones; further actual ones are no difference.
    /// Kept sorted, without repeats.
    bool at_least = false;
    /// Written by people only; the compiler puts another property in its place ("source" becomes "content").
    bool only_in_yaml = false;
    /// Filled in where it is not written; empty: left out, so not managed.
    std::string_view default_json = {};
    std::span<const std::string_view> choices = {}; // Choice
    std::int64_t min = INT64_MIN, max = INT64_MAX;  // Integer
};

/// What bringing a difference about can cost.
enum class Risk { Safe, Disruptive, Destructive };
std::string_view to_string(Risk risk) noexcept;
std::optional<Risk> risk_from(std::string_view text) noexcept;

struct ResourceType {
    std::string_view name;
    std::string_view summary;
    /// Acts on running things (packages, services, the kernel): in a tree it is skipped.
    bool needs_live_system = false;
    bool name_is_path = false;
    bool takes_ensure = true;
    /// A notification makes it act (restart, run); for other types `notify` only orders.
    bool acts_on_notify = false;
    std::span<const PropertySchema> properties; // `ensure` among them where it is taken
    std::string_view example;                   // YAML of one resource, for the reference
};

std::span<const ResourceType> resource_types();
/// Null where there is no such type.
const ResourceType* find_resource_type(std::string_view name);
const PropertySchema* find_property(const ResourceType& type, std::string_view name);

/// The value in its one canonical form ("644" becomes "0644", lists stay in order), or what is wrong with it:
/// Invalid, "'mode' of a file must be octal digits such as \"0644\", not 'rw'". What may be secret is not
/// quoted; nor is anything where `sensitive`.
Result<Value> normalise(const ResourceType& type, const PropertySchema& property, const Value& value,
                        bool sensitive = false);

/// What an agent may say of a resource of the type: its properties, and what is reported of any (see
/// diff_resource). Null where it is none of these.
const PropertySchema* find_observed(const ResourceType& type, std::string_view name);
/// A value that was reported, or is supposed to have been, as `normalise` has it. What only people must write
/// well passes: machines have text of several lines and homes that are no clean path.
Result<Value> normalise_observed(const ResourceType& type, const PropertySchema& property,
                                 const Value& value);

/// The name in its canonical form (a path without its final slash), or what is wrong with it. Names reach
/// command lines: none begins with '-' or holds white space or control characters, but for the free names of
/// lines and commands.
Result<std::string> normalise_name(const ResourceType& type, std::string_view name);

/// The page docs/resources.md.
std::string resource_reference_markdown();

} // namespace lab::api
