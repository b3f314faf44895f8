#include "spec/vocabulary.h"

#include "spec/detail/vocabulary_builder.h"
#include "spec/keys.h"

#include <algorithm>
#include <array>

namespace lab::spec {

namespace detail {
namespace {

using namespace std::string_view_literals;

constexpr const char* kName = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$";
constexpr const char* kLabel = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}(=[A-Za-z0-9_.-]{1,200})?$";
constexpr const char* kHost =
    "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$";
constexpr const char* kClass = "^[a-z][a-z0-9_]*(::[a-z][a-z0-9_]*)*$";
constexpr const char* kPath = "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$";

const char* pattern_of(Names names) {
    switch (names) {
    case Names::Server: return kHost;
    case Names::Label: return kLabel;
    case Names::PuppetClass: return kClass;
    case Names::Secret: return kPath;
    case Names::Nothing:
    case Names::ServerGlob:
    case Names::Port: return "";
    case Names::Param: return "^[A-Za-z_][A-Za-z0-9_]*$";
    case Names::Group:
    case Names::Environment:
    case Names::Cloud:
    case Names::Provider:
    case Names::Region:
    case Names::Module:
    case Names::Size:
    case Names::Layout:
    case Names::Image:
    case Names::Alert:
    case Names::Cluster:
    case Names::App:
    case Names::Role:
    case Names::User: return kName;
    }
    return "";
}

/// `params: {MODULE: {NAME: value}}`.
const Shape* params_shape(VocabularyBuilder& builder) {
    Shape& values = builder.named("params of a module", Names::Param, builder.any());
    Shape& modules = builder.named("params", Names::Module, &values);
    values.refers = modules.refers = true;
    return &modules;
}

void add_singles(VocabularyBuilder& builder, Shape& shape) {
    shape.keys.push_back({"size", "how large the machine is", builder.name(Names::Size)});
    shape.keys.push_back({"layout", "how its disk is divided", builder.name(Names::Layout)});
    shape.keys.push_back({"image", "the operating system that is installed", builder.name(Names::Image)});
}

void add_defaults(VocabularyBuilder& builder, Shape& shape) {
    shape.keys.push_back({"cloud", "where servers are, unless they say", builder.name(Names::Cloud)});
    shape.keys.push_back({"region", "of servers, unless they say", builder.name(Names::Region)});
    add_singles(builder, shape);
    shape.keys.push_back({"labels", "that every server gets", builder.list(builder.name(Names::Label))});
    shape.keys.push_back({"params", "values for modules: MODULE: {NAME: value}", params_shape(builder)});
}

const Shape* lab_shape(VocabularyBuilder& builder) {
    Shape& defaults = builder.map("defaults");
    add_defaults(builder, defaults);
    Shape& guard = builder.map("limits");
    guard.keys = {{"max_destroy", "servers that one run may destroy", builder.integer(0, 1'000'000'000)},
                  {"max_destructive_percent", "of the servers that one run may change at the risk of data",
                   builder.integer(0, 100)}};
    Shape& puppet = builder.map("Puppet");
    puppet.keys = {{"path", "folders with Puppet modules whose manifests are read for secrets",
                    builder.one_or_list(builder.text())}};
    Shape& lab = builder.map("the settings of an inventory");
    lab.keys = {{"format", "version of the language", builder.integer(1, 1), /*required=*/true},
                {"name", "of the inventory", builder.name(Names::Environment), /*required=*/true},
                {"id", "what the state knows it by; keeps it the same when the name changes",
                 builder.name(Names::Environment)},
                {"domain", "of every server, unless its environment says", builder.name(Names::Environment)},
                {"ignore", "globs over paths that are no part of it", builder.list(builder.text())},
                {"defaults", "the lowest level, for every server", &defaults},
                {"guard", "limits on what one run may do", &guard},
                {"puppet", "where the inventory has Puppet code", &puppet}};
    add_rules(builder, lab, policy_keys());
    // Names of nothing: they follow the grammar alone.
    for (Word& word : lab.keys)
        if (word.name == "name" || word.name == "id" || word.name == "domain") {
            Shape& text = builder.add(Shape::Kind::String);
            text.pattern = kName;
            word.shape = &text;
        }
    return &lab;
}

const Shape* environment_shape(VocabularyBuilder& builder) {
    Shape& environment = builder.map("an environment");
    add_defaults(builder, environment);
    Shape& domain = builder.add(Shape::Kind::String);
    domain.pattern = kName;
    environment.keys.push_back({"domain", "of its servers", &domain});
    add_rules(builder, environment, environment_keys());
    return &environment;
}

const Shape* cloud_shape(VocabularyBuilder& builder) {
    Shape& cloud = builder.map("a cloud");
    cloud.keys = {{"provider", "what makes its machines; further keys are its settings",
                   builder.name(Names::Provider), /*required=*/true}};
    cloud.open = true;
    return &cloud;
}

const Shape* label_shape(VocabularyBuilder& builder) {
    Shape& label = builder.map("a label");
    const Shape* port = builder.either({builder.integer(1, 65535), builder.name(Names::Port)});
    label.keys = {
        {"priority", "wins over labels with less; 0 where it is not written",
         builder.integer(-1'000'000, 1'000'000)},
        {"modules", "what is configured on servers with the label",
         builder.list(builder.name(Names::Module))},
        {"puppet_classes", "Puppet classes of servers with the label",
         builder.list(builder.name(Names::PuppetClass))},
        {"ports", "what servers with the label listen on: 443, 53/udp", builder.list(port)},
        {"alerts", "that watch servers with the label", builder.list(builder.name(Names::Alert))},
        {"secrets", "that servers with the label may read", builder.list(builder.name(Names::Secret))},
        {"params", "values for modules: MODULE: {NAME: value}", params_shape(builder)}};
    add_singles(builder, label);
    add_rules(builder, label, workload_keys());
    return &label;
}

const Shape* group_shape(VocabularyBuilder& builder) {
    Shape& group = builder.map("a group");
    group.keys = {
        {"match", "servers that it has: any of within a key, all of across keys", target_shape(builder)},
        {"servers", "further members; globs", builder.list(builder.name(Names::ServerGlob))},
        {"groups", "whose members are its members", builder.list(builder.name(Names::Group))},
        {"exclude", "who is out: any key will do", target_shape(builder, /*exclude=*/false)}};
    return &group;
}

const Shape* server_shape(VocabularyBuilder& builder) {
    Shape& server = builder.map("a server");
    server.keys = {
        {"environment", "it belongs to; `default` where it is not written", builder.name(Names::Environment)},
        {"cloud", "where it is", builder.name(Names::Cloud)},
        {"provider", "what makes it, in place of a cloud", builder.name(Names::Provider)},
        {"region", "of its cloud", builder.name(Names::Region)},
        {"labels", "what it is: NAME or NAME=VALUE", builder.list(builder.name(Names::Label))},
        {"params", "values for modules: MODULE: {NAME: value}", params_shape(builder)},
        {"protect", "nothing destructive is done to it", builder.boolean()}};
    add_singles(builder, server);
    add_rules(builder, server, machine_keys());
    server.open = true; // the provider's settings
    return &server;
}

const Shape* module_source_shape(VocabularyBuilder& builder) {
    Shape& source = builder.map("a module source");
    source.keys = {
        {"path", "folder with its module.yaml, of the inventory or of the repository", builder.text()},
        {"git", "URL of the repository it comes from", builder.text()},
        {"ref", "branch, tag or commit of the repository", builder.text()}};
    return &source;
}

} // namespace

const Shape* VocabularyBuilder::integer(std::int64_t min, std::int64_t max) {
    Shape& shape = add(Shape::Kind::Integer);
    shape.min = min;
    shape.max = max;
    return &shape;
}

const Shape* VocabularyBuilder::choice(std::span<const std::string_view> words) {
    Shape& shape = add(Shape::Kind::String);
    shape.choices.assign(words.begin(), words.end());
    return &shape;
}

const Shape* VocabularyBuilder::name(Names names) {
    Shape& shape = add(Shape::Kind::String);
    shape.names = names;
    shape.pattern = pattern_of(names);
    return &shape;
}

const Shape* VocabularyBuilder::list(const Shape* each) {
    Shape& shape = add(Shape::Kind::List);
    shape.each = each;
    return &shape;
}

const Shape* VocabularyBuilder::either(std::vector<const Shape*> alternatives) {
    Shape& shape = add(Shape::Kind::Either);
    shape.alternatives = std::move(alternatives);
    return &shape;
}

Shape& VocabularyBuilder::named(std::string_view what, Names names, const Shape* each) {
    Shape& shape = add(Shape::Kind::Named, what);
    shape.names = names;
    shape.pattern = pattern_of(names);
    shape.each = each;
    return shape;
}

const Shape* target_shape(VocabularyBuilder& builder, bool exclude) {
    const auto one_or_list = [&](Names names) { return builder.one_or_list(builder.name(names)); };
    Shape& all = builder.map("labels of a target");
    all.keys = {{"all", "each of these labels", one_or_list(Names::Label)}};
    Shape& target = builder.map(exclude ? "a target" : "an exclude");
    const Shape* label = builder.name(Names::Label);
    target.keys = {{"labels", "with any of these; {all: [...]} for each of them",
                    builder.either({label, builder.list(label), &all})},
                   {"environment", "in any of these environments", one_or_list(Names::Environment)},
                   {"region", "in any of these regions", one_or_list(Names::Region)},
                   {"cloud", "in any of these clouds", one_or_list(Names::Cloud)},
                   {"provider", "of any of these providers", one_or_list(Names::Provider)},
                   {"size", "of any of these sizes", one_or_list(Names::Size)},
                   {"servers", "whose names match any of these globs", one_or_list(Names::ServerGlob)},
                   {"groups", "in any of these groups", one_or_list(Names::Group)}};
    if (exclude)
        target.keys.push_back(
            {"exclude", "who is out: any key will do", target_shape(builder, /*exclude=*/false)});
    return &target;
}

const Shape* inventory_shape(VocabularyBuilder& builder) {
    Shape& file = builder.map("an inventory file");
    const auto section = [&](std::string_view key, std::string_view summary, Names names, const Shape* each) {
        file.keys.push_back({key, summary, &builder.named(key, names, each)});
    };
    file.keys.push_back({"lab", "settings of the inventory; only in its lab.yaml", lab_shape(builder)});
    section("environments", "defaults for the servers that name them", Names::Environment,
            environment_shape(builder));
    section("clouds", "where machines come from", Names::Cloud, cloud_shape(builder));
    section("labels", "what a label gives to the servers that have it", Names::Label, label_shape(builder));
    section("groups", "servers to select by one name", Names::Group, group_shape(builder));
    section("servers", "the machines", Names::Server, server_shape(builder));
    section("modules", "where modules come from that are not in modules/", Names::Module,
            module_source_shape(builder));
    section("sizes", "how large machines are", Names::Size, rules_shape(builder, "a size", size_keys()));
    section("images", "operating systems to install", Names::Image,
            rules_shape(builder, "an image", image_keys()));
    section("clusters", "Kubernetes clusters", Names::Cluster,
            rules_shape(builder, "a cluster", cluster_keys(), cluster_needs()));
    section("apps", "what runs on clusters", Names::App, rules_shape(builder, "an app", app_keys()));
    section("users", "people, their roles and keys", Names::User,
            rules_shape(builder, "a user", user_keys()));
    section("roles", "what users may do, and where", Names::Role, role_shape(builder));
    section("layouts", "how disks are divided", Names::Layout, layout_shape(builder));
    file.keys.push_back({"alerts", "what is to be watched, and where", alerts_shape(builder)});
    section("secrets", "what only some may read", Names::Secret, secret_shape(builder));
    return &file;
}

} // namespace detail

std::string_view to_string(Names names) noexcept {
    switch (names) {
    case Names::Nothing:
    case Names::Port: return "";
    case Names::Server:
    case Names::ServerGlob: return "server";
    case Names::Label: return "label";
    case Names::Group: return "group";
    case Names::Environment: return "environment";
    case Names::Cloud: return "cloud";
    case Names::Provider: return "provider";
    case Names::Region: return "region";
    case Names::Module: return "module";
    case Names::Param: return "param";
    case Names::Size: return "size";
    case Names::Layout: return "layout";
    case Names::Image: return "image";
    case Names::Alert: return "alert";
    case Names::Secret: return "secret";
    case Names::Cluster: return "cluster";
    case Names::App: return "app";
    case Names::Role: return "role";
    case Names::User: return "user";
    case Names::PuppetClass: return "puppet class";
    }
    return "";
}

const Word* Shape::find(std::string_view key) const noexcept {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const Word& word) { return word.name == key; });
    return found == keys.end() ? nullptr : &*found;
}

