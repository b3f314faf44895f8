#include "agent/report_text.h"

#include "api/content.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::agent {
namespace {

constexpr std::size_t kLongestValue = 60; // characters of a value in a line; the JSON has it whole

std::string value_text(const Value& value) {
    if (value.is_null()) return "nothing";
    const Value* bytes = value.get("bytes");
    if (api::is_fingerprint(value)) return fmt::format("(private, {} bytes)", display(*bytes));
    if (api::is_summary(value)) return fmt::format("({} bytes)", display(*bytes));
    if (value.get("base64")) return "(binary)";
    const std::string text = display(value);
    const auto end = text.find('\n');
    const bool cut = text.size() > kLongestValue || (end != std::string::npos && end + 1 < text.size());
    std::string shown = escape_controls(text.substr(0, std::min({text.size(), end, kLongestValue})));
    return cut ? shown + " ..." : shown;
}

std::string change_text(const api::PropertyChange& change) {
    if (change.effect == "run" || change.effect == "restart")
        return fmt::format("    {}: {}\n", change.effect, value_text(change.after));
    if (!change.diff.empty()) {
        std::string out;
        for (const std::string_view line : split(change.diff, '\n'))
            if (!line.empty()) out += fmt::format("    {}\n", escape_controls(line, true));
        return out;
    }
    if (change.effect == "create") return fmt::format("    {}: {}\n", change.path, value_text(change.after));
    return fmt::format("    {}: {} -> {}\n", change.path, value_text(change.before),
                       value_text(change.after));
}

std::string counts_text(const api::Report& report) {
    std::vector<std::string> parts;
    for (const auto status :
         std::array{api::ResourceStatus::Ok, api::ResourceStatus::Changed, api::ResourceStatus::Drifted,
                    api::ResourceStatus::Failed, api::ResourceStatus::Skipped}) {
        const auto count =
            std::count_if(report.resources.begin(), report.resources.end(),
                          [&](const api::ResourceReport& resource) { return resource.status == status; });
        if (count != 0) parts.push_back(fmt::format("{} {}", count, to_string(status)));
    }
    if (parts.empty()) parts.emplace_back("no resources");
    return fmt::format("{}{}\n", fmt::join(parts, ", "), report.interrupted ? "; interrupted" : "");
}

void add_facts(std::string& out, const std::string& path, const Value& value) {
    if (const ValueMap* map = value.if_map()) {
        for (const auto& [key, item] : *map)
            add_facts(out, path.empty() ? key : path + "." + key, item);
    } else if (const ValueList* list = value.if_list()) {
        for (std::size_t i = 0; i < list->size(); ++i)
            add_facts(out, fmt::format("{}[{}]", path, i), (*list)[i]);
    } else {
        out += fmt::format("{:<32} {}\n", escape_controls(path), escape_controls(display(value)));
    }
}

} // namespace

std::string report_text(const api::Report& report) {
    std::string out;
    for (const api::ResourceReport& resource : report.resources) {
        out += fmt::format("{:<8} {}", to_string(resource.status), escape_controls(resource.id));
        if (!resource.reason.empty()) out += fmt::format(": {}", escape_controls(resource.reason));
        if (resource.notified) out += " (notified)";
        out += '\n';
        for (const api::PropertyChange& change : resource.changes)
            out += change_text(change);
    }
    for (const std::string& warning : report.warnings)
        out += fmt::format("warning: {}\n", escape_controls(warning));
    return out + counts_text(report);
}

std::string facts_text(const Value& facts) {
    std::string out;
    add_facts(out, "", facts);
    return out;
}

std::string applied_text(const Value& applied) {
    const Value* resources = applied.get("resources");
    std::string out;
    if (!resources || !resources->if_map()) return out;
    for (const auto& [id, entry] : *resources->if_map()) {
        const Value* commit = entry.get("commit");
        const std::string* text = commit ? commit->if_string() : nullptr;
        out += fmt::format("{:<12} {}\n", escape_controls(text ? text->substr(0, 12) : "uncommitted"),
                           escape_controls(id));
    }
    return out;
}

} // namespace lab::agent
