#include "planner/recording.h"

#include "api/content.h"
#include "api/facts.h"
#include "planner/planner.h"
#include "spec/document.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

namespace lab::planner {
namespace {

using api::Presence;
using Path = std::vector<std::string>;

constexpr std::size_t kMaxProblems = 100;

constexpr std::array<std::string_view, 4> kKeys{"format", "inventory", "guard", "servers"};
constexpr std::array<std::string_view, 3> kGuardKeys{"max_destroy", "max_destructive_percent", "commit"};
constexpr std::array<std::string_view, 12> kServerKeys{"in_order",  "presence",  "detail",     "seen_at",
                                                       "server_id", "inventory", "properties", "facts",
                                                       "resources", "skipped",   "failed",     "applied"};
constexpr std::array<std::string_view, 11> kAppliedKeys{"secrets",   "layout",      "provider", "settings",
                                                        "server_id", "environment", "cloud",    "region",
                                                        "labels",    "protect",     "modules"};

constexpr std::array kPresences{std::pair{std::string_view("present"), Presence::Present},
                                std::pair{std::string_view("missing"), Presence::Missing},
                                std::pair{std::string_view("unreachable"), Presence::Unreachable}};

std::string_view presence_text(Presence presence) {
    for (const auto& [text, value] : kPresences)
        if (value == presence) return text;
    return "unreachable";
}

// ---- writing

void put(ValueMap& out, std::string_view key, const std::string& text) {
    if (!text.empty()) out.append(std::string(key), Value(text));
}

Value applied_value(const AppliedServer& applied) {
    ValueMap out{{"provider", Value(applied.spec.provider)}};
    if (!applied.spec.settings.empty()) out.append("settings", applied.spec.settings);
    put(out, "server_id", applied.spec.server_id);
    put(out, "environment", applied.environment);
    put(out, "cloud", applied.cloud);
    put(out, "region", applied.region);
    if (!applied.labels.empty())
        out.append("labels", ValueList(applied.labels.begin(), applied.labels.end()));
    if (applied.protect) out.append("protect", true);
    put(out, "commit", applied.commit);
    if (!applied.layout.is_null()) out.append("layout", applied.layout);
    ValueMap secrets;
    for (const auto& [path, ways] : applied.secrets.value_or(Grants()))
        secrets.append(path, Value(ways));
    if (!applied.secrets)
        out.append("secrets", Value());
    else if (!secrets.empty())
        out.append("secrets", std::move(secrets));
    ValueMap modules;
    for (const AppliedModule& module : applied.modules) {
        ValueList resources;
        for (const AppliedResource& each : module.resources) {
            Value resource = api::to_value(each.resource);
            if (each.commit != applied.commit) resource.if_map()->append("commit", Value(each.commit));
            resources.push_back(std::move(resource));
        }
        modules.append(module.module, std::move(resources));
    }
    if (!modules.empty()) out.append("modules", std::move(modules));
    return out;
}

void put_observed(ValueMap& out, const ObservedServer& seen) {
    out.append("presence", Value(presence_text(seen.state.presence)));
    put(out, "detail", seen.state.detail);
    if (seen.at != WallTime()) out.append("seen_at", Value(format_time(seen.at)));
    put(out, "server_id", seen.state.server_id);
    put(out, "inventory", seen.state.inventory);
    if (!seen.state.properties.empty()) out.append("properties", seen.state.properties);
    ValueMap resources, skipped, failed;
    for (const auto& [id, resource] : seen.resources) {
        if (!resource.properties.empty() || (!resource.skipped && !resource.failed))
            resources.append(id, resource.properties);
        if (resource.skipped) skipped.append(id, Value(resource.reason));
        if (resource.failed) failed.append(id, Value(resource.reason));
    }
    if (!resources.empty()) out.append("resources", std::move(resources));
    if (!skipped.empty()) out.append("skipped", std::move(skipped));
    if (!failed.empty()) out.append("failed", std::move(failed));
    if (!seen.facts.is_null()) out.append("facts", seen.facts);
}

// ---- reading

/// Reads with the place it is at; keeps every problem.
class Reader {
  public:
    /// `foreign_facts`: those that are not known may have been reported all the same.
    Reader(std::vector<RecordingProblem>& problems, bool foreign_facts)
        : problems_(problems), foreign_facts_(foreign_facts) {}

