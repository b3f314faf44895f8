#include "api/desired.h"

#include "api/detail/fields.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::api {
namespace {

using Index = std::unordered_map<std::string, std::size_t>;

Error invalid(std::string message) {
    return Error{.code = ErrorCode::Invalid, .message = std::move(message)};
}

/// For each resource, those that wait for it.
Result<std::vector<std::vector<std::size_t>>> followers(const std::vector<Resource>& resources) {
    Index index;
    for (std::size_t i = 0; i < resources.size(); ++i) {
        if (!index.emplace(resources[i].id(), i).second)
            return invalid(fmt::format("the resource '{}' is given twice", resources[i].id()));
    }
    std::vector<std::vector<std::size_t>> out(resources.size());
    for (std::size_t i = 0; i < resources.size(); ++i) {
        const auto edge = [&](std::string_view word, const std::string& id) -> Result<std::size_t> {
            const auto found = index.find(id);
            if (found != index.end()) return found->second;
            return invalid(fmt::format("'{}' of the resource '{}' names '{}', which is not in the document",
                                       word, resources[i].id(), escape_controls(id)));
        };
        for (const std::string& id : resources[i].after) {
            const auto before = edge("after", id);
            if (!before) return before.error();
            out[*before].push_back(i);
        }
        for (const std::string& id : resources[i].notify) {
            const auto target = edge("notify", id);
            if (!target) return target.error();
            out[i].push_back(*target);
        }
    }
    return out;
}

/// One cycle among the resources that never became ready, as "a -> b -> a".
std::string cycle_text(const std::vector<Resource>& resources,
                       const std::vector<std::vector<std::size_t>>& next,
                       const std::vector<std::size_t>& waiting) {
    // Every one left waits for another one left: walking back must meet itself.
    std::vector<std::size_t> before(resources.size(), resources.size());
    for (std::size_t i = 0; i < resources.size(); ++i)
        for (const std::size_t j : next[i])
            if (waiting[i] != 0 && waiting[j] != 0) before[j] = i;
    const auto start =
        std::find_if(waiting.begin(), waiting.end(), [](std::size_t count) { return count != 0; });
    auto at = static_cast<std::size_t>(start - waiting.begin());
    std::vector<bool> seen(resources.size(), false);
    while (!seen[at]) {
        seen[at] = true;
        at = before[at];
    }
    std::vector<std::string> ids{resources[at].id()};
    for (std::size_t i = before[at]; i != at; i = before[i])
        ids.push_back(resources[i].id());
    ids.push_back(resources[at].id());
    std::reverse(ids.begin(), ids.end());
    return fmt::format("{}", fmt::join(ids, " -> "));
}

} // namespace

Result<std::vector<std::size_t>> run_order(const std::vector<Resource>& resources) {
    auto next = followers(resources);
    if (!next) return std::move(next).error();
    std::vector<std::size_t> waiting(resources.size(), 0);
    for (const auto& targets : *next)
        for (const std::size_t target : targets)
            ++waiting[target];

    // The smallest index first: the list's own order wherever the edges allow it.
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < resources.size(); ++i)
        if (waiting[i] == 0) ready.push(i);
    std::vector<std::size_t> order;
    order.reserve(resources.size());
    while (!ready.empty()) {
        const std::size_t at = ready.top();
        ready.pop();
        order.push_back(at);
        for (const std::size_t target : (*next)[at])
            if (--waiting[target] == 0) ready.push(target);
    }
    if (order.size() == resources.size()) return order;
    return invalid(fmt::format("resources wait for each other: {}", cycle_text(resources, *next, waiting)));
}

Digest digest(const Desired& desired) {
    Hasher hasher;
    for (const Resource& resource : desired.resources)
        hasher.part(digest(redacted(resource, desired.key)));
    return hasher.finish();
}

Value to_value(const Desired& desired) {
    ValueList resources;
    resources.reserve(desired.resources.size());
    for (const Resource& resource : desired.resources)
        resources.push_back(to_value(resource));
    ValueMap out{{"format", Value(Desired::kFormat)}, {"server", Value(desired.server)}};
    out.append("server_id", Value(desired.server_id));
    out.append("inventory", Value(desired.inventory));
    out.append("commit", desired.commit.empty() ? Value() : Value(desired.commit));
    out.append("digest", Value(digest(desired).text()));
    out.append("key", Value(base64_encode(desired.key.bytes)));
    out.append("resources", std::move(resources));
    return out;
}

std::string write_desired(const Desired& desired) {
    return write_json(to_value(desired));
}

Result<Desired> read_desired(std::string_view json) {
    auto value = parse_json(json);
    if (!value) return std::move(value).error().during("while reading a lab.desired document");
    return desired_from_value(*value);
}

Result<Desired> desired_from_value(const Value& value) {
    LAB_TRY(detail::require_format(value, Desired::kFormat));
    detail::Fields fields(value, "the desired document");
    fields.text("format");
    fields.text_or("digest", "");
    Desired desired{.server = fields.text("server"),
                    .server_id = fields.text_or("server_id", ""),
                    .inventory = fields.text_or("inventory", ""),
                    .commit = fields.text_or("commit", "")};
    auto key = base64_decode(fields.text_or("key", ""));
    if (!key || (!key->empty() && key->size() < 16))
        fields.refuse("'key' of the desired document must be base64 of at least 16 bytes");
    else
        desired.key.bytes = *std::move(key);
    const ValueList& resources = fields.list("resources");
    LAB_TRY(fields.finish_strict());

    desired.resources.reserve(resources.size());
    for (const Value& item : resources) {
        auto resource = resource_from_value(item);
        if (!resource) return std::move(resource).error().during("while reading a lab.desired document");
        desired.resources.push_back(*std::move(resource));
    }
    if (auto order = run_order(desired.resources); !order) return std::move(order).error();
    return desired;
}

} // namespace lab::api
