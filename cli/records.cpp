#include "cli/records.h"

#include "cli/places.h"
#include "spec/keys.h"
#include "support/text.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

using Names = std::vector<std::string>;

/// One thing as it was written: what every kind has in common.
struct Written {
    std::span<const spec::Property> properties = {};
    Span at;
    const spec::Target* target = nullptr;
};

const spec::Label* container_of(const spec::Inventory& inventory, const std::string& name) {
    const auto label = inventory.labels.find(name);
    if (label == inventory.labels.end()) return nullptr;
    return spec::nested(label->second.properties, "container").is_null() ? nullptr : &label->second;
}

template <typename Map>
Written written_in(const Map& records, const std::string& name) {
    const auto& record = records.at(name);
    return {.properties = record.properties, .at = record.at, .target = nullptr};
}

Written written_of(Kind kind, const spec::Inventory& inventory, const std::string& name) {
    if (kind == Kind::Size) return written_in(inventory.sizes, name);
    if (kind == Kind::Image) return written_in(inventory.images, name);
    if (kind == Kind::App) return written_in(inventory.apps, name);
    if (kind == Kind::User) return written_in(inventory.users, name);
    if (kind == Kind::Container) return written_in(inventory.labels, name);
    if (kind == Kind::Cluster) {
        Written written = written_in(inventory.clusters, name);
        const auto& target = inventory.clusters.at(name).target;
        written.target = target ? &*target : nullptr;
        return written;
    }
    if (kind == Kind::Role) {
        const spec::Role& role = inventory.roles.at(name);
        return {.properties = {}, .at = role.at, .target = role.target ? &*role.target : nullptr};
    }
    return {};
}

Names names_in(const Value* list) {
    Names names;
    if (list && list->if_list())
        for (const Value& item : *list->if_list())
            names.push_back(display(item));
    return names;
}

Names list_at(std::span<const spec::Property> properties, std::string_view path) {
    const spec::Property* property = spec::find_property(properties, path);
    return names_in(property ? &property->value : nullptr);
}

std::string text_at(std::span<const spec::Property> properties, std::string_view path) {
    const spec::Property* property = spec::find_property(properties, path);
    return property ? display(property->value) : std::string();
}

/// The names just below a path: "aws" and "xcpng" of "providers".
Names names_below(std::span<const spec::Property> properties, std::string_view path) {
    Names names;
    const Value map = spec::nested(properties, path);
    if (map.if_map())
        for (const auto& entry : *map.if_map())
            names.push_back(entry.first);
    return names;
}

// ---- what they reach

/// Servers of which the roles together allow something: a role that denies does so for all of them.
Servers servers_of(const spec::Fleet& fleet, std::span<const spec::Role* const> roles) {
    std::vector<Servers> targets;
    for (const spec::Role* role : roles)
        targets.push_back(role->target ? fleet.select(*role->target) : Servers());
    const auto verbs = spec::verb_names().size();
    Servers servers;
    for (spec::ServerIndex i = 0; i < fleet.size(); ++i) {
        std::vector<const spec::Role*> speaking; // of this server
        for (std::size_t one = 0; one < roles.size(); ++one)
            if (!roles[one]->target || std::binary_search(targets[one].begin(), targets[one].end(), i))
                speaking.push_back(roles[one]);
        const spec::AccessObject server{fleet.cloud(i), fleet.environment(i), "server", fleet.server(i).name};
        for (std::size_t verb = 0; verb < verbs; ++verb)
            if (spec::allows(speaking, static_cast<spec::Verb>(verb), server)) {
                servers.push_back(i);
                break;
            }
    }
    return servers;
}

Servers servers_of_user(const spec::Fleet& fleet, const spec::Record& user) {
    std::vector<const spec::Role*> roles;
    for (const std::string& name : list_at(user.properties, "roles"))
        if (const auto role = fleet.inventory().roles.find(name); role != fleet.inventory().roles.end())
            roles.push_back(&role->second);
    return servers_of(fleet, roles);
}