Vocabulary::Vocabulary() {
    detail::VocabularyBuilder builder(shapes_);
    inventory_ = detail::inventory_shape(builder);
    module_ = detail::module_shape(builder);
}

std::vector<const Shape*> Vocabulary::at(const Shape& root, std::span<const std::string> path) const {
    std::vector<const Shape*> found{&root};
    const auto expand = [&] { // an Either is all of its alternatives
        for (std::size_t i = 0; i < found.size();) {
            if (found[i]->kind != Shape::Kind::Either) {
                ++i;
                continue;
            }
            const Shape* either = found[i];
            found.erase(found.begin() + static_cast<std::ptrdiff_t>(i));
            found.insert(found.begin() + static_cast<std::ptrdiff_t>(i), either->alternatives.begin(),
                         either->alternatives.end());
        }
    };
    for (const std::string& step : path) {
        expand();
        std::vector<const Shape*> below;
        for (const Shape* shape : found) {
            const Word* word = shape->kind == Shape::Kind::Map ? shape->find(step) : nullptr;
            if (word)
                below.push_back(word->shape);
            else if (shape->kind == Shape::Kind::Named || (shape->kind == Shape::Kind::List && step == "[]"))
                below.push_back(shape->each);
        }
        found = std::move(below);
    }
    expand();
    return found;
}

} // namespace lab::spec
