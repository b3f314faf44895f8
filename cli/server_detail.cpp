// A server in full.
#include "cli/details.h"
#include "cli/places.h"
#include "cli/policy.h"
#include "cli/records.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace lab::cli {
namespace {

/// Fields of the language, not of one server: shown among the facts at the top.
bool is_listed(const spec::Field& field) {
    return field.path.starts_with("params.") || field.path.starts_with("settings.");
}

std::string pillar_text(const Pillar& pillar, WallTime now) {
    std::string text = pillar_cell(pillar, now).text;
    return pillar.detail.empty() ? text : fmt::format("{}: {}", text, pillar.detail);
}

/// What the state knows of the server: when it was last seen, up to which commit it was applied.
struct Known {
    std::string applied, seen;
    ValueMap value;
};

Known known_of(const Session& session, const std::string& name, WallTime now) {
    Known known;
    known.value = {{"applied_commit", Value()},
                   {"applied_resources", Value()},
                   {"observed_at", Value()},
                   {"presence", Value()}};
    if (!session.has_store()) return known;
    if (const auto applied = session.store().applied(name); applied && *applied) {
        std::size_t resources = 0;
        for (const planner::AppliedModule& module : (*applied)->modules)
            resources += module.resources.size();
        const std::string& commit = (*applied)->commit;
        known.applied =
            fmt::format("{}, up to {}", counted(resources, "resource"),
                        commit.empty() ? std::string("uncommitted files") : "commit " + commit.substr(0, 12));
        known.value.set("applied_commit", text_or_null(commit));
        known.value.set("applied_resources", Value(std::uint64_t{resources}));
    }
    if (const auto observed = session.store().observed(name); observed && *observed) {
        const bool there = (*observed)->state.presence == api::Presence::Present;
        const bool missing = (*observed)->state.presence == api::Presence::Missing;
        const std::string_view presence = there ? "present" : missing ? "missing" : "unreachable";
        known.seen = fmt::format("{}, {} ago", presence, format_age(now - (*observed)->at));
        known.value.set("observed_at", Value(format_time((*observed)->at)));
        known.value.set("presence", Value(presence));
    }
    return known;
}

std::vector<std::string> field_lines(const std::vector<spec::Field>& fields, std::string_view prefix) {
    std::vector<std::vector<std::string>> rows;
    for (const spec::Field& field : fields)
        if (field.path.starts_with(prefix))
            rows.push_back({field.path.substr(prefix.size()), shown_value(field.effective.value),
                            origin_text(field.effective.origin)});
    return aligned(rows);
}

std::vector<std::string> provided_lines(const spec::Fleet& fleet, spec::ServerIndex index,
                                        spec::Provides what) {
    std::vector<std::vector<std::string>> rows;
    for (const spec::Provided& one : fleet.provided(index, what))
        rows.push_back({one.name, origin_text(one.origins.front())});
    return aligned(rows);
}

/// "Puppet classes (3):" and below it what each label gives.
std::string provided_by_label(const spec::Fleet& fleet, spec::ServerIndex index, spec::Provides what,
                              std::string_view title) {
    const auto all = fleet.provided(index, what);
    std::map<std::string, std::vector<std::string>> by_label;
    for (const spec::Provided& one : all)
        for (const spec::Origin& origin : one.origins)
            by_label[origin.through].push_back(one.name);
    std::string out;
    if (!all.empty()) out += fmt::format("\n{} ({}):\n", title, all.size());
    for (const auto& [label, names] : by_label)
        out += fmt::format("  FROM LABEL {}:\n{}", label, branches(names, "    "));
    return out;
}

std::string described(const spec::Fleet& fleet, spec::ServerIndex index, const Pillars& all,
                      const Known& known, const std::vector<spec::Field>& fields,
                      const std::vector<spec::ModuleUnit>& units, WallTime now) {
    const spec::Server& server = fleet.server(index);
    std::string out =
        facts_text({{"Name", server.name},
                    {"Provider", std::string(fleet.provider(index))},
                    {"Environment", std::string(fleet.environment(index))},
                    {"Cloud", std::string(fleet.cloud(index))},
                    {"Region", std::string(fleet.region(index))},
                    {"Domain", std::string(fleet.domain(index))},
                    {"Labels", bracketed(fleet.labels(index))},
                    {"Size", size_text(fleet.inventory(), fleet.chosen(index, spec::Provides::Size))},
                    {"Layout", std::string(fleet.chosen(index, spec::Provides::Layout))},
                    {"Image", std::string(fleet.chosen(index, spec::Provides::Image))},
                    {"Groups", bracketed(fleet.groups(index))},
                    {"Protected", server.protect ? "yes" : "no"},
                    {"Written at", server.at.text()},
                    {"Applied", known.applied},
                    {"Last seen", known.seen},
                    {"Sync", pillar_text(all.sync, now)},
                    {"Config", pillar_text(all.config, now)},
                    {"Health", pillar_text(all.health, now)},
                    {"Identity", pillar_text(all.identity, now)}});
    out += section_text("Machine", property_lines(server.properties));
    out += section_text("Ports", provided_lines(fleet, index, spec::Provides::Ports));
    out += section_text("Puppet classes", provided_lines(fleet, index, spec::Provides::PuppetClasses));
    out += section_text("Settings", field_lines(fields, "settings."));
    out += section_text("Params", field_lines(fields, "params."));
    std::vector<std::vector<std::string>> modules, resources;
    for (const spec::ModuleUnit& unit : units) {
        modules.push_back(
            {fmt::format("{} {}", unit.module, unit.version), module_origin(unit), unit.at.text()});
        for (const api::Resource& resource : unit.resources)
            resources.push_back(
                {resource.id(), fmt::format("module {}", unit.module), resource.source.text()});
    }
    out += section_text("Modules", aligned(modules));
    return out + section_text("Resources", aligned(resources));
}

/// Modules by how they came in: "FROM LABEL base", "REQUIRED BY motd".
std::string modules_by_origin(const std::vector<spec::ModuleUnit>& units) {
    std::vector<std::pair<std::string, std::vector<std::string>>> groups;
    const auto add = [&groups](const std::string& title, const std::string& module) {
        for (auto& [known, modules] : groups)
            if (known == title) return modules.push_back(module);
        groups.emplace_back(title, std::vector<std::string>{module});
    };
    for (const spec::ModuleUnit& unit : units) {
        const std::string name =
            unit.version.empty() ? unit.module : fmt::format("{} {}", unit.module, unit.version);
        for (const std::string& label : unit.labels)
            add("FROM LABEL " + label, name);
        for (const std::string& module : unit.required_by)
            add("REQUIRED BY " + module, name);
    }
    std::string out;
    for (const auto& [title, modules] : groups)
        out += fmt::format("  {}:\n{}", title, branches(modules, "    "));
    return out;
}

std::string resources_by_module(const std::vector<spec::ModuleUnit>& units) {
    std::string out;
    for (const spec::ModuleUnit& unit : units) {
        std::vector<std::string> ids;
        for (const api::Resource& resource : unit.resources)
            ids.push_back(escape_controls(resource.id()));
        if (!ids.empty()) out += fmt::format("  FROM MODULE {}:\n{}", unit.module, branches(ids, "    "));
    }
    return out;
}

/// Groups that would have the server, were it not for their `exclude`.
std::vector<std::string> exclusions(const spec::Fleet& fleet, spec::ServerIndex index) {
    std::vector<std::string> lines;
    const auto in = fleet.groups(index);
    for (const auto& entry : fleet.inventory().groups) {
        if (std::find(in.begin(), in.end(), entry.first) != in.end()) continue;
        if (const std::string why = why_excluded(fleet, entry.first, index); !why.empty())
            lines.push_back(fmt::format("group {} ({})", entry.first, why));
    }
    return lines;
}

std::string shown(const spec::Fleet& fleet, spec::ServerIndex index, const std::vector<spec::Field>& fields,
                  const std::vector<spec::ModuleUnit>& units) {
    std::vector<std::string> where{std::string(fleet.provider(index))};
    if (!fleet.region(index).empty()) where.emplace_back(fleet.region(index));
    Facts facts{{"Server", fmt::format("{} ({})", fleet.server(index).name, fmt::join(where, ", "))},
                {"Labels", bracketed(fleet.labels(index))},
                {"Groups", bracketed(fleet.groups(index))},
                {"Environment", std::string(fleet.environment(index))}};
    if (const auto size = fleet.chosen(index, spec::Provides::Size); !size.empty())
        facts.emplace_back("Size", size_text(fleet.inventory(), size));
    std::string out = facts_text(facts);
    if (!units.empty()) out += fmt::format("\nModules ({}):\n{}", units.size(), modules_by_origin(units));
    out += provided_by_label(fleet, index, spec::Provides::PuppetClasses, "Puppet classes");
    out += provided_by_label(fleet, index, spec::Provides::Ports, "Ports");
    std::size_t resources = 0;
    for (const spec::ModuleUnit& unit : units)
        resources += unit.resources.size();
    if (resources > 0) out += fmt::format("\nResources ({}):\n{}", resources, resources_by_module(units));
    const auto params = field_lines(fields, "params.");
    if (!params.empty()) out += fmt::format("\nParams ({}):\n{}", params.size(), branches(params));
    out += policy_text(fleet, index);
    auto out_of = exclusions(fleet, index);
    for (std::string& line : alert_exclusions(fleet, index))
        out_of.push_back(std::move(line));
    if (!out_of.empty()) out += fmt::format("\nExcluded from:\n{}", branches(out_of));
    return out;
}

} // namespace