    /// Goes down one key for as long as it lives.
    class Step {
      public:
        Step(Reader& reader, std::string_view key) : reader_(reader) { reader_.path_.emplace_back(key); }
        ~Step() { reader_.path_.pop_back(); }
        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;

      private:
        Reader& reader_;
    };

    void refuse(std::string message, std::string help = {}, bool of_key = false) {
        if (errors_++ < kMaxProblems)
            problems_.push_back(
                {.path = path_, .message = std::move(message), .help = std::move(help), .of_key = of_key});
    }
    void refuse(api::FactProblem problem) {
        const std::size_t depth = path_.size();
        path_.insert(path_.end(), problem.path.begin(), problem.path.end());
        if (!problem.unknown || !foreign_facts_)
            refuse(std::move(problem.message), std::move(problem.help), problem.unknown);
        else if (warned_.size() < kMaxProblems &&
                 warned_.insert(problem.message).second) // once for all servers
            problems_.push_back({.path = path_,
                                 .message = std::move(problem.message),
                                 .help = std::move(problem.help),
                                 .of_key = true,
                                 .warning = true});
        path_.resize(depth);
    }
    void wrong_type(const Value& value, std::string_view wanted) {
        refuse(fmt::format("'{}' must be {}, not {}", path_.empty() ? "the recording" : path_.back(), wanted,
                           value.is_null() ? "nothing" : with_article(value.type_name())));
    }

    /// The map; null with a problem where it is none, and without one where there is nothing.
    const ValueMap* map(const Value& value) {
        if (value.is_null()) return nullptr;
        if (!value.if_map()) wrong_type(value, "a map");
        return value.if_map();
    }
    std::string text(const Value& value) {
        if (const std::string* text = value.if_string()) return *text;
        wrong_type(value, "a string");
        return {};
    }
    bool flag(const Value& value) {
        if (const bool* flag = value.if_bool()) return *flag;
        wrong_type(value, "true or false");
        return false;
    }
    std::int64_t number(const Value& value, std::int64_t max) {
        const std::int64_t* number = value.if_int();
        if (number && *number >= 0 && *number <= max) return *number;
        refuse(fmt::format("'{}' must be a whole number from 0 to {}", path_.back(), max));
        return 0;
    }
    template <std::size_t N>
    bool knows(std::string_view key, const std::array<std::string_view, N>& known, std::string_view what,
               std::string_view more = {}) {
        if (std::find(known.begin(), known.end(), key) != known.end() || (!more.empty() && key == more))
            return true;
        const Step step(*this, key);
        const auto near = nearest(key, std::span<const std::string_view>(known));
        refuse(fmt::format("{} has no key '{}'", what, escape_controls(key)),
               near ? fmt::format("did you mean '{}'?", *near) : std::string(), /*of_key=*/true);
        return false;
    }

