#include "api/resource.h"
#include "editor/answers.h"
#include "editor/names.h"
#include "editor/protocol.h"
#include "editor/spot.h"
#include "spec/policy.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::editor {
namespace {

using spec::Names;

constexpr std::size_t kMostLines = 40, kMostNames = 12;

std::string shown(const Value& value) {
    return api::is_fingerprint(value) ? "(sensitive)" : display(value);
}

/// Text of a user's file inside Markdown.
std::string code(std::string_view text) {
    std::string safe = escape_controls(text);
    std::replace(safe.begin(), safe.end(), '`', '\'');
    return "`" + safe + "`";
}

std::string origin_text(const spec::Origin& origin) {
    std::string text;
    switch (origin.level) {
    case spec::Level::ModuleDefault: text = "default of module " + origin.through; break;
    case spec::Level::LabDefault: text = "lab.defaults"; break;
    case spec::Level::Environment: text = "environment " + origin.through; break;
    case spec::Level::Label: text = "label " + origin.through; break;
    case spec::Level::Server: text = "the server itself"; break;
    case spec::Level::Implicit: return origin.through.empty() ? "the default" : origin.through;
    }
    return origin.at.known() ? text + " at " + origin.at.text() : text;
}

std::string some_of(std::vector<std::string> names) {
    const std::size_t all = names.size();
    if (all > kMostNames) names.resize(kMostNames);
    return all > kMostNames ? fmt::format("{} and {} more", fmt::join(names, ", "), all - kMostNames)
                            : fmt::format("{}", fmt::join(names, ", "));
}

std::string texts(const std::vector<spec::Text>& list) {
    std::vector<std::string> names;
    for (const spec::Text& text : list)
        names.push_back(text.value);
    return some_of(std::move(names));
}

class Hover {
  public:
    Hover(const Question& question, const Spot& spot, const Named& named)
        : spot_(spot), named_(named), fleet_(*question.snapshot.fleet), inventory_(fleet_.inventory()) {}
    std::string text();

  private:
    void line(std::string text) { lines_.push_back(std::move(text)); }
    void fact(std::string_view name, const std::string& value) {
        if (!value.empty()) line(fmt::format("- {}: {}", name, value));
    }
    void servers(const std::vector<spec::ServerIndex>& list);
    void key(const spec::Word& word);
    void field();
    void named(Names names, const std::string& name);
    void server(const std::string& name);
    void label(const std::string& name);
    void group(const std::string& name);
    void module(const std::string& name);
    void param(const std::string& name);
    void alert(const std::string& name);
    void secret(const std::string& path);
    void record(const std::map<std::string, spec::Record>& records, const std::string& name);
    void properties(const spec::Record& record);
    void cluster(const std::string& name);
    void role(const std::string& name);
    void selected_by(const spec::Target& target);
    void provided(spec::Provides what, const std::string& name);

