// The shapes of what is data, out of the tables of spec/keys.h; and of roles.

#include "spec/access.h"
#include "spec/detail/vocabulary_builder.h"
#include "spec/keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::spec::detail {
namespace {

/// What a Name of a table names, by its key.
Names named_by(std::string_view key) {
    if (key == "cluster") return Names::Cluster;
    if (key == "cloud") return Names::Cloud;
    if (key == "environment") return Names::Environment;
    if (key == "roles") return Names::Role;
    if (key == "owners") return Names::User;
    return Names::Nothing;
}

const Shape* single_shape(VocabularyBuilder& builder, const KeyRule& rule) {
    const auto matching = [&](const char* pattern) {
        Shape& shape = builder.add(Shape::Kind::String);
        shape.pattern = pattern;
        return &shape;
    };
    switch (rule.form) {
    case Form::Choice: return builder.choice(rule.choices);
    case Form::Integer: return builder.integer(rule.min, rule.max);
    case Form::Boolean: return builder.boolean();
    case Form::Name: return builder.name(named_by(rule.key));
    case Form::SecretPath: return builder.name(Names::Secret);
    case Form::Port: return builder.either({builder.integer(1, 65535), builder.name(Names::Port)});
    case Form::Share: return builder.either({builder.integer(1, 1'000'000'000), matching("^[0-9]+%$")});
    case Form::Mac: return matching("^(?!00([:-]00){5}$)[0-9A-Fa-f][02468ACEace]([:-][0-9A-Fa-f]{2}){5}$");
    case Form::Bytes: return matching("^(?=.*[1-9])[0-9.]+ ?([KMGTP]i?)?B$");
    case Form::Cpu:
        return builder.either(
            {builder.integer(1, 1'000'000), matching("^(?=.*[1-9])([0-9]+m|[0-9]+([.][0-9]+)?)$")});
    case Form::DnsLabel: return matching("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
    case Form::Url: return matching("^https?://[^ \\t\\n]+$");
    case Form::SshKey:
        return matching(
            "^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|"
            "sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh[.]com) AAAA[A-Za-z0-9+/]*={0,2}( .*)?$");
    case Form::DataMap: {
        Shape& map = builder.map(rule.key);
        map.open = true;
        return &map;
    }
    case Form::Checksum: return matching("^(sha256:[0-9A-Fa-f]{64}|sha512:[0-9A-Fa-f]{128})$");
    case Form::Servers: return target_shape(builder);
    case Form::Data: return builder.any();
    case Form::String:
    case Form::Duration:
    case Form::Host:
    case Form::Address:
    case Form::Location:
    case Form::Map:
    case Form::MapOf: break;
    }
    return builder.text();
}

const Shape* rule_shape(VocabularyBuilder& builder, const KeyRule& rule) {
    if (rule.list) return builder.list(single_shape(builder, rule));
    if (rule.form != Form::Map && rule.form != Form::MapOf) return single_shape(builder, rule);
    Shape& map = builder.map(rule.key);
    map.open = rule.open;
    map.some_of.assign(rule.some_of.begin(), rule.some_of.end());
    add_rules(builder, map, rule.keys);
    if (rule.form == Form::MapOf) return &builder.named(rule.key, Names::Nothing, &map);
    if (rule.shorthand.empty()) return &map;
    return builder.either({rule_shape(builder, *find_rule(rule.keys, rule.shorthand)), &map});
}

} // namespace

void add_rules(VocabularyBuilder& builder, Shape& shape, std::span<const KeyRule> rules) {
    for (const KeyRule& rule : rules)
        shape.keys.push_back({rule.key, rule.summary, rule_shape(builder, rule), rule.required});
}

const Shape* rules_shape(VocabularyBuilder& builder, std::string_view what, std::span<const KeyRule> rules,
                         std::span<const std::string_view> some_of) {
    Shape& map = builder.map(what);
    map.some_of.assign(some_of.begin(), some_of.end());
    add_rules(builder, map, rules);
    return &map;
}

const Shape* role_shape(VocabularyBuilder& builder) {
    Shape& rule = builder.add(Shape::Kind::String);
    rule.pattern = fmt::format("^([*]|{}):[^:]+:[^:]+:[^:]+$", fmt::join(verb_names(), "|"));
    Shape& role = builder.map("a role");
    role.some_of = {"allow", "deny"};
    role.keys = {{"allow", "rules, action:cloud:environment:server", builder.list(&rule)},
                 {"deny", "rules that go over every other", builder.list(&rule)},
                 {"target", "of the servers that rules name, only these", target_shape(builder)}};
    return &role;
}

} // namespace lab::spec::detail