std::string module_origin(const spec::ModuleUnit& unit) {
    std::vector<std::string> ways;
    if (!unit.labels.empty()) ways.push_back(fmt::format("label {}", fmt::join(unit.labels, ", ")));
    if (!unit.required_by.empty())
        ways.push_back(fmt::format("required by {}", fmt::join(unit.required_by, ", ")));
    return fmt::format("{}", fmt::join(ways, "; "));
}

ValueList modules_value(const spec::Fleet& fleet, spec::ServerIndex index) {
    ValueList list;
    for (const spec::ModuleUnit& unit : fleet.modules(index))
        list.emplace_back(ValueMap{{"name", Value(unit.module)},
                                   {"version", text_or_null(unit.version)},
                                   {"labels", Value(text_list(unit.labels))},
                                   {"required_by", Value(text_list(unit.required_by))},
                                   {"source", place_value(unit.at)}});
    return list;
}

ValueList fields_value(const std::vector<spec::Field>& fields) {
    ValueList list;
    for (const spec::Field& field : fields) {
        ValueList over;
        for (const auto& [value, origin] : field.effective.overrode)
            over.emplace_back(ValueMap{{"value", value}, {"origin", origin_value(origin)}});
        list.emplace_back(ValueMap{{"path", Value(field.path)},
                                   {"value", field.effective.value},
                                   {"origin", origin_value(field.effective.origin)},
                                   {"overrode", Value(std::move(over))}});
    }
    return list;
}