    const Spot& spot_;
    const Named& named_;
    const spec::Fleet& fleet_;
    const spec::Inventory& inventory_;
    std::vector<std::string> lines_;
};

std::string Hover::text() {
    if (const spec::Word* word = word_at(spot_))
        key(*word);
    else if (named_.names != Names::Nothing && !named_.text.empty())
        named(named_.names, named_.text);
    field();
    if (lines_.size() > kMostLines) {
        const std::size_t more = lines_.size() - kMostLines;
        lines_.resize(kMostLines);
        line(fmt::format("- and {} more: `lab explain`", more));
    }
    return fmt::format("{}", fmt::join(lines_, "\n"));
}

void Hover::key(const spec::Word& word) {
    line(fmt::format("**{}**: {}{}", word.name, word.summary, word.required ? " (required)" : ""));
}

/// Below a server: the effective value of what is written there, and what it won over.
void Hover::field() {
    const auto& path = spot_.place.path;
    if (spot_.in_module || path.size() < 2 || path[0] != "servers") return;
    const auto index = fleet_.find(path[1]);
    if (!index) return;
    std::string wanted;
    for (std::size_t i = 2; i < path.size() && path[i] != kItem; ++i)
        wanted += (wanted.empty() ? "" : ".") + path[i];
    if (spot_.place.key && spot_.place.colon) wanted += (wanted.empty() ? "" : ".") + spot_.place.word;
    if (wanted.empty()) return;
    for (const spec::Field& field : fleet_.fields(*index)) {
        if (field.path != wanted && !field.path.starts_with(wanted + ".") &&
            field.path != "settings." + wanted)
            continue;
        line(fmt::format("- {} = {}: {}", field.path, code(shown(field.effective.value)),
                         origin_text(field.effective.origin)));
        for (const auto& [value, origin] : field.effective.overrode)
            line(fmt::format("  - over {}: {}", code(shown(value)), origin_text(origin)));
    }
}

void Hover::servers(const std::vector<spec::ServerIndex>& list) {
    std::vector<std::string> names;
    for (const spec::ServerIndex index : list) {
        names.push_back(fleet_.server(index).name);
        if (names.size() > kMostNames) break;
    }
    if (names.size() > kMostNames) names.pop_back();
    const std::size_t more = list.size() - names.size();
    line(fmt::format("- on {}{}{}{}", counted(list.size(), "server"), names.empty() ? "" : ": ",
                     fmt::join(names, ", "), more == 0 ? "" : fmt::format(" and {} more", more)));
}

void Hover::selected_by(const spec::Target& target) {
    Diagnostics unknown;
    fleet_.check(target, unknown);
    if (unknown.has_errors()) return;
    servers(fleet_.select(target));
}

void Hover::named(Names names, const std::string& name) {
    const spec::Term term{.text = name, .at = {}};
    const std::size_t title = lines_.size();
    line(fmt::format("**{} {}**", spec::to_string(names), escape_controls(name)));
    switch (names) {
    case Names::Server:
    case Names::ServerGlob: return server(name);
    case Names::Label: return label(name);
    case Names::Group: return group(name);
    case Names::Module: return module(name);
    case Names::Param: return param(name);
    case Names::Environment: return selected_by({.environments = {term}});
    case Names::Cloud: return selected_by({.clouds = {term}});
    case Names::Provider: return selected_by({.providers = {term}});
    case Names::Region: return selected_by({.regions = {term}});
    case Names::Size: record(inventory_.sizes, name); return provided(spec::Provides::Size, name);
    case Names::Layout: return provided(spec::Provides::Layout, name);
    case Names::Image: record(inventory_.images, name); return provided(spec::Provides::Image, name);
    case Names::Alert: return alert(name);
    case Names::Secret: return secret(name);
    case Names::PuppetClass: return provided(spec::Provides::PuppetClasses, name);
    case Names::Cluster: return cluster(name);
    case Names::App: return record(inventory_.apps, name);
    case Names::User: return record(inventory_.users, name);
    case Names::Role: return role(name);
    case Names::Nothing:
    case Names::Port: lines_.resize(title); return;
    }
}

void Hover::provided(spec::Provides what, const std::string& name) {
    std::vector<spec::ServerIndex> list;
    for (spec::ServerIndex i = 0; i < fleet_.size(); ++i) {
        const auto given = fleet_.provided(i, what);
        if (std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.name == name; }))
            list.push_back(i);
    }
    servers(list);
}

void Hover::server(const std::string& name) {
    const auto index = fleet_.find(name);
    if (!index) return;
    for (const spec::Field& field : fleet_.fields(*index))
        line(fmt::format("- {} = {}: {}", field.path, code(shown(field.effective.value)),
                         origin_text(field.effective.origin)));
    fact("groups", some_of(fleet_.groups(*index)));
}

void Hover::label(const std::string& name) {
    const auto found = inventory_.labels.find(name);
    if (found != inventory_.labels.end()) {
        const spec::Label& label = found->second;
        if (label.priority != 0) fact("priority", std::to_string(label.priority));
        fact("modules", texts(label.modules));
        for (const spec::ProvisionWords& words : spec::provision_words()) {
            std::vector<std::string> names;
            for (const spec::Given& given : label.gives)
                if (given.what == words.what) names.push_back(given.name.value);
            fact(words.key, some_of(std::move(names)));
        }
        for (const spec::ParamSetting& param : label.params)
            fact(fmt::format("params.{}.{}", param.module, param.name), code(shown(param.value)));
    }
    if (definition_of(inventory_, Names::Label, name).known()) servers(fleet_.with_label(name));
}

