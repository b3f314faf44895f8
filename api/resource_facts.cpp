#include "api/resource_diff.h"

#include "support/template.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::api {
namespace {

/// The first fact the template reads that is not there.
std::optional<std::string> missing_fact(const Template& text, const Value& facts) {
    for (const Template::Reference& reference : text.references()) {
        if (reference.path.empty() || reference.path[0] != "facts") continue;
        const Value* at = &facts;
        for (std::size_t i = 1; i < reference.path.size() && at; ++i)
            at = at->get(reference.path[i]);
        if (!at) return fmt::format("{}", fmt::join(reference.path, "."));
    }
    return std::nullopt;
}

Error template_error(const TemplateError& error, const Template* text, const Value& facts) {
    if (text) {
        if (const auto fact = missing_fact(*text, facts))
            return Error{.code = ErrorCode::Unavailable,
                         .message = fmt::format("the fact '{}' is not known", *fact)};
    }
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("in its template, line {} column {}: {}", error.line, error.column,
                                        error.message),
                 .hint = error.help};
}

TemplateScope scope_of(const Deferred& deferred, const Value& facts) {
    return [&deferred, &facts](std::string_view name) {
        return name == "facts" ? &facts : deferred.scope.find(name);
    };
}

Result<Value> evaluated(const Deferred& deferred, const Value& facts, bool expression) {
    auto parsed = expression ? Template::parse_expression(deferred.text) : Template::parse(deferred.text);
    if (const auto* error = std::get_if<TemplateError>(&parsed))
        return template_error(*error, nullptr, facts);
    const Template& text = std::get<Template>(parsed);
    auto value = text.evaluate(scope_of(deferred, facts));
    if (const auto* error = std::get_if<TemplateError>(&value)) return template_error(*error, &text, facts);
    return std::get<Value>(std::move(value));
}

/// The value with everything deferred in it worked out; depth is bounded by the document's.
Result<Value> resolved(const Value& value, const Value& facts) {
    if (const auto deferred = as_deferred(value)) return evaluated(*deferred, facts, false);
    if (const ValueList* list = value.if_list()) {
        ValueList out;
        for (const Value& item : *list) {
            auto each = resolved(item, facts);
            if (!each) return each;
            out.push_back(*std::move(each));
        }
        return Value(std::move(out));
    }
    if (const ValueMap* map = value.if_map()) {
        ValueMap out;
        for (const auto& [key, item] : *map) {
            auto each = resolved(item, facts);
            if (!each) return each;
            out.append(key, *std::move(each));
        }
        return Value(std::move(out));
    }
    return value;
}

bool holds_deferred(const Value& value) {
    if (as_deferred(value)) return true;
    if (const ValueList* list = value.if_list()) {
        for (const Value& item : *list)
            if (holds_deferred(item)) return true;
    }
    if (const ValueMap* map = value.if_map()) {
        for (const auto& [key, item] : *map)
            if (holds_deferred(item)) return true;
    }
    return false;
}

} // namespace

Result<std::optional<Resource>> with_facts(Resource resource, const Value& facts) {
    if (resource.when) {
        auto answer = evaluated(*resource.when, facts, true);
        if (!answer) return std::move(answer).error().during(fmt::format("in 'when' of '{}'", resource.id()));
        if (!truthy(*answer)) return std::optional<Resource>();
        resource.when.reset();
    }
    bool any = false;
    for (auto& [name, value] : resource.properties) {
        if (!holds_deferred(value)) continue;
        auto worked_out = resolved(value, facts);
        if (!worked_out)
            return std::move(worked_out).error().during(fmt::format("in '{}' of '{}'", name, resource.id()));
        value = *std::move(worked_out);
        any = true;
    }
    if (!any) return std::optional<Resource>(std::move(resource));
    auto fit = checked(std::move(resource)); // what came out must fit as if it had been written
    if (!fit) return std::move(fit).error();
    return std::optional<Resource>(*std::move(fit));
}

} // namespace lab::api