/// Things that others name: owners, users of a role, apps of a cluster.
Names users_of(const spec::Inventory& inventory, const std::string& role) {
    Names users;
    for (const auto& [name, user] : inventory.users) {
        const Names roles = list_at(user.properties, "roles");
        if (std::find(roles.begin(), roles.end(), role) != roles.end()) users.push_back(name);
    }
    return users;
}
Names owned_by(const spec::Inventory& inventory, const std::string& user) {
    Names environments;
    for (const auto& [name, environment] : inventory.environments) {
        const Names owners = list_at(environment.properties, "owners");
        if (std::find(owners.begin(), owners.end(), user) != owners.end()) environments.push_back(name);
    }
    return environments;
}
Names apps_of(const spec::Inventory& inventory, const std::string& cluster) {
    Names apps;
    for (const auto& [name, app] : inventory.apps)
        if (app.text("cluster") == cluster) apps.push_back(name);
    return apps;
}
Names labels_giving(const spec::Inventory& inventory, spec::Provides what, const std::string& name) {
    Names labels;
    for (const auto& [text, label] : inventory.labels)
        for (const spec::Given& given : label.gives)
            if (given.what == what && given.name.value == name) labels.push_back(text);
    return labels;
}

Names rule_texts(const std::vector<spec::AccessRule>& rules) {
    Names texts;
    for (const spec::AccessRule& rule : rules)
        texts.push_back(rule.written.value);
    return texts;
}

// ---- as values, tables and texts

/// What refers to a thing, or what it refers to: by the key of the document.
std::vector<std::pair<std::string, Names>> related(Kind kind, const spec::Inventory& inventory,
                                                   const std::string& name) {
    if (kind == Kind::Size) return {{"labels", labels_giving(inventory, spec::Provides::Size, name)}};
    if (kind == Kind::Image) return {{"labels", labels_giving(inventory, spec::Provides::Image, name)}};
    if (kind == Kind::PuppetClass)
        return {{"labels", labels_giving(inventory, spec::Provides::PuppetClasses, name)}};
    if (kind == Kind::Cluster) return {{"apps", apps_of(inventory, name)}};
    if (kind == Kind::User) return {{"owns", owned_by(inventory, name)}};
    if (kind != Kind::Role) return {};
    const spec::Role& role = inventory.roles.at(name);
    return {{"allow", rule_texts(role.allow)},
            {"deny", rule_texts(role.deny)},
            {"users", users_of(inventory, name)}};
}

/// The keys that a document of the kind has, written or not.
std::span<const spec::KeyRule> rules_of(Kind kind) {
    if (kind == Kind::Size) return spec::size_keys();
    if (kind == Kind::Image) return spec::image_keys();
    if (kind == Kind::Cluster) return spec::cluster_keys();
    if (kind == Kind::App) return spec::app_keys();
    if (kind == Kind::User) return spec::user_keys();
    if (kind == Kind::Container) return spec::find_rule(spec::workload_keys(), "container")->keys;
    return {};
}

ValueMap record_summary(Kind kind, const spec::Fleet& fleet, const std::string& name,
                        const Servers& servers) {
    const Written written = written_of(kind, fleet.inventory(), name);
    ValueMap value{{"name", Value(name)}};
    const Value data = spec::nested(written.properties, kind == Kind::Container ? "container" : "");
    for (const spec::KeyRule& rule : rules_of(kind)) {
        const Value* written_value = data.get(rule.key);
        if (rule.form != spec::Form::Servers)
            value.append(std::string(rule.key), written_value ? *written_value : Value());
    }
    for (const auto& [key, names] : related(kind, fleet.inventory(), name))
        value.append(key, Value(text_list(names)));
    if (kind == Kind::Cluster || kind == Kind::Role)
        value.append("target", written.target ? target_value(*written.target) : Value());
    value.append("servers", Value(text_list(server_names(fleet, servers))));
    value.append("source", place_value(written.at));
    return value;
}

