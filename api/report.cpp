#include "api/report.h"

#include "api/detail/fields.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::api {
namespace {

std::optional<ResourceStatus> status_from(std::string_view text) noexcept {
    for (const auto status : {ResourceStatus::Ok, ResourceStatus::Changed, ResourceStatus::Drifted,
                              ResourceStatus::Failed, ResourceStatus::Skipped})
        if (to_string(status) == text) return status;
    return std::nullopt;
}

Value resource_value(const ResourceReport& resource) {
    ValueMap out{{"id", Value(resource.id)}, {"status", Value(to_string(resource.status))}};
    if (!resource.reason.empty()) out.append("reason", Value(resource.reason));
    if (!resource.observed.empty()) out.append("observed", resource.observed);
    if (!resource.changes.empty()) {
        ValueList changes;
        for (const PropertyChange& change : resource.changes)
            changes.push_back(to_value(change));
        out.append("changes", std::move(changes));
    }
    if (resource.notified) out.append("notified", true);
    out.append("duration_ms", Value(std::int64_t{resource.duration.count()}));
    return out;
}

Result<ResourceReport> resource_report_from(const Value& value) {
    detail::Fields fields(value, "a resource of the report");
    ResourceReport out{.id = fields.text("id")};
    const std::string status = fields.text("status");
    if (const auto known = status_from(status))
        out.status = *known;
    else
        fields.refuse(
            fmt::format("a resource of the report has the unknown status '{}'", escape_controls(status)));
    out.reason = fields.text_or("reason", "");
    out.observed = fields.map("observed");
    for (const Value& item : fields.list("changes")) {
        auto change = change_from_value(item);
        if (!change) return std::move(change).error();
        out.changes.push_back(*std::move(change));
    }
    out.notified = fields.boolean_or("notified", false);
    out.duration = std::chrono::milliseconds(fields.count_or("duration_ms", 0));
    LAB_TRY(fields.finish());
    return out;
}

} // namespace

std::string_view to_string(ResourceStatus status) noexcept {
    switch (status) {
    case ResourceStatus::Ok: return "ok";
    case ResourceStatus::Changed: return "changed";
    case ResourceStatus::Drifted: return "drifted";
    case ResourceStatus::Failed: return "failed";
    case ResourceStatus::Skipped: return "skipped";
    }
    return "failed";
}

Value to_value(const Report& report) {
    ValueList resources;
    resources.reserve(report.resources.size());
    for (const ResourceReport& resource : report.resources)
        resources.push_back(resource_value(resource));
    ValueMap out{{"format", Value(Report::kFormat)}, {"server", Value(report.server)}};
    out.append("server_id", Value(report.server_id));
    out.append("inventory", Value(report.inventory));
    out.append("mode", Value(report.mode));
    out.append("desired", Value(report.desired));
    out.append("at", Value(report.at));
    out.append("interrupted", report.interrupted);
    if (!report.warnings.empty())
        out.append("warnings", ValueList(report.warnings.begin(), report.warnings.end()));
    out.append("resources", std::move(resources));
    out.append("facts", report.facts);
    if (!report.applied.is_null()) out.append("applied", report.applied);
    return out;
}

std::string write_report(const Report& report) {
    return write_json(to_value(report));
}

Result<Report> read_report(std::string_view json) {
    auto value = parse_json(json);
    if (!value) return std::move(value).error().during("while reading a lab.report document");
    return report_from_value(*value);
}

Result<Report> report_from_value(const Value& value) {
    LAB_TRY(detail::require_format(value, Report::kFormat));
    detail::Fields fields(value, "the report");
    Report report{.server = fields.text("server"),
                  .server_id = fields.text_or("server_id", ""),
                  .inventory = fields.text_or("inventory", ""),
                  .mode = fields.text("mode"),
                  .desired = fields.text_or("desired", ""),
                  .at = fields.text_or("at", ""),
                  .facts = fields.value("facts")};
    constexpr std::array<std::string_view, 4> kModes{"check", "apply", "facts", "destroy"};
    if (std::find(kModes.begin(), kModes.end(), report.mode) == kModes.end() && !fields.failed())
        fields.refuse(fmt::format("the report has the unknown mode '{}'", escape_controls(report.mode)));
    report.interrupted = fields.boolean_or("interrupted", false);
    report.warnings = fields.texts("warnings");
    report.applied = fields.value("applied");
    for (const Value& item : fields.list("resources")) {
        auto resource = resource_report_from(item);
        if (!resource) return std::move(resource).error().during("while reading a lab.report document");
        report.resources.push_back(*std::move(resource));
    }
    LAB_TRY(fields.finish());
    return report;
}

} // namespace lab::api
