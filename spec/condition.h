#pragma once
// The condition of an alert: a small language over metrics, parsed and checked, so that each monitoring
// system can be told it in its own words.
//
//   mail_queue_length > 1000
//   disk_usage_percent{mount="/var"} > 85 and not maintenance == 1
//   cert_expires_in < 30d or disk_free / disk_size < 0.1
//
// From the loosest to the tightest: or, and, not, one comparison (> >= < <= == !=), + -, * /, unary -, ( ). A
// number may have a unit: a time (30d) counts seconds, a size (8GB) bytes. A metric may be narrowed by
// labels, {name="value", other!="value"}.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lab::spec {

struct Condition {
    enum class Kind : std::uint8_t { Or, And, Not, Compare, Arithmetic, Negative, Metric, Number };
    /// {mount="/var"}; `equal` false for !=.
    struct Matcher {
        std::string label, value;
        bool equal = true;
        bool operator==(const Matcher&) const = default;
    };

    Kind kind = Kind::Number;
    std::string text;  // the operator of a comparison or sum, the metric's name, the number as written
    double number = 0; // seconds and bytes where it has a unit
    std::vector<Matcher> matchers;
    std::vector<Condition> parts; // operands, in order

    bool operator==(const Condition&) const = default;
};

/// Where a condition cannot be meant: columns from 1, in characters.
struct ConditionProblem {
    std::string message, help;
    std::uint32_t column = 1, length = 1;
};

/// At most 1,000 bytes and 32 levels.
std::variant<Condition, ConditionProblem> parse_condition(std::string_view text);

/// In one spelling, which parses to the same.
std::string to_text(const Condition& condition);

/// Names of the metrics it looks at, sorted.
std::vector<std::string> metrics_of(const Condition& condition);

} // namespace lab::spec