std::string disk_text(std::span<const spec::Property> properties, std::string_view path) {
    const std::string size = text_at(properties, fmt::format("{}.size", path));
    const std::string type = text_at(properties, fmt::format("{}.type", path));
    return type.empty() ? size : fmt::format("{} {}", size, type);
}

/// A row of the list, between the name and the number of servers.
struct Row {
    const spec::Inventory& inventory;
    const std::string& name;
    Written written;
    std::vector<std::pair<std::string, Names>> related;

    Cell text(std::string_view path) const { return Cell(text_at(written.properties, path)); }
    Cell names(std::size_t relation) const { return Cell(joined(related[relation].second)); }
};

std::vector<Cell> size_cells(const Row& row) {
    return {row.text("abstract.cores"), row.text("abstract.memory"),
            Cell(disk_text(row.written.properties, "abstract.disk")),
            Cell(joined(names_below(row.written.properties, "providers")))};
}
std::vector<Cell> image_cells(const Row& row) {
    return {row.text("installer"), row.text("arch"), row.text("repo")};
}
std::vector<Cell> cluster_cells(const Row& row) {
    return {row.text("environment"), row.text("cloud"), row.names(0),
            Cell(row.written.target ? target_text(*row.written.target) : std::string())};
}
std::vector<Cell> app_cells(const Row& row) {
    return {row.text("cluster"), row.text("namespace"), row.text("version")};
}
std::vector<Cell> role_cells(const Row& row) {
    return {row.names(0), row.names(1), row.names(2)};
}
std::vector<Cell> user_cells(const Row& row) {
    return {Cell(joined(list_at(row.written.properties, "roles"))), row.names(0),
            Cell(std::to_string(list_at(row.written.properties, "ssh_keys").size()))};
}
std::vector<Cell> container_cells(const Row& row) {
    const std::string image = text_at(row.written.properties, "container.image");
    const std::string replicas = text_at(row.written.properties, "container.replicas");
    const bool built = text_at(row.written.properties, "container.build") == "true";
    return {Cell(image.empty() && built ? "(built)" : image), Cell(row.name),
            Cell(replicas.empty() ? "1" : replicas), Cell(), Cell()};
}
std::vector<Cell> class_cells(const Row& row) {
    return {row.names(0)};
}

const Column kSizeColumns[] = {{.title = "CORES", .right = true},
                               {.title = "MEMORY", .right = true},
                               {.title = "DISK"},
                               {.title = "PROVIDERS"}};
const Column kImageColumns[] = {{.title = "INSTALLER"}, {.title = "ARCH"}, {.title = "REPO", .wide = true}};
const Column kClusterColumns[] = {
    {.title = "ENVIRONMENT"}, {.title = "CLOUD"}, {.title = "APPS"}, {.title = "NODES ARE"}};
const Column kAppColumns[] = {{.title = "CLUSTER"}, {.title = "NAMESPACE"}, {.title = "VERSION"}};
const Column kRoleColumns[] = {{.title = "ALLOW"}, {.title = "DENY"}, {.title = "USERS"}};
const Column kUserColumns[] = {{.title = "ROLES"}, {.title = "OWNS"}, {.title = "SSH KEYS", .right = true}};
const Column kContainerColumns[] = {{.title = "IMAGE"},
                                    {.title = "LABEL"},
                                    {.title = "REPLICAS", .right = true},
                                    {.title = "K8S CLUSTER"},
                                    {.title = "STATUS"}};
const Column kClassColumns[] = {{.title = "LABELS"}};

/// A role may be built in, a Puppet class is only named.
std::string written_text(Kind kind, const Written& written) {
    if (!written.at.known() && kind == Kind::Role) return "built in";
    return written.at.text();
}