void Hover::group(const std::string& name) {
    if (inventory_.groups.contains(name)) servers(fleet_.members(name));
}

void Hover::module(const std::string& name) {
    const auto found = inventory_.modules.find(name);
    if (found == inventory_.modules.end()) return;
    const spec::Module& module = found->second;
    if (!module.summary.empty()) line(module.summary);
    fact("version", module.version);
    fact("needs", texts(module.deps));
    for (const spec::ParamSchema& param : module.params)
        fact("param " + param.name,
             fmt::format("{}{}{}", to_string(param.type), param.required ? ", required" : "",
                         param.summary.empty() ? "" : ": " + param.summary));
    fact("resources", std::to_string(module.resources.size()));
}

void Hover::param(const std::string& name) {
    const auto found = inventory_.modules.find(named_.module);
    const spec::ParamSchema* param =
        found == inventory_.modules.end() ? nullptr : found->second.find_param(name);
    if (!param) return;
    if (!param->summary.empty()) line(param->summary);
    fact("type", std::string(to_string(param->type)));
    if (param->required) line("- required");
    if (param->fallback && !param->sensitive) fact("default", code(display(*param->fallback)));
}

void Hover::record(const std::map<std::string, spec::Record>& records, const std::string& name) {
    if (const auto found = records.find(name); found != records.end()) properties(found->second);
}

void Hover::properties(const spec::Record& record) {
    for (const spec::Property& property : record.properties)
        fact(property.path, code(shown(property.value)));
}

void Hover::cluster(const std::string& name) {
    const auto found = inventory_.clusters.find(name);
    if (found == inventory_.clusters.end()) return;
    properties(found->second);
    if (found->second.target) selected_by(*found->second.target);
}

void Hover::role(const std::string& name) {
    const auto found = inventory_.roles.find(name);
    if (found == inventory_.roles.end()) return;
    for (const spec::AccessRule& rule : found->second.allow)
        fact("allow", code(rule.written.value));
    for (const spec::AccessRule& rule : found->second.deny)
        fact("deny", code(rule.written.value));
}

void Hover::alert(const std::string& name) {
    const auto alert = spec::alert_definition(inventory_, name);
    if (!alert) return;
    if (!alert->summary.empty()) line(alert->summary);
    fact("condition", code(alert->condition));
    if (alert->lasting.count() != 0) fact("for", format_duration(alert->lasting));
    fact("severity", std::string(to_string(alert->severity)));
    servers(spec::servers_with_alert(fleet_, name));
    for (const spec::NotHere& one : spec::servers_without_alert(fleet_, name))
        line(fmt::format("- not on {}: {}", fleet_.server(one.server).name, one.why));
}

void Hover::secret(const std::string& path) {
    const auto found = inventory_.secrets.find(path);
    if (found == inventory_.secrets.end()) return;
    const spec::Secret& secret = found->second;
    fact("type", std::string(to_string(secret.type)));
    if (secret.generator) fact("generator", secret.generator->value);
    if (secret.rotate_every) fact("rotate_every", format_duration(*secret.rotate_every));
    if (secret.per_machine) line("- one value for each machine");
    servers(spec::readers_of(fleet_, path));
    for (const spec::Access& way : spec::ways_to_secret(fleet_, path))
        line(fmt::format("- by {} ({}): {}", escape_controls(spec::chain_text(way.chain, path)),
                         way.chain.back().at.text(), counted(way.servers.size(), "server")));
    const auto own = spec::own_uses(inventory_);
    if (const auto uses = own.find(path); uses != own.end())
        for (const spec::OwnUse& use : uses->second)
            line(fmt::format("- for lab itself: {} of {} ({})", to_string(use.kind), use.of, use.at.text()));
}

} // namespace

Value hover(const Question& question) {
    const spec::Vocabulary vocabulary;
    const Spot spot = spot_of(question, vocabulary);
    const Named what = named(question, spot);
    if (what.text.empty()) return {};
    std::string text = Hover(question, spot, what).text();
    if (text.empty()) return {};
    const Range range{question.buffer.position(what.begin), question.buffer.position(what.end)};
    return ValueMap{
        {"contents", Value(ValueMap{{"kind", Value("markdown")}, {"value", Value(std::move(text))}})},
        {"range", to_value(range)}};
}

} // namespace lab::editor
