#pragma once
// Where a value was written and through what it came, as commands print it.

#include "spec/fleet.h"

#include <string>

namespace lab::cli {

/// {"file": "labels.yaml", "line": 3, "column": 5}, or null where there is no place.
Value place_value(const Span& at);
/// "label web", "environment prod", "default of module motd", "lab.defaults", "server".
std::string origin_name(const spec::Origin& origin);
/// "label web at labels.yaml:3:5".
std::string origin_text(const spec::Origin& origin);
Value origin_value(const spec::Origin& origin);

/// A value as commands print it: what is private shows as "(sensitive)" only.
std::string shown_value(const Value& value);

/// "[a, b]", or "-" where there are none.
std::string bracketed(const std::vector<std::string>& names);
/// "a,b".
std::string joined(const std::vector<std::string>& names);
ValueList text_list(const std::vector<std::string>& names);
/// Null for "".
Value text_or_null(std::string_view text);
/// The texts of written values.
std::vector<std::string> texts_of(const std::vector<spec::Text>& written);

/// Why a server is not in a group that would have it but for an exclusion; empty for all others.
std::string why_excluded(const spec::Fleet& fleet, std::string_view group, spec::ServerIndex server);

/// A target in words: "labels k8s-worker or k8s-server, region eu-west".
std::string target_text(const spec::Target& target);
Value target_value(const spec::Target& target);

} // namespace lab::cli
