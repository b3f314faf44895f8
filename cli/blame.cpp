#include "cli/blame.h"

#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::size_t kMostBytes = 32u << 20; // as much as an inventory's file may have

std::optional<Place> place_of(const Value& source) {
    const Value* file = source.get("file");
    const Value* line = source.get("line");
    if (!file || !file->if_string() || !line || !line->if_int()) return std::nullopt;
    return Place{*file->if_string(), static_cast<std::size_t>(*line->if_int())};
}

void collect(const Value& value, std::vector<Place>& places) {
    if (const ValueList* list = value.if_list())
        for (const Value& item : *list)
            collect(item, places);
    const ValueMap* map = value.if_map();
    if (!map) return;
    for (const auto& [key, item] : *map) {
        if (key != "source") {
            collect(item, places);
        } else if (auto place = place_of(item);
                   place && std::find(places.begin(), places.end(), *place) == places.end()) {
            places.push_back(*std::move(place));
        }
    }
}

Value commit_value(const std::optional<git::CommitInfo>& commit) {
    if (!commit) return Value();
    return Value(ValueMap{{"commit", Value(commit->id)},
                          {"author", Value(commit->author)},
                          {"email", Value(commit->email)},
                          {"at", Value(format_time(commit->time))},
                          {"subject", Value(commit->subject)}});
}

} // namespace

std::vector<Place> places_in(const Value& document) {
    std::vector<Place> places;
    collect(document, places);
    return places;
}

/// The commit of each line; none where the file is not the inventory's.
Result<const std::vector<std::string>*> Blamer::lines_of(const std::string& file) {
    if (const auto known = lines_.find(file); known != lines_.end()) return &known->second;
    std::vector<std::string> lines;
    if (const auto text = source_->tree().read(file, kMostBytes)) {
        const std::string& prefix = source_->prefix();
        auto blamed =
            source_->commit().empty()
                ? Result<std::vector<std::string>>(std::vector<std::string>(1)) // nothing is in a commit
                : source_->repository()->blame(source_->commit(), prefix.empty() ? file : prefix + "/" + file,
                                               *text);
        if (!blamed) return std::move(blamed).error();
        lines = *std::move(blamed);
    }
    return &lines_.emplace(file, std::move(lines)).first->second;
}

Result<bool> Blamer::knows(const Place& place) {
    const auto lines = lines_of(place.file);
    if (!lines) return lines.error();
    return !(*lines)->empty();
}

Result<std::optional<git::CommitInfo>> Blamer::who(const Place& place) {
    const auto lines = lines_of(place.file);
    if (!lines) return lines.error();
    if (place.line == 0 || place.line > (*lines)->size() || (**lines)[place.line - 1].empty())
        return std::optional<git::CommitInfo>();
    const std::string& id = (**lines)[place.line - 1];
    if (const auto found = commits_.find(id); found != commits_.end()) return std::optional(found->second);
    auto commit = source_->repository()->commit(id);
    if (!commit) return std::move(commit).error();
    return std::optional(commits_.emplace(id, *std::move(commit)).first->second);
}

Result<Value> Blamer::with_blame(const Value& document) {
    if (const ValueList* list = document.if_list()) {
        ValueList blamed;
        for (const Value& item : *list) {
            auto one = with_blame(item);
            if (!one) return one;
            blamed.push_back(*std::move(one));
        }
        return Value(std::move(blamed));
    }
    const ValueMap* map = document.if_map();
    if (!map) return document;
    ValueMap blamed;
    for (const auto& [key, item] : *map) {
        const auto place = key == "source" ? place_of(item) : std::nullopt;
        const auto known = place ? knows(*place) : Result<bool>(false);
        if (!known) return known.error();
        if (!*known) {
            auto one = with_blame(item);
            if (!one) return one;
            blamed.append(key, *std::move(one));
            continue;
        }
        auto commit = who(*place);
        if (!commit) return std::move(commit).error();
        blamed.append(key, item);
        blamed.append("blame", commit_value(*commit));
    }
    return Value(std::move(blamed));
}

std::string blame_text(const std::optional<git::CommitInfo>& commit) {
    if (!commit) return "not committed yet";
    constexpr std::size_t kDigits = 7, kDate = 10; // of 2026-03-15T14:22:03Z
    return escape_controls(fmt::format("{} {}, {}: {}", commit->id.substr(0, kDigits), commit->author,
                                       format_time(commit->time).substr(0, kDate), commit->subject));
}

} // namespace lab::cli
