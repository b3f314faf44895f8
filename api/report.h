#pragma once
// lab.report/1: what an agent answers. Never holds a value of a private resource, only its fingerprint.

#include "api/resource_diff.h"
#include "support/clock.h"

namespace lab::api {

enum class ResourceStatus {
    Ok,      // as it should be
    Changed, // apply made it so
    Drifted, // check found a difference
    Failed,
    Skipped, // `reason` says why: a dependency failed, `when` is false, needs a live system, interrupted
};
std::string_view to_string(ResourceStatus status) noexcept;

struct ResourceReport {
    std::string id; // TYPE/NAME
    ResourceStatus status = ResourceStatus::Ok;
    ValueMap observed;                   // actual properties: before in a check, after in an apply
    std::vector<PropertyChange> changes; // that a check would make, or an apply made
    std::string reason;
    bool notified = false; // ran because another resource changed
    std::chrono::milliseconds duration{0};
};

struct Report {
    static constexpr std::string_view kFormat = "lab.report/1";
    std::string server;
    std::string server_id;                 // found on the machine; empty where it has none
    std::string inventory;                 // likewise
    std::string mode;                      // "check", "apply", "facts" or "destroy"
    std::string desired;                   // digest of the document answered
    std::string at;                        // RFC 3339
    Value facts;                           // lab.facts/1
    std::vector<ResourceReport> resources; // in the order of the document
    std::vector<std::string> warnings;     // what went wrong beside the resources
    bool interrupted = false;
    /// lab.applied/1 as the machine keeps it, where a check comes from a state that does not know the machine
    /// (its document names no server_id): what that state is rebuilt from. Else null.
    Value applied;
};

std::string write_report(const Report& report);
Result<Report> read_report(std::string_view json);
Value to_value(const Report& report);
Result<Report> report_from_value(const Value& value);

} // namespace lab::api
