// Names for completion, read from the inventory as it is now, broken or not: only its files are decoded,
// nothing is resolved.
#include "cli/completion.h"

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/kinds.h"
#include "cli/records.h"
#include "git/repository.h"
#include "reconciler/fleet_cache.h"
#include "store/store.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace lab::cli {
namespace {

std::vector<Candidate> command_names() {
    std::vector<Candidate> found;
    for (const Command* command : commands())
        if (command->section != Section::Hidden && command->words.find(' ') == std::string_view::npos)
            found.push_back({std::string(command->words), std::string(command->summary)});
    for (const Topic& topic : topics())
        found.push_back({std::string(topic.name), std::string(topic.summary)});
    return found;
}

std::vector<Candidate> setting_names() {
    std::vector<Candidate> found;
    for (const SettingRule& rule : setting_rules())
        found.push_back({std::string(rule.name), std::string(rule.summary)});
    return found;
}

std::vector<Candidate> setting_values(const PartialLine& line) {
    std::vector<Candidate> found;
    const auto rule = find_setting(line.positionals.empty() ? std::string_view() : line.positionals.front());
    if (rule)
        for (const std::string_view choice : (*rule)->choices)
            found.push_back({std::string(choice), {}});
    return found;
}

std::string given(const PartialLine& line, std::string_view option) {
    std::string value;
    for (const auto& [name, text] : line.options)
        if (name == option) value = text;
    return value;
}

/// The inventory that the line so far names. A URL is not fetched while a person waits for a Tab.
std::optional<reconciler::InventorySource> open_source(const PartialLine& line, const Context& context) {
    std::string inventory = given(line, "inventory");
    if (inventory.empty()) inventory = context.settings.get("inventory").value;
    if (inventory.find("://") != std::string::npos) return std::nullopt;
    auto source = reconciler::InventorySource::open({.directory = context.directory,
                                                     .inventory = inventory,
                                                     .revision = given(line, "ref"),
                                                     .home = context.settings.home(),
                                                     .stop = context.stop,
                                                     .modules = {.fetch = false, .progress = {}}});
    return source ? std::optional(std::move(*source)) : std::nullopt;
}

spec::Inventory load(const PartialLine& line, const Context& context) {
    const auto source = open_source(line, context);
    return source ? spec::load(source->tree(), {}, &source->modules()).inventory : spec::Inventory();
}

std::vector<Candidate> as_candidates(const std::set<std::string>& names) {
    std::vector<Candidate> found;
    for (const std::string& name : names)
        found.push_back({name, {}});
    return found;
}

template <typename Optional> // std::optional or spec::Rare
void add(std::set<std::string>& names, const Optional& text) {
    if (text) names.insert(text->value);
}

/// From what is kept of the inventory, where nothing changed since.
std::optional<std::vector<Candidate>> kept_server_names(const PartialLine& line, const Context& context) {
    const auto is_off = [](const auto& option) { return option.first == "no-cache"; };
    if (std::any_of(line.options.begin(), line.options.end(), is_off)) return std::nullopt;
    const auto source = open_source(line, context);
    if (!source) return std::nullopt;
    const auto cache = reconciler::fleet_cache(context.settings.home(), context.program, context.providers);
    const auto kept = reconciler::current_image(cache, *source);
    if (!kept) return std::nullopt;
    std::vector<Candidate> found;
    for (std::size_t i = 0; i < kept->image.size(); ++i)
        found.push_back({std::string(kept->image.name(i)), std::string(kept->image.labels(i))});
    return found;
}

std::vector<Candidate> server_names(const PartialLine& line, const Context& context) {
    if (auto kept = kept_server_names(line, context)) return std::move(*kept);
    const spec::Inventory inventory = load(line, context);
    std::vector<Candidate> found;
    for (const spec::Server& server : inventory.servers) {
        std::string labels;
        for (const spec::Text& label : server.labels)
            labels += (labels.empty() ? "" : ", ") + label.value;
        found.push_back({server.name, std::move(labels)});
    }
    return found;
}

std::set<std::string> label_names(const spec::Inventory& inventory) {
    std::set<std::string> names;
    for (const auto& entry : inventory.labels)
        names.insert(entry.first);
    for (const spec::Server& server : inventory.servers)
        for (const spec::Text& label : server.labels)
            names.insert(label.value);
    return names;
}

std::set<std::string> scalar_names(Complete what, const spec::Inventory& inventory, const Context& context) {
    std::set<std::string> names;
    if (what == Complete::Environment) {
        for (const auto& entry : inventory.environments)
            names.insert(entry.first);
        for (const spec::Server& server : inventory.servers)
            add(names, server.environment);
    } else if (what == Complete::Cloud) {
        for (const auto& entry : inventory.clouds)
            names.insert(entry.first);
        for (const spec::Server& server : inventory.servers)
            add(names, server.cloud);
    } else if (what == Complete::Region) {
        add(names, inventory.settings.defaults.region);
        for (const auto& entry : inventory.environments)
            add(names, entry.second.region);
        for (const spec::Server& server : inventory.servers)
            add(names, server.region);
    } else if (what == Complete::Provider) {
        for (std::string& name : context.providers.names())
            names.insert(std::move(name));
        for (const auto& entry : inventory.clouds)
            names.insert(entry.second.provider);
        for (const spec::Server& server : inventory.servers)
            add(names, server.provider);
    }
    return names;
}

std::vector<Candidate> module_names(const spec::Inventory& inventory) {
    std::vector<Candidate> found;
    for (const auto& [name, module] : inventory.modules)
        found.push_back({name, module.summary});
    return found;
}

std::vector<Candidate> git_module_names(const spec::Inventory& inventory) {
    std::vector<Candidate> found;
    for (const auto& [name, source] : inventory.module_sources)
        if (source.from_git()) found.push_back({name, fmt::format("{} of {}", source.ref, source.git)});
    return found;
}

std::vector<Candidate> run_ids(const PartialLine& line, const Context& context) {
    std::error_code failed;
    if (!std::filesystem::exists(context.settings.home() / "state.db", failed))
        return {}; // not made for a Tab
    store::OpenNotes notes;
    auto store = store::Store::open({.home = context.settings.home(),
                                     .inventory = load(line, context).settings.id,
                                     .clock = &context.clock},
                                    notes);
    if (!store) return {};
    std::vector<Candidate> found;
    if (const auto runs = (*store)->runs(50))
        for (const store::Run& run : *runs)
            found.push_back({run.id, fmt::format("{}, {}", run.kind, format_time(run.started_at))});
    return found;
}

std::vector<Candidate> names_of(Kind kind, const PartialLine& line, Context& context) {
    switch (kind) {
    case Kind::Server: return live_names(Complete::Server, line, context);
    case Kind::Label: return live_names(Complete::Label, line, context);
    case Kind::Group: return live_names(Complete::Group, line, context);
    case Kind::Environment: return live_names(Complete::Environment, line, context);
    case Kind::Cloud: return live_names(Complete::Cloud, line, context);
    case Kind::Module: return live_names(Complete::Module, line, context);
    case Kind::Run: return live_names(Complete::Run, line, context);
    case Kind::Layout: {
        std::vector<Candidate> found;
        for (const auto& [name, layout] : load(line, context).layouts)
            found.push_back({name, to_string(layout.disk)});
        return found;
    }
    case Kind::Size:
    case Kind::Image:
    case Kind::PuppetClass:
    case Kind::Container:
    case Kind::Cluster:
    case Kind::App:
    case Kind::Role:
    case Kind::User: {
        std::vector<Candidate> found;
        for (std::string& name : record_names(kind, load(line, context)))
            found.push_back({std::move(name), {}});
        return found;
    }
    case Kind::Alert: {
        std::set<std::string> names;
        for (const auto& entry : load(line, context).alerts)
            names.insert(entry.first);
        for (const spec::CatalogueEntry& entry : spec::alert_catalogue())
            names.emplace(entry.name);
        return as_candidates(names);
    }
    case Kind::Secret: {
        std::vector<Candidate> found;
        for (const auto& [path, secret] : load(line, context).secrets)
            found.push_back({path, std::string(to_string(secret.type))});
        return found;
    }
    case Kind::Param: {
        std::vector<Candidate> found;
        for (const auto& [name, module] : load(line, context).modules)
            for (const spec::ParamSchema& param : module.params)
                found.push_back({fmt::format("{}.{}", name, param.name), param.summary});
        return found;
    }
    }
    return {};
}

std::vector<Candidate> below(std::string_view kind, std::vector<Candidate> names) {
    for (Candidate& name : names)
        name.text = fmt::format("{}/{}", kind, name.text);
    return names;
}

/// Kinds, or once there is a slash the names of that kind.
std::vector<Candidate> kinds(const PartialLine& line, Context& context) {
    const auto slash = line.word.find('/');
    if (slash != std::string::npos) {
        const auto kind = parse_kind(std::string_view(line.word).substr(0, slash));
        return kind ? below(line.word.substr(0, slash), names_of(*kind, line, context))
                    : std::vector<Candidate>();
    }
    const bool many = line.command && line.command->words == "get";
    std::vector<Candidate> found;
    for (const KindWords& words : kind_words())
        found.push_back({std::string(many ? words.many : words.one), std::string(words.summary)});
    return found;
}

/// Names of the kind that the first positional says.
std::vector<Candidate> references(const PartialLine& line, Context& context) {
    if (line.positionals.empty()) return {};
    const std::string& first = line.positionals.front();
    if (first.find('/') != std::string::npos)
        return line.command->words == "get" ? kinds(line, context) : std::vector<Candidate>();
    const auto kind = parse_kind(first);
    return kind ? names_of(*kind, line, context) : std::vector<Candidate>();
}

std::vector<Candidate> revisions(const PartialLine& line, const Context& context) {
    std::string inventory = given(line, "inventory");
    if (inventory.empty()) inventory = context.settings.get("inventory").value;
    const auto repository =
        git::Repository::discover(inventory.empty() ? context.directory : context.directory / inventory);
    if (!repository) return {};
    std::vector<Candidate> found{{"HEAD", {}}};
    for (std::string& name : repository->names())
        found.push_back({std::move(name), {}});
    return found;
}

} // namespace

std::vector<Candidate> live_names(Complete what, const PartialLine& line, Context& context) {
    switch (what) {
    case Complete::Nothing:
    case Complete::File:
    case Complete::Directory: return {};
    case Complete::Command: return command_names();
    case Complete::Setting: return setting_names();
    case Complete::SettingValue: return setting_values(line);
    case Complete::Kind: return kinds(line, context);
    case Complete::Reference: return references(line, context);
    case Complete::Server: return server_names(line, context);
    case Complete::PlanFile:
    case Complete::ServerPath: return below("server", server_names(line, context));
    case Complete::Label: return as_candidates(label_names(load(line, context)));
    case Complete::Group: {
        std::set<std::string> names;
        for (const auto& entry : load(line, context).groups)
            names.insert(entry.first);
        return as_candidates(names);
    }
    case Complete::Environment:
    case Complete::Cloud:
    case Complete::Region:
    case Complete::Provider: return as_candidates(scalar_names(what, load(line, context), context));
    case Complete::Module: return module_names(load(line, context));
    case Complete::GitModule: return git_module_names(load(line, context));
    case Complete::Run: return run_ids(line, context);
    case Complete::Revision: return revisions(line, context);
    }
    return {};
}

} // namespace lab::cli
