#include "cli/places.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

std::vector<std::string> texts_of(const std::vector<spec::Term>& terms) {
    std::vector<std::string> texts;
    for (const spec::Term& term : terms)
        texts.push_back(term.text);
    return texts;
}

struct NamedTerms {
    std::string_view one, many;
    const std::vector<spec::Term>* terms;
};

std::vector<NamedTerms> parts_of(const spec::Target& target) {
    return {{"environment", "environments", &target.environments},
            {"region", "regions", &target.regions},
            {"cloud", "clouds", &target.clouds},
            {"provider", "providers", &target.providers},
            {"size", "sizes", &target.sizes},
            {"group", "groups", &target.groups},
            {"server", "servers", &target.servers}};
}

void add_words(std::vector<std::string>& words, const spec::Target& target) {
    const auto add = [&words](std::string_view name, const std::vector<spec::Term>& terms,
                              std::string_view between) {
        if (!terms.empty()) words.push_back(fmt::format("{} {}", name, fmt::join(texts_of(terms), between)));
    };
    add(target.labels.size() == 1 ? "label" : "labels", target.labels, " or ");
    add("labels", target.all_labels, " and ");
    for (const NamedTerms& part : parts_of(target))
        add(part.terms->size() == 1 ? part.one : part.many, *part.terms, " or ");
}

} // namespace

Value place_value(const Span& at) {
    if (!at.known()) return {};
    return Value(ValueMap{{"file", Value(*at.file)},
                          {"line", Value(std::int64_t{at.line})},
                          {"column", Value(std::int64_t{at.column})}});
}

std::string origin_name(const spec::Origin& origin) {
    switch (origin.level) {
    case spec::Level::ModuleDefault: return fmt::format("default of module {}", origin.through);
    case spec::Level::LabDefault: return "lab.defaults";
    case spec::Level::Environment: return fmt::format("environment {}", origin.through);
    case spec::Level::Label: return fmt::format("label {}", origin.through);
    case spec::Level::Server: return "the server itself";
    case spec::Level::Implicit: return origin.through.empty() ? std::string("the default") : origin.through;
    }
    return {};
}

std::string origin_text(const spec::Origin& origin) {
    const bool is_default =
        origin.level == spec::Level::Implicit && origin.through.empty(); // its place is no source
    return origin.at.known() && !is_default ? fmt::format("{} at {}", origin_name(origin), origin.at.text())
                                            : origin_name(origin);
}

Value origin_value(const spec::Origin& origin) {
    return Value(ValueMap{{"level", Value(spec::to_string(origin.level))},
                          {"through", text_or_null(origin.through)},
                          {"source", place_value(origin.at)}});
}

std::string shown_value(const Value& value) {
    return api::is_fingerprint(value) ? "(sensitive)" : display(value);
}

std::string bracketed(const std::vector<std::string>& names) {
    return names.empty() ? "-" : fmt::format("[{}]", fmt::join(names, ", "));
}

std::string joined(const std::vector<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ","));
}

ValueList text_list(const std::vector<std::string>& names) {
    ValueList list;
    for (const std::string& name : names)
        list.emplace_back(name);
    return list;
}

Value text_or_null(std::string_view text) {
    return text.empty() ? Value() : Value(text);
}

std::vector<std::string> texts_of(const std::vector<spec::Text>& written) {
    std::vector<std::string> texts;
    for (const spec::Text& text : written)
        texts.push_back(text.value);
    return texts;
}

std::string why_excluded(const spec::Fleet& fleet, std::string_view group, spec::ServerIndex server) {
    std::string out;
    bool came_in = false;
    for (std::string& why : fleet.explain_membership(group, server)) {
        if (why.starts_with("excluded"))
            out = std::move(why); // the last one is the group's own, which decides
        else if (!why.starts_with("not matched"))
            came_in = true;
    }
    return came_in ? out : std::string();
}

std::string target_text(const spec::Target& target) {
    std::vector<std::string> words;
    add_words(words, target);
    for (const spec::Target& out : target.exclude) {
        std::vector<std::string> excluded;
        add_words(excluded, out);
        words.push_back(fmt::format("but not {}", fmt::join(excluded, " nor ")));
    }
    return fmt::format("{}", fmt::join(words, ", "));
}

Value target_value(const spec::Target& target) {
    ValueMap value;
    const auto add = [&value](std::string_view name, const std::vector<spec::Term>& terms) {
        if (!terms.empty()) value.append(std::string(name), Value(text_list(texts_of(terms))));
    };
    add("labels", target.labels);
    add("all_labels", target.all_labels);
    for (const NamedTerms& part : parts_of(target))
        add(part.many, *part.terms);
    for (const spec::Target& out : target.exclude)
        value.append("exclude", target_value(out));
    return Value(std::move(value));
}

} // namespace lab::cli