struct RecordKind {
    Kind kind;
    std::span<const Column> columns;
    std::vector<Cell> (*cells)(const Row&);
    std::string_view servers; // what it means that a server is listed
};
constexpr RecordKind kRecordKinds[] = {
    {Kind::Size, kSizeColumns, size_cells, "Applied to"},
    {Kind::Image, kImageColumns, image_cells, "Applied to"},
    {Kind::Cluster, kClusterColumns, cluster_cells, "Nodes"},
    {Kind::App, kAppColumns, app_cells, "Nodes"},
    {Kind::Role, kRoleColumns, role_cells, "May touch"},
    {Kind::User, kUserColumns, user_cells, "May touch"},
    {Kind::Container, kContainerColumns, container_cells, "Applied to"},
    {Kind::PuppetClass, kClassColumns, class_cells, "Applied to"},
};

const RecordKind& kind_of(Kind kind) {
    for (const RecordKind& record : kRecordKinds)
        if (record.kind == kind) return record;
    LAB_CHECK(false, "a kind that is no record");
    return kRecordKinds[0];
}

std::string upper(std::string_view word) {
    std::string out(word);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c == '-' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return out;
}

std::string sentence_case(std::string_view word) {
    std::string out(word);
    out.front() = upper(out.substr(0, 1)).front();
    std::replace(out.begin(), out.end(), '-', ' ');
    return out;
}

} // namespace

bool is_record(Kind kind) noexcept {
    return std::any_of(std::begin(kRecordKinds), std::end(kRecordKinds),
                       [&](const RecordKind& record) { return record.kind == kind; });
}

std::string size_text(const spec::Inventory& inventory, std::string_view name) {
    const auto found = inventory.sizes.find(std::string(name));
    if (found == inventory.sizes.end()) return std::string(name);
    const spec::Record& size = found->second;
    Names parts;
    if (const std::string cores = size.text("abstract.cores"); !cores.empty())
        parts.push_back(fmt::format("{} core{}", cores, cores == "1" ? "" : "s"));
    if (std::string memory = size.text("abstract.memory"); !memory.empty())
        parts.push_back(std::move(memory));
    if (std::string disk = disk_text(size.properties, "abstract.disk"); !disk.empty())
        parts.push_back(std::move(disk));
    return parts.empty() ? std::string(name) : fmt::format("{} ({})", name, fmt::join(parts, ", "));
}

std::vector<std::string> record_names(Kind kind, const spec::Inventory& inventory) {
    std::set<std::string> names;
    const auto add = [&names](const auto& map) {
        for (const auto& entry : map)
            names.insert(entry.first);
    };
    if (kind == Kind::Size) add(inventory.sizes);
    if (kind == Kind::Image) add(inventory.images);
    if (kind == Kind::Cluster) add(inventory.clusters);
    if (kind == Kind::App) add(inventory.apps);
    if (kind == Kind::Role) add(inventory.roles);
    if (kind == Kind::User) add(inventory.users);
    for (const auto& [text, label] : inventory.labels) {
        if (kind == Kind::Container && container_of(inventory, text)) names.insert(text);
        if (kind == Kind::PuppetClass)
            for (const spec::Given& given : label.gives)
                if (given.what == spec::Provides::PuppetClasses) names.insert(given.name.value);
    }
    return {names.begin(), names.end()};
}

