// The files of `lab test`.

#include "spec/cases.h"

#include "api/facts.h"
#include "api/resource.h"
#include "api/resource_types.h"
#include "spec/detail/decode.h"
#include "spec/detail/sections.h"
#include "spec/keys.h"
#include "spec/provision.h"
#include "support/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using namespace std::string_view_literals;
using detail::add_error;

constexpr std::array kFileKeys{"cases"sv};
constexpr std::array kCaseKeys{"name"sv, "observed"sv, "inventory"sv, "plan"sv, "expect"sv};
constexpr std::array kModuleCaseKeys{"name"sv, "server"sv, "params"sv, "facts"sv, "expect"sv};
constexpr std::array kPlanKeys{"only"sv, "targets"sv, "everything"sv, "allow_destroy"sv};
constexpr std::array kExpectKeys{"actions"sv, "summary"sv, "warnings"sv,   "groups"sv,
                                 "targets"sv, "values"sv,  "diagnostics"sv};
constexpr std::array kModuleExpectKeys{"resources"sv, "values"sv, "diagnostics"sv};
constexpr std::array kActionsKeys{"contain"sv, "without"sv};
constexpr std::array kActionKeys{"action"sv, "resource"sv, "risk"sv, "cause"sv, "blocked"sv, "changes"sv};
constexpr std::array kCounts{"create"sv,    "update"sv,  "replace"sv, "destroy"sv,     "forget"sv,
                             "unchanged"sv, "drifted"sv, "servers"sv, "not_observed"sv};
constexpr std::array kTargetKeys{"target"sv, "servers"sv};
constexpr std::array kDiagnosticKeys{"code"sv, "at"sv, "message"sv};

constexpr std::array kActions{"create"sv, "update"sv, "replace"sv, "destroy"sv, "forget"sv};
constexpr std::array kRisks{"safe"sv, "disruptive"sv, "destructive"sv};
constexpr std::array kCauses{"intent"sv, "drift"sv, "both"sv};
constexpr std::array kBlocks{"protect"sv, "guard"sv,      "flag"sv, "policy"sv,
                             "window"sv,  "unobserved"sv, "no"sv};

/// One of a few words.
std::string read_word(const Node& node, std::string_view key, std::span<const std::string_view> known,
                      Diagnostics& diagnostics) {
    auto text = detail::read_text(node, key, diagnostics);
    if (!text) return {};
    if (std::find(known.begin(), known.end(), text->value) == known.end())
        add_error(diagnostics, "spec/bad-value",
                  fmt::format("'{}' must be one of {}, not '{}'", key, detail::listed(known),
                              escape_controls(text->value)),
                  text->at, detail::did_you_mean(text->value, known));
    return text->value;
}

/// The first words of the paths that `lab explain server/NAME` knows, but for those of resources.
std::vector<std::string_view> value_words() {
    const auto own = detail::server_keys();
    std::vector<std::string_view> words(own.begin(), own.end());
    words.insert(words.end(), {"domain", "settings", "groups", "modules"});
    for (const ProvisionWords& provision : provision_words())
        words.push_back(provision.key);
    for (const auto rules : {environment_keys(), policy_keys()})
        for (const KeyRule& rule : rules)
            words.push_back(rule.key);
    return words;
}

class Decoder {
  public:
    Decoder(bool of_module, Diagnostics& diagnostics) : of_module_(of_module), diagnostics_(diagnostics) {}

    std::vector<Case> file(const Node& root) {
        std::vector<Case> cases;
        if (!detail::is_map(root, "the file", diagnostics_)) return cases;
        for (std::size_t i = 0; i < root.size(); ++i) {
            if (root.key(i).text() != "cases") {
                unknown(root.key(i), "a file of cases", kFileKeys);
                continue;
            }
            const Node list = root.value(i);
            if (!detail::is_list(list, "cases", diagnostics_)) continue;
            for (std::size_t j = 0; j < list.size(); ++j)
                if (auto one = read_case(list.item(j))) cases.push_back(std::move(*one));
        }
        return cases;
    }