Detail server_detail(const Session& session, spec::ServerIndex index, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const spec::ServerIndex one[] = {index};
    const Pillars all = pillars(session, one).front();
    const Known known = known_of(session, fleet.server(index).name, now);
    std::vector<spec::Field> fields = fleet.fields(index);
    fields.erase(std::remove_if(fields.begin(), fields.end(),
                                [](const spec::Field& field) { return !is_listed(field); }),
                 fields.end());
    Diagnostics
        problems; // already reported when the fleet was resolved; what is left shows in `lab validate`
    const auto units = fleet.units(index, problems);
    Detail detail{.format = "lab.server/1",
                  .document = server_summary(fleet, index, all, now),
                  .described = described(fleet, index, all, known, fields, units, now),
                  .shown = shown(fleet, index, fields, units)};
    detail.document.set("modules", Value(modules_value(fleet, index)));
    detail.document.append("alerts", Value(alerts_value(fleet, index)));
    detail.document.append("secrets", Value(secrets_value(fleet, index)));
    ValueList resources;
    for (const spec::ModuleUnit& unit : units)
        for (const api::Resource& resource : unit.resources)
            resources.emplace_back(ValueMap{{"id", Value(resource.id())},
                                            {"module", Value(unit.module)},
                                            {"source", place_value(resource.source)}});
    detail.document.append("resources", Value(std::move(resources)));
    fields = fleet.fields(index);
    std::erase_if(fields, is_policy);
    detail.document.append("fields", Value(fields_value(fields)));
    detail.document.append("state", Value(known.value));
    return detail;
}

} // namespace lab::cli