Members record_members(Kind kind, const spec::Fleet& fleet) {
    const spec::Inventory& inventory = fleet.inventory();
    Members members;
    for (std::string& name : record_names(kind, inventory))
        members.emplace(std::move(name), Servers());
    for (spec::ServerIndex i = 0; i < fleet.size(); ++i) {
        if (kind == Kind::Size || kind == Kind::Image) {
            const auto what = kind == Kind::Size ? spec::Provides::Size : spec::Provides::Image;
            const std::string_view name = fleet.chosen(i, what);
            if (!name.empty()) members[std::string(name)].push_back(i);
        }
        if (kind == Kind::PuppetClass)
            for (const spec::Provided& one : fleet.provided(i, spec::Provides::PuppetClasses))
                members[one.name].push_back(i);
    }
    for (auto& [name, servers] : members) {
        if (kind == Kind::Cluster && inventory.clusters.at(name).target)
            servers = fleet.select(*inventory.clusters.at(name).target);
        if (kind == Kind::App)
            if (const auto cluster = inventory.clusters.find(inventory.apps.at(name).text("cluster"));
                cluster != inventory.clusters.end() && cluster->second.target)
                servers = fleet.select(*cluster->second.target);
        if (kind == Kind::Container) servers = fleet.with_label(name);
        if (kind == Kind::Role) servers = servers_of(fleet, std::array{&inventory.roles.at(name)});
        if (kind == Kind::User) servers = servers_of_user(fleet, inventory.users.at(name));
    }
    return members;
}

Listing list_records(Kind kind, const spec::Fleet& fleet, const Selection& selection) {
    const RecordKind& record = kind_of(kind);
    Listing listing;
    listing.table.columns.assign(record.columns.begin(), record.columns.end());
    listing.table.columns.insert(listing.table.columns.begin(), {.title = upper(words_of(kind).one)});
    listing.table.columns.push_back({.title = "SERVERS", .right = true});
    listing.table.columns.push_back({.title = "WRITTEN AT", .wide = true});
    const spec::Inventory& inventory = fleet.inventory();
    for (const auto& [name, members] : record_members(kind, fleet)) {
        const Servers servers = selected(members, selection);
        if (selection.filtered && servers.empty()) continue;
        const Row row{inventory, name, written_of(kind, inventory, name), related(kind, inventory, name)};
        std::vector<Cell> cells = record.cells(row);
        cells.insert(cells.begin(), Cell(name));
        cells.emplace_back(std::to_string(servers.size()));
        cells.emplace_back(written_text(kind, row.written));
        listing.add(name, std::move(cells), record_summary(kind, fleet, name, servers));
    }
    if (kind == Kind::Container && !listing.names.empty())
        listing.note = "this version asks no cluster what runs there: K8S CLUSTER and STATUS are not known";
    return listing;
}

Detail record_detail(Kind kind, const Session& session, const std::string& name, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    const Written written = written_of(kind, fleet.inventory(), name);
    const Members all = record_members(kind, fleet);
    const Servers& servers = all.at(name);
    const KindWords& words = words_of(kind);
    Detail detail{.format = fmt::format("lab.{}/1", words.one),
                  .document = record_summary(kind, fleet, name, servers),
                  .described = {},
                  .shown = {}};
    Facts facts{{"Name", name}};
    std::string relations;
    for (const auto& [key, names] : related(kind, fleet.inventory(), name)) {
        facts.emplace_back(sentence_case(key), fmt::format("{}", fmt::join(names, ", ")));
        if (!names.empty()) relations += fmt::format("\n{}:\n{}", sentence_case(key), branches(names));
    }
    if (written.target) facts.emplace_back("Target", target_text(*written.target));
    facts.emplace_back(std::string(kind_of(kind).servers), counted(servers.size(), "server"));
    facts.emplace_back("Written at", written_text(kind, written));
    detail.described = facts_text(facts) + section_text("Values", property_lines(written.properties));
    const std::string title = kind == Kind::Size ? size_text(fleet.inventory(), name) : name;
    detail.shown = fmt::format("{}: {}\n{}: {}\n", sentence_case(words.one), title, kind_of(kind).servers,
                               counted(servers.size(), "server"));
    if (written.target) detail.shown += fmt::format("Target: {}\n", target_text(*written.target));
    if (!servers.empty())
        detail.shown += fmt::format("\nServers:\n{}", branches(server_lines(session, servers, now)));
    detail.shown += relations;
    return detail;
}

} // namespace lab::cli
