#include "spec/target.h"

#include "spec/detail/decode.h"
#include "support/text.h"

#include <array>

#include <fmt/format.h>

namespace lab::spec {
namespace {

using namespace std::string_view_literals;

constexpr std::array kKeys{"labels"sv, "environment"sv, "region"sv, "cloud"sv,  "provider"sv,
                           "size"sv,   "servers"sv,     "groups"sv, "exclude"sv};
constexpr std::array kExcludeKeys{"labels"sv,   "environment"sv, "region"sv,  "cloud"sv,
                                  "provider"sv, "size"sv,        "servers"sv, "groups"sv};
constexpr std::array kLabelKeys{"all"sv};

/// One name, or a list of them.
std::vector<Term> read_terms(const Node& node, std::string_view key, Diagnostics& diagnostics) {
    std::vector<Text> texts;
    if (node.is_list()) {
        texts = detail::read_texts(node, key, diagnostics);
    } else if (auto text = detail::read_text(node, key, diagnostics)) {
        texts.push_back(std::move(*text));
    }
    if (node.is_list() && node.size() == 0)
        detail::add_error(diagnostics, "spec/bad-target",
                          fmt::format("'{}' names nothing, so nothing could match", key), node.span(),
                          "name something, or leave the key out");
    std::vector<Term> terms;
    for (Text& text : texts) {
        if (key == "labels" && !detail::check_label(text, diagnostics)) continue;
        terms.push_back({std::move(text.value), text.at});
    }
    return terms;
}

void read_labels(const Node& node, Target& target, Diagnostics& diagnostics) {
    if (!node.is_map()) {
        target.labels = read_terms(node, "labels", diagnostics);
        return;
    }
    for (std::size_t i = 0; i < node.size(); ++i) {
        if (node.key(i).text() == "all")
            target.all_labels = read_terms(node.value(i), "labels", diagnostics);
        else
            detail::report_unknown_key(node.key(i), {"'labels' of a target", kLabelKeys}, diagnostics);
    }
}

std::vector<Term>* list_of(Target& target, std::string_view key) {
    if (key == "environment") return &target.environments;
    if (key == "region") return &target.regions;
    if (key == "cloud") return &target.clouds;
    if (key == "provider") return &target.providers;
    if (key == "size") return &target.sizes;
    if (key == "servers") return &target.servers;
    if (key == "groups") return &target.groups;
    return nullptr;
}

bool names_nobody(const Target& target) noexcept {
    return target.labels.empty() && target.all_labels.empty() && target.environments.empty() &&
           target.regions.empty() && target.clouds.empty() && target.providers.empty() &&
           target.sizes.empty() && target.groups.empty() && target.servers.empty();
}

} // namespace

bool Target::empty() const noexcept {
    return names_nobody(*this) && exclude.empty();
}

bool Target::only_excludes() const noexcept {
    return names_nobody(*this) && !exclude.empty();
}

Target parse_target(const Node& node, Diagnostics& diagnostics, bool is_exclude) {
    const std::string_view what = is_exclude ? "an exclude" : "a target";
    Target target;
    target.at = node.span();
    if (!node.is_map() && !node.is_null()) {
        detail::add_error(
            diagnostics, "spec/wrong-type",
            fmt::format("{} must be a map, not {}", what, with_article(node.type_name())), node.span(),
            fmt::format("write what to look at: {{labels: [{}]}}", node.is_scalar() ? node.text() : "web"));
        return target;
    }
    const std::size_t before = diagnostics.errors();
    for (std::size_t i = 0; i < node.size(); ++i) {
        const std::string_view key = node.key(i).text();
        if (key == "labels")
            read_labels(node.value(i), target, diagnostics);
        else if (key == "exclude" && !is_exclude)
            target.exclude.push_back(parse_target(node.value(i), diagnostics, /*is_exclude=*/true));
        else if (auto* list = list_of(target, key))
            *list = read_terms(node.value(i), key, diagnostics);
        else
            detail::report_unknown_key(node.key(i),
                                       {what, is_exclude ? std::span<const std::string_view>(kExcludeKeys)
                                                         : std::span<const std::string_view>(kKeys)},
                                       diagnostics);
    }
    if (target.empty() && diagnostics.errors() == before)
        detail::add_error(diagnostics, "spec/bad-target",
                          fmt::format("{} that is empty selects nothing", what), node.span(),
                          fmt::format("name at least one of {}", detail::listed(kExcludeKeys)));
    return target;
}

} // namespace lab::spec