  private:
    std::vector<RecordingProblem>& problems_;
    bool foreign_facts_;
    std::size_t errors_ = 0;
    std::set<std::string> warned_;
    Path path_;
};

/// The fingerprints in a value, made with the key of another state.
Value recorded(Reader& reader, Value value) {
    if (auto wrong = api::wrong_form(value)) {
        reader.refuse(*std::move(wrong));
        return value;
    }
    if (api::is_fingerprint(value)) return api::recorded_fingerprint(value);
    if (ValueMap* map = value.if_map())
        for (auto& [key, each] : *map) {
            const Reader::Step step(reader, key);
            each = recorded(reader, std::move(each));
        }
    if (ValueList* list = value.if_list())
        for (std::size_t i = 0; i < list->size(); ++i) {
            const Reader::Step step(reader, std::to_string(i));
            (*list)[i] = recorded(reader, std::move((*list)[i]));
        }
    return value;
}

ValueMap recorded(Reader& reader, ValueMap map) {
    return *recorded(reader, Value(std::move(map))).if_map();
}

const api::ResourceType* type_of(Reader& reader, std::string_view id) {
    const std::string_view word = id.substr(0, id.find('/'));
    const api::ResourceType* type = api::find_resource_type(word);
    if (type && word.size() + 1 < id.size()) return type;
    std::vector<std::string_view> names;
    for (const api::ResourceType& known : api::resource_types())
        names.push_back(known.name);
    const auto near = nearest(word, std::span<const std::string_view>(names));
    reader.refuse(
        fmt::format("'{}' is no resource: expected TYPE/NAME, such as file/etc/motd", escape_controls(id)),
        near && !type ? fmt::format("did you mean the type '{}'?", *near) : std::string(), /*of_key=*/true);
    return nullptr;
}

void refuse_property(Reader& reader, const api::ResourceType& type, std::string_view name) {
    std::vector<std::string_view> names;
    for (const api::PropertySchema& property : type.properties)
        if (!property.only_in_yaml) names.push_back(property.name);
    const auto near = nearest(name, std::span<const std::string_view>(names));
    reader.refuse(fmt::format("a {} has no property '{}'", type.name, escape_controls(name)),
                  near ? fmt::format("did you mean '{}'?", *near) : std::string(), /*of_key=*/true);
}

/// The properties as a machine would have reported them: what is written of a resource says that it is there.
ValueMap read_properties(Reader& reader, const api::ResourceType& type, const ValueMap& written) {
    ValueMap out;
    if (type.takes_ensure && !written.contains("ensure")) out.append("ensure", Value("present"));
    for (const auto& [name, value] : written) {
        const Reader::Step step(reader, name);
        const api::PropertySchema* property = api::find_observed(type, name);
        if (!property) {
            refuse_property(reader, type, name);
            continue;
        }
        if (value.is_null()) {
            reader.refuse(fmt::format("'{}' has no value", name),
                          "leave out what is not known of the machine; what is not there is: ensure: absent");
            continue;
        }
        auto fit = api::normalise_observed(type, *property, value);
        if (fit)
            out.append(name, recorded(reader, *std::move(fit)));
        else
            reader.refuse(fit.error().message, fit.error().hint);
    }
    return out;
}

void read_resources(Reader& reader, const Value& value, ObservedServer& seen) {
    const ValueMap* all = reader.map(value);
    if (!all) return;
    for (const auto& [id, written] : *all) {
        const Reader::Step step(reader, id);
        const api::ResourceType* type = type_of(reader, id);
        const ValueMap* properties = reader.map(written);
        if (!type || (!properties && !written.is_null())) continue;
        seen.resources[id].properties = read_properties(reader, *type, properties ? *properties : ValueMap());
    }
}

/// `skipped` and `failed`: ids with the reason.
void read_reasons(Reader& reader, const Value& value, bool ObservedResource::*flag, ObservedServer& seen) {
    const ValueMap* all = reader.map(value);
    if (!all) return;
    for (const auto& [id, reason] : *all) {
        const Reader::Step step(reader, id);
        if (!type_of(reader, id)) continue;
        ObservedResource& resource = seen.resources[id];
        resource.*flag = true;
        resource.reason = reader.text(reason);
    }
}

Presence read_presence(Reader& reader, const Value& value) {
    const std::string text = reader.text(value);
    for (const auto& [word, presence] : kPresences)
        if (text == word) return presence;
    if (value.if_string())
        reader.refuse(fmt::format("'presence' must be present, missing or unreachable, not '{}'",
                                  escape_controls(text)));
    return Presence::Present;
}

AppliedModule read_module(Reader& reader, const std::string& name, const Value& value,
                          const std::string& commit) {
    AppliedModule module{.module = name, .resources = {}};
    const ValueList* list = value.if_list();
    if (!list) {
        reader.wrong_type(value, "a list of resources");
        return module;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
        const Reader::Step step(reader, std::to_string(i));
        Value document = (*list)[i];
        AppliedResource applied{.resource = {}, .commit = commit};
        if (ValueMap* map = document.if_map()) {
            if (const Value* own = map->find("commit")) applied.commit = reader.text(*own);
            map->erase("commit");
            if (!map->contains("module")) map->append("module", Value(name));
        }
        auto resource = api::resource_from_value(recorded(reader, std::move(document)));
        if (!resource) {
            reader.refuse(resource.error().message);
            continue;
        }
        applied.resource = *std::move(resource);
        module.resources.push_back(std::move(applied));
    }
    return module;
}

void read_labels(Reader& reader, const Value& value, AppliedServer& applied) {
    const ValueList* list = value.if_list();
    if (!list) return reader.wrong_type(value, "a list of strings");
    for (const Value& label : *list)
        applied.labels.push_back(reader.text(label));
    std::sort(applied.labels.begin(), applied.labels.end());
}

void read_modules(Reader& reader, const Value& value, AppliedServer& applied) {
    const ValueMap* modules = reader.map(value);
    if (!modules) return;
    for (const auto& [name, resources] : *modules) {
        const Reader::Step step(reader, name);
        applied.modules.push_back(read_module(reader, name, resources, applied.commit));
    }
    std::sort(applied.modules.begin(), applied.modules.end(),
              [](const auto& left, const auto& right) { return left.module < right.module; });
}

/// Which secrets the server may read, each with the ways to it; null where that is not known.
void read_secrets(Reader& reader, const Value& value, AppliedServer& applied) {
    if (value.is_null()) {
        applied.secrets.reset();
        return;
    }
    const ValueMap* secrets = reader.map(value);
    if (!secrets) return;
    for (const auto& [path, ways] : *secrets) {
        const Reader::Step step(reader, path);
        applied.secrets->emplace(path, reader.text(ways));
    }
}

/// What is wrong with the parts of a layout is said as of one in an inventory, though of all of them at once.
void refuse_parts(Reader& reader, const std::string& name, const Value& parts) {
    const Reader::Step step(reader, "parts");
    Diagnostics diagnostics;
    if (const auto document = spec::Document::parse("parts", write_json(parts), diagnostics))
        spec::read_layout({name, {}}, document->root(), diagnostics);
    for (const Diagnostic& each : diagnostics.items())
        if (each.severity == Severity::Error)
            reader.refuse("'parts' is no layout that this version reads: " + each.message, each.help);
}

/// layout_record() of what the disk has; null: nothing that lab knows.
Value read_layout(Reader& reader, const Value& value) {
    if (value.is_null()) return value;
    const Value* name = value.get("name");
    const Value* parts = value.get("parts");
    if (!name || !name->if_string() || !parts)
        reader.refuse(fmt::format("'layout' has no '{}'", name && name->if_string() ? "parts" : "name"),
                      "write {name: NAME, parts: {partitions: [...], volumes: [...]}}: below `parts` is what "
                      "the section `layouts` of an inventory has below the name");
    else if (!recorded_layout(value))
        refuse_parts(reader, *name->if_string(), *parts);
    return value;
}

AppliedServer read_applied(Reader& reader, const std::string& name, const Value& value) {
    AppliedServer applied;
    applied.spec.name = name;
    const ValueMap* map = reader.map(value);
    if (const Value* commit = map ? map->find("commit") : nullptr; commit && !commit->is_null()) {
        const Reader::Step step(reader, "commit");
        applied.commit = reader.text(*commit);
    }
    if (map)
        for (const auto& [key, each] : *map) {
            if (!reader.knows(key, kAppliedKeys, "what was applied", "commit")) continue;
            const Reader::Step step(reader, key);
            if (key == "provider") applied.spec.provider = reader.text(each);
            if (key == "server_id") applied.spec.server_id = reader.text(each);
            if (key == "environment") applied.environment = reader.text(each);
            if (key == "cloud") applied.cloud = reader.text(each);
            if (key == "region") applied.region = reader.text(each);
            if (key == "secrets") read_secrets(reader, each, applied);
            if (key == "layout") applied.layout = read_layout(reader, each);
            if (key == "protect") applied.protect = reader.flag(each);
            if (key == "labels") read_labels(reader, each, applied);
            if (key == "modules") read_modules(reader, each, applied);
            const ValueMap* settings = key == "settings" ? reader.map(each) : nullptr;
            if (settings) applied.spec.settings = *settings;
        }
    if (!map || !map->contains("provider"))
        reader.refuse("'applied' has no 'provider'", "say whose server it is: provider: local");
    return applied;
}

Value read_facts(Reader& reader, const Value& value) {
    for (api::FactProblem& problem : api::check_facts(value))
        reader.refuse(std::move(problem));
    return value;
}

void read_seen_key(Reader& reader, std::string_view key, const Value& value, ObservedServer& seen) {
    if (key == "presence") seen.state.presence = read_presence(reader, value);
    if (key == "detail") seen.state.detail = reader.text(value);
    if (key == "server_id") seen.state.server_id = reader.text(value);
    if (key == "inventory") seen.state.inventory = reader.text(value);
    if (key == "resources") read_resources(reader, value, seen);
    if (key == "skipped") read_reasons(reader, value, &ObservedResource::skipped, seen);
    if (key == "failed") read_reasons(reader, value, &ObservedResource::failed, seen);
    if (key == "facts" && reader.map(value)) seen.facts = read_facts(reader, value);
    if (key == "properties")
        if (const ValueMap* map = reader.map(value)) seen.state.properties = recorded(reader, *map);
    if (key == "seen_at") {
        const auto at = parse_time(reader.text(value));
        if (at)
            seen.at = *at;
        else if (value.if_string())
            reader.refuse("'seen_at' must be a time such as 2026-03-15T14:22:03Z");
    }
}

RecordedServer read_server(Reader& reader, const std::string& name, const Value& value) {
    RecordedServer server;
    const ValueMap* map = reader.map(value);
    if (!map) return server;
    ObservedServer seen;
    seen.state.presence = Presence::Present;
    bool any = false;
    for (const auto& [key, each] : *map) {
        if (!reader.knows(key, kServerKeys, "a recorded server")) continue;
        const Reader::Step step(reader, key);
        if (key == "in_order") {
            server.in_order = reader.flag(each);
        } else if (key == "applied") {
            server.applied = read_applied(reader, name, each);
        } else {
            any = true;
            read_seen_key(reader, key, each, seen);
        }
    }
    seen.fresh = seen.state.presence != Presence::Unreachable;
    if (any) server.observed = std::move(seen);
    if (server.in_order && server.applied)
        reader.refuse("a server that is 'in_order' has no 'applied' of its own",
                      "what is applied there is what the inventory wants");
    return server;
}

/// An id of git's, or the beginning of one.
std::string read_commit(Reader& reader, const Value& value) {
    std::string text = reader.text(value);
    const bool hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (value.if_string() && (!hex || text.size() < 4 || text.size() > 64))
        reader.refuse(fmt::format("'commit' must be the id of a commit, not '{}'", escape_controls(text)),
                      "`git log --format=%H` lists them");
    return text;
}

Recording::Guard read_guard(Reader& reader, const Value& value) {
    Recording::Guard guard;
    const ValueMap* map = reader.map(value);
    if (!map) return guard;
    for (const auto& [key, each] : *map) {
        if (!reader.knows(key, kGuardKeys, "'guard'")) continue;
        const Reader::Step step(reader, key);
        if (key == "max_destroy") guard.max_destroy = reader.number(each, 1'000'000'000);
        if (key == "max_destructive_percent") guard.max_destructive_percent = reader.number(each, 100);
        if (key == "commit") guard.commit = read_commit(reader, each);
    }
    return guard;
}

} // namespace

std::string RecordingProblem::place() const {
    std::string text;
    for (const std::string& key : path)
        text += (text.empty() ? "" : ".") + escape_controls(key);
    return text;
}

bool ReadRecording::has_errors() const {
    return std::any_of(problems.begin(), problems.end(),
                       [](const auto& problem) { return !problem.warning; });
}

Value to_value(const Recording& recording) {
    ValueMap out{{"format", Value(Recording::kFormat)}};
    put(out, "inventory", recording.inventory);
    if (recording.guard) {
        ValueMap guard{{"max_destroy", Value(recording.guard->max_destroy)},
                       {"max_destructive_percent", Value(recording.guard->max_destructive_percent)}};
        put(guard, "commit", recording.guard->commit);
        out.append("guard", std::move(guard));
    }
    ValueMap servers;
    for (const auto& [name, server] : recording.servers) {
        ValueMap one;
        if (server.in_order) one.append("in_order", true);
        if (server.observed) put_observed(one, *server.observed);
        if (server.applied) one.append("applied", applied_value(*server.applied));
        servers.append(name, std::move(one));
    }
    out.append("servers", std::move(servers));
    return out;
}

ReadRecording recording_from_value(const Value& document) {
    ReadRecording out;
    const ValueMap* map = document.if_map();
    Reader reader(out.problems, /*foreign_facts=*/map && map->contains("format"));
    if (!map) {
        reader.wrong_type(document, "a map");
        return out;
    }
    for (const auto& [key, value] : *map) {
        if (!reader.knows(key, kKeys, "a recording")) continue;
        const Reader::Step step(reader, key);
        if (key == "format" && reader.text(value) != Recording::kFormat && value.if_string())
            reader.refuse(fmt::format("the recording is of format '{}', not {}",
                                      escape_controls(*value.if_string()), Recording::kFormat));
        if (key == "inventory") out.recording.inventory = reader.text(value);
        if (key == "guard") out.recording.guard = read_guard(reader, value);
        const ValueMap* servers = key == "servers" ? reader.map(value) : nullptr;
        if (!servers) continue;
        for (const auto& [name, server] : *servers) {
            const Reader::Step inner(reader, name);
            out.recording.servers.emplace(name, read_server(reader, name, server));
        }
    }
    return out;
}

} // namespace lab::planner