  private:
    void unknown(const Node& key, std::string_view what, std::span<const std::string_view> known) {
        detail::report_unknown_key(key, {what, known}, diagnostics_);
    }

    std::optional<Case> read_case(const Node& node) {
        if (!node.is_map()) {
            detail::report_type(node, "cases", "a list of maps", diagnostics_);
            return std::nullopt;
        }
        Case one;
        one.at = node.span();
        const std::size_t errors = diagnostics_.errors();
        for (std::size_t i = 0; i < node.size(); ++i)
            read_key(one, node.key(i), node.value(i));
        for (const std::string_view required : {"name"sv, "expect"sv})
            if (!node.find(required))
                add_error(diagnostics_, "spec/missing-key", fmt::format("the case has no '{}'", required),
                          one.at);
        if (!one.name.empty() && !names_.insert(one.name).second)
            add_error(diagnostics_, "spec/duplicate-name",
                      fmt::format("two cases of this file are called '{}'", escape_controls(one.name)),
                      one.at, "what fails is told by its name: give each its own");
        if (diagnostics_.errors() != errors) return std::nullopt;
        return one;
    }

    void read_key(Case& one, const Node& key, const Node& value) {
        const std::string_view name = key.text();
        if (name == "name") {
            if (auto text = detail::read_text(value, name, diagnostics_)) one.name = std::move(text->value);
        } else if (name == "expect") {
            read_expectations(one.expect, key, value);
        } else if (of_module_ && name == "server") {
            read_server(one, value);
        } else if (of_module_ && name == "params") {
            server_of(one).params = detail::read_params(value, diagnostics_);
        } else if (of_module_ && name == "facts") {
            if (detail::is_map(value, name, diagnostics_)) one.facts = read_facts(value);
        } else if (!of_module_ && name == "observed") {
            read_observed(one, value);
        } else if (!of_module_ && name == "inventory") {
            read_overlay(one, value);
        } else if (!of_module_ && name == "plan") {
            read_plan(one, value);
        } else if (of_module_) {
            unknown(key, "a case of a module", kModuleCaseKeys);
        } else {
            unknown(key, "a case", kCaseKeys);
        }
    }

    Value read_facts(const Node& node) {
        Value facts = node.as_value();
        for (const api::FactProblem& problem : api::check_facts(facts)) {
            Node at = node;
            Span place = node.span();
            for (const std::string& key : problem.path) {
                if (at.is_list()) at = at.item(std::stoul(key));
                for (std::size_t i = 0; at.is_map() && i < at.size(); ++i)
                    if (at.key(i).text() == key) {
                        place = at.key(i).span();
                        at = at.value(i);
                        break;
                    }
            }
            add_error(diagnostics_, problem.unknown ? "spec/unknown-key" : "spec/wrong-type", problem.message,
                      problem.unknown ? place : at.span(), problem.help);
        }
        return facts;
    }

    static Server& server_of(Case& one) {
        if (!one.server) one.server.emplace();
        return *one.server;
    }

    void read_server(Case& one, const Node& node) {
        Server& server = server_of(one);
        server.at = node.span();
        if (!detail::is_map(node, "server", diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            const std::string_view key = node.key(i).text();
            if (key == "name") {
                if (auto name = detail::read_name(node.value(i), key, "server", diagnostics_))
                    server.name = std::move(name->value);
            } else if (key == "domain") {
                one.domain = detail::read_name(node.value(i), key, "domain", diagnostics_);
            } else if (key == "params") {
                add_error(diagnostics_, "spec/unknown-key",
                          "the params of a case do not stand in its 'server'", node.key(i).span(),
                          "write them beside it: params: {MODULE: {NAME: value}}");
            } else {
                detail::read_server_key(server, node.key(i), node.value(i), diagnostics_);
            }
        }
    }

    void read_observed(Case& one, const Node& value) {
        if (value.is_map())
            one.observed = value;
        else
            one.recording = detail::read_text(value, "observed", diagnostics_);
    }

    void read_overlay(Case& one, const Node& value) {
        if (value.is_map())
            one.overlay = value;
        else if (value.is_list())
            one.fragments = detail::read_texts(value, "inventory", diagnostics_);
        else if (auto file = detail::read_text(value, "inventory", diagnostics_))
            one.fragments.push_back(std::move(*file));
    }

    void read_plan(Case& one, const Node& node) {
        if (!detail::is_map(node, "plan", diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            const std::string_view key = node.key(i).text();
            const Node value = node.value(i);
            if (key == "only")
                one.only = parse_target(value, diagnostics_);
            else if (key == "targets")
                one.targets = detail::read_texts(value, key, diagnostics_);
            else if (key == "everything")
                one.everything = detail::read_boolean(value, key, diagnostics_).value_or(false);
            else if (key == "allow_destroy")
                one.allow_destroy = detail::read_boolean(value, key, diagnostics_).value_or(false);
            else
                unknown(node.key(i), "'plan' of a case", kPlanKeys);
        }
    }

    // ---- what is expected

    void read_expectations(Expectations& expect, const Node& at, const Node& node) {
        expect.at = at.span();
        const std::size_t errors = diagnostics_.errors();
        if (!detail::is_map(node, "expect", diagnostics_) && !node.is_null()) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            const Node key = node.key(i), value = node.value(i);
            const std::string_view name = key.text();
            if (name == "diagnostics")
                read_diagnostics(expect, value);
            else if (of_module_ && name == "resources")
                read_resources(expect, value);
            else if (of_module_ && name == "values")
                read_server_values(expect, {}, value);
            else if (of_module_)
                unknown(key, "'expect' of a module's case", kModuleExpectKeys);
            else
                read_fleet_key(expect, key, value);
        }
        if (expect.empty() && diagnostics_.errors() == errors)
            add_error(diagnostics_, "spec/bad-value", "a case that expects nothing cannot fail", at.span(),
                      fmt::format("expect at least one of {}", of_module_ ? detail::listed(kModuleExpectKeys)
                                                                          : detail::listed(kExpectKeys)));
    }

    void read_fleet_key(Expectations& expect, const Node& key, const Node& value) {
        const std::string_view name = key.text();
        if (name == "actions")
            read_actions(expect, key, value);
        else if (name == "summary")
            read_summary(expect, value);
        else if (name == "warnings")
            expect.warnings = detail::read_texts(value, name, diagnostics_);
        else if (name == "groups")
            read_groups(expect, value);
        else if (name == "targets")
            read_targets(expect, value);
        else if (name == "values")
            read_values(expect, value);
        else
            unknown(key, "'expect' of a case", kExpectKeys);
    }

    void read_actions(Expectations& expect, const Node& key, const Node& node) {
        ExpectedActions& actions = expect.actions.emplace();
        actions.at = key.span();
        actions.exactly = !node.is_map();
        if (!node.is_map()) {
            actions.with = action_list(node, "actions");
            return;
        }
        const std::size_t errors = diagnostics_.errors();
        for (std::size_t i = 0; i < node.size(); ++i) {
            if (node.key(i).text() == "contain")
                actions.with = action_list(node.value(i), "contain");
            else if (node.key(i).text() == "without")
                actions.without = action_list(node.value(i), "without");
            else
                unknown(node.key(i), "'actions'", kActionsKeys);
        }
        if (actions.with.empty() && actions.without.empty() && diagnostics_.errors() == errors)
            add_error(diagnostics_, "spec/bad-value",
                      "'actions' says of no action that it is there or is not", key.span(),
                      "name some below 'contain' or 'without'; no action at all is: actions: []");
    }

    std::vector<ExpectedAction> action_list(const Node& node, std::string_view key) {
        std::vector<ExpectedAction> actions;
        if (!detail::is_list(node, key, diagnostics_)) return actions;
        for (std::size_t i = 0; i < node.size(); ++i) {
            ExpectedAction action = read_action(node.item(i));
            const bool again = std::any_of(actions.begin(), actions.end(),
                                           [&](const auto& other) { return other.text == action.text; });
            if (again && !action.resource.empty())
                add_error(diagnostics_, "spec/bad-value",
                          fmt::format("'{}' stands in the list twice", escape_controls(action.text)),
                          action.at, "a plan has an action once: take one of the two out");
            actions.push_back(std::move(action));
        }
        return actions;
    }

    ExpectedAction read_action(const Node& node) {
        ExpectedAction action;
        action.at = node.span();
        if (!node.is_map()) {
            const auto text = detail::read_text(node, "actions", diagnostics_);
            if (!text) return action;
            read_action_text(action, *text);
        } else {
            for (std::size_t i = 0; i < node.size(); ++i)
                read_action_key(action, node.key(i), node.value(i));
            if (action.resource.empty())
                add_error(diagnostics_, "spec/missing-key", "the action has no 'resource'", action.at,
                          "name one, or a glob: resource: server/web-*");
        }
        check_resource(action);
        action.text = action_text(action);
        return action;
    }

    /// "update server/web-1", or the resource alone for whatever is done.
    void read_action_text(ExpectedAction& action, const Text& text) {
        const auto space = text.value.find(' ');
        if (space != std::string::npos) action.action = text.value.substr(0, space);
        action.resource = trim(std::string_view(text.value).substr(space == std::string::npos ? 0 : space));
        const bool known = action.action.empty() ||
                           std::find(kActions.begin(), kActions.end(), action.action) != kActions.end();
        if (!known)
            add_error(diagnostics_, "spec/bad-value",
                      fmt::format("'{}' is no action: it must be one of {}", escape_controls(action.action),
                                  detail::listed(kActions)),
                      text.at, detail::did_you_mean(action.action, kActions));
    }

    void check_resource(const ExpectedAction& action) {
        if (action.resource.empty() || action.resource.starts_with("server/") ||
            action.resource.starts_with('*'))
            return;
        add_error(diagnostics_, "spec/bad-value",
                  fmt::format("'{}' is nothing that a plan acts on", escape_controls(action.resource)),
                  action.at, "units are server/NAME and server/NAME/module/MODULE");
    }

    void read_action_key(ExpectedAction& action, const Node& key, const Node& value) {
        const std::string_view name = key.text();
        if (name == "action")
            action.action = read_word(value, name, kActions, diagnostics_);
        else if (name == "risk")
            action.risk = read_word(value, name, kRisks, diagnostics_);
        else if (name == "cause")
            action.cause = read_word(value, name, kCauses, diagnostics_);
        else if (name == "blocked")
            action.blocked = read_word(value, name, kBlocks, diagnostics_);
        else if (name == "changes")
            action.changes = detail::read_texts(value, name, diagnostics_);
        else if (name != "resource")
            unknown(key, "an action", kActionKeys);
        else if (auto text = detail::read_text(value, name, diagnostics_))
            action.resource = std::move(text->value);
    }

    static std::string action_text(const ExpectedAction& action) {
        std::string text = action.action.empty() ? action.resource : action.action + " " + action.resource;
        for (const auto& [word, value] :
             {std::pair("risk"sv, &action.risk), std::pair("cause"sv, &action.cause),
              std::pair("blocked"sv, &action.blocked)})
            if (!value->empty()) text += fmt::format(", {} {}", word, *value);
        for (const Text& change : action.changes)
            text +=
                fmt::format("{}{}", &change == action.changes.data() ? ", changes " : " and ", change.value);
        return text;
    }

    void read_summary(Expectations& expect, const Node& node) {
        if (!detail::is_map(node, "summary", diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            const std::string_view name = node.key(i).text();
            if (std::find(kCounts.begin(), kCounts.end(), name) == kCounts.end()) {
                unknown(node.key(i), "'summary'", kCounts);
                continue;
            }
            if (auto count = detail::read_integer(node.value(i), name, 0, INT32_MAX, diagnostics_))
                expect.summary.push_back(
                    {.name = std::string(name), .count = *count, .at = node.key(i).span()});
        }
    }

    void read_groups(Expectations& expect, const Node& node) {
        if (!detail::is_map(node, "groups", diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            const Node key = node.key(i);
            ExpectedMembers members{.of = fmt::format("group {}", key.text()), .at = key.span()};
            members.target.groups.push_back({.text = std::string(key.text()), .at = key.span()});
            members.target.at = key.span();
            members.servers = detail::read_names(node.value(i), key.text(), "server", diagnostics_);
            expect.members.push_back(std::move(members));
        }
    }

    void read_targets(Expectations& expect, const Node& node) {
        if (!detail::is_list(node, "targets", diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            const Node item = node.item(i);
            ExpectedMembers members{.of = "target", .at = item.span()};
            if (!item.is_map()) {
                detail::report_type(item, "targets", "a list of {target: ..., servers: [...]}", diagnostics_);
                continue;
            }
            for (std::size_t j = 0; j < item.size(); ++j) {
                if (item.key(j).text() == "target")
                    members.target = parse_target(item.value(j), diagnostics_);
                else if (item.key(j).text() == "servers")
                    members.servers = detail::read_names(item.value(j), "servers", "server", diagnostics_);
                else
                    unknown(item.key(j), "an expected target", kTargetKeys);
            }
            for (const std::string_view required : kTargetKeys)
                if (!item.find(required))
                    add_error(diagnostics_, "spec/missing-key",
                              fmt::format("the expected target has no '{}'", required), members.at);
            expect.members.push_back(std::move(members));
        }
    }

    void read_values(Expectations& expect, const Node& node) {
        if (!detail::is_map(node, "values", diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i)
            read_server_values(expect, {std::string(node.key(i).text()), node.key(i).span()}, node.value(i));
    }

    void read_server_values(Expectations& expect, const Text& server, const Node& node) {
        if (!detail::is_map(node, server.value.empty() ? "values" : server.value, diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            check_path(node.key(i));
            expect.values.push_back({.server = server,
                                     .path = std::string(node.key(i).text()),
                                     .value = node.value(i).as_value(),
                                     .at = node.key(i).span()});
        }
    }

    /// Nothing is at a path that names nothing, so that who expects nothing there would never be told of a
    /// slip.
    void check_path(const Node& key) {
        const std::string_view path = key.text(), word = path.substr(0, path.find_first_of("./"));
        if (path.substr(word.size()).starts_with('/')) return check_id(path, key.span());
        const std::vector<std::string_view> known = value_words();
        if (std::find(known.begin(), known.end(), word) != known.end()) return;
        std::string help = detail::did_you_mean(word, known);
        if (help.empty()) help = "`lab explain server/NAME` lists what a server has";
        add_error(diagnostics_, "spec/unknown-key",
                  fmt::format("a server has nothing called '{}'", escape_controls(word)), key.span(),
                  std::move(help));
    }

    /// An id as resources have it, or one with a property behind it.
    void check_id(std::string_view id, const Span& at) {
        const std::string_view word = id.substr(0, id.find('/'));
        const api::ResourceType* type = api::find_resource_type(word);
        if (!type) return detail::report_unknown_type(word, at, diagnostics_);
        const std::string_view name = id.substr(std::min(id.size(), word.size() + 1));
        const std::string written = (type->name_is_path ? "/" : "") + std::string(name);
        const auto canonical = api::normalise_name(*type, written);
        if (!canonical)
            add_error(diagnostics_, "spec/bad-value", canonical.error().message, at,
                      "ids are TYPE/NAME, such as file/etc/motd for the file /etc/motd");
        else if (*canonical != written)
            add_error(diagnostics_, "spec/bad-value",
                      fmt::format("no resource has the id '{}'", escape_controls(id)), at,
                      fmt::format("write {}", api::resource_id(type->name, *canonical)));
    }

    void check_property(std::string_view id, const Node& key) {
        const api::ResourceType* type = api::find_resource_type(id.substr(0, id.find('/')));
        if (!type) return; // said of the id
        std::vector<std::string_view> known{"after", "notify"};
        for (const api::PropertySchema& property : type->properties)
            if (!property.only_in_yaml) known.push_back(property.name);
        if (std::find(known.begin(), known.end(), key.text()) == known.end())
            detail::report_unknown_key(key, {with_article(type->name), known}, diagnostics_);
    }

    void read_diagnostics(Expectations& expect, const Node& node) {
        auto& diagnostics = expect.diagnostics.emplace();
        if (!detail::is_list(node, "diagnostics", diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i)
            diagnostics.push_back(read_diagnostic(node.item(i)));
    }

    ExpectedDiagnostic read_diagnostic(const Node& node) {
        ExpectedDiagnostic expected;
        expected.at = node.span();
        if (!node.is_map()) {
            if (auto text = detail::read_text(node, "diagnostics", diagnostics_)) expected.code = text->value;
        } else {
            for (std::size_t i = 0; i < node.size(); ++i) {
                const std::string_view key = node.key(i).text();
                const bool known =
                    std::find(kDiagnosticKeys.begin(), kDiagnosticKeys.end(), key) != kDiagnosticKeys.end();
                if (!known) unknown(node.key(i), "an expected diagnostic", kDiagnosticKeys);
                const auto text =
                    known ? detail::read_text(node.value(i), key, diagnostics_) : std::optional<Text>();
                if (!text) continue;
                if (key == "code") expected.code = text->value;
                if (key == "message") expected.message = text->value;
                if (key == "at") read_place(expected, *text);
            }
        }
        if (expected.code.empty() && expected.message.empty() && expected.file.empty())
            add_error(diagnostics_, "spec/missing-key", "the expected diagnostic has no 'code'", expected.at,
                      "name what is in brackets behind the message: spec/unknown-label");
        expected.text = diagnostic_text(expected);
        return expected;
    }

    /// "labels.yaml" or "labels.yaml:3".
    void read_place(ExpectedDiagnostic& expected, const Text& place) {
        const auto colon = place.value.find(':');
        expected.file = place.value.substr(0, colon);
        if (colon == std::string::npos) return;
        const char* end = place.value.data() + place.value.size();
        const auto read = std::from_chars(place.value.data() + colon + 1, end, expected.line);
        if (read.ec != std::errc{} || read.ptr != end || expected.line == 0)
            add_error(diagnostics_, "spec/bad-value",
                      fmt::format("'{}' is no place", escape_controls(place.value)), place.at,
                      "write FILE or FILE:LINE");
    }

    static std::string diagnostic_text(const ExpectedDiagnostic& expected) {
        std::string text = expected.code.empty() ? "an error" : expected.code;
        if (!expected.file.empty()) text += " at " + expected.file;
        if (expected.line != 0) text += fmt::format(":{}", expected.line);
        if (!expected.message.empty()) text += fmt::format(" saying \"{}\"", expected.message);
        return text;
    }

    void read_resources(Expectations& expect, const Node& node) {
        if (node.is_list()) {
            expect.resource_ids = detail::read_texts(node, "resources", diagnostics_);
            for (const Text& id : *expect.resource_ids)
                check_id(id.value, id.at);
            return;
        }
        if (!detail::is_map(node, "resources", diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            const Node key = node.key(i), value = node.value(i);
            ExpectedResource resource{.id = std::string(key.text()), .at = key.span()};
            check_id(key.text(), key.span());
            resource.present = !value.is_null();
            if (!value.is_null() && !detail::is_map(value, key.text(), diagnostics_)) continue;
            for (std::size_t j = 0; j < value.size(); ++j) {
                check_property(key.text(), value.key(j));
                resource.properties.append(std::string(value.key(j).text()), value.value(j).as_value());
                resource.places.emplace_back(std::string(value.key(j).text()), value.key(j).span());
            }
            expect.resources.push_back(std::move(resource));
        }
    }

    bool of_module_;
    Diagnostics& diagnostics_;
    std::set<std::string> names_;
};

} // namespace

CaseFile decode_cases(std::string_view path, std::string text, bool of_module, Diagnostics& diagnostics) {
    CaseFile file;
    file.document = Document::parse(path, std::move(text), diagnostics);
    if (file.document) file.cases = Decoder(of_module, diagnostics).file(file.document->root());
    for (Case& one : file.cases)
        one.document = file.document;
    return file;
}

} // namespace lab::spec
