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

/// The origin of a value that nobody wrote: its place is that of the thing that has it.
bool is_default(const Value& origin) {
    const Value* level = origin.get("level");
    const Value* through = origin.get("through");
    return level && level->if_string() && *level->if_string() == to_string(spec::Level::Implicit) &&
           through && through->is_null();
}

void collect(const Value& value, std::vector<Place>& places) {
    if (const ValueList* list = value.if_list())
        for (const Value& item : *list)
            collect(item, places);
    const ValueMap* map = value.if_map();
    if (!map || is_default(value)) return;
    for (const auto& [key, item] : *map) {
        if (key != "source") {
            collect(item, places);
        } else if (auto place = place_of(item);
                   place && std::find(places.begin(), places.end(), *place) == places.end()) {
            places.push_back(*std::move(place));
        }
    }
}

Value writer_value(const std::optional<Writer>& writer) {
    if (!writer) return Value();
    const git::CommitInfo& commit = writer->commit;
    const auto known = [&](std::string_view text) { return writer->or_before ? Value() : Value(text); };
    return Value(ValueMap{{"commit", Value(commit.id)},
                          {"author", known(commit.author)},
                          {"email", known(commit.email)},
                          {"at", known(format_time(commit.time))},
                          {"subject", known(commit.subject)},
                          {"or_before", Value(writer->or_before)}});
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

Result<std::optional<Writer>> Blamer::who(const Place& place) {
    const auto lines = lines_of(place.file);
    if (!lines) return lines.error();
    if (place.line == 0 || place.line > (*lines)->size() || (**lines)[place.line - 1].empty())
        return std::optional<Writer>();
    const std::string& id = (**lines)[place.line - 1];
    if (const auto found = commits_.find(id); found != commits_.end()) return std::optional(found->second);
    auto commit = source_->repository()->commit(id);
    if (!commit) return std::move(commit).error();
    const auto cut = source_->repository()->cut_commits();
    const bool or_before = std::binary_search(cut.begin(), cut.end(), id);
    cut_off_ = cut_off_ || or_before;
    return std::optional(commits_.emplace(id, Writer{*std::move(commit), or_before}).first->second);
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
        auto writer = is_default(document) ? Result<std::optional<Writer>>(std::nullopt) : who(*place);
        if (!writer) return std::move(writer).error();
        blamed.append(key, item);
        blamed.append("blame", writer_value(*writer));
    }
    return Value(std::move(blamed));
}

std::string blame_text(const std::optional<Writer>& writer) {
    if (!writer) return "not committed yet";
    constexpr std::size_t kDigits = 7, kDate = 10; // of 2026-03-15T14:22:03Z
    const git::CommitInfo& commit = writer->commit;
    const std::string id = commit.id.substr(0, kDigits);
    if (writer->or_before) return id + " or before";
    return escape_controls(fmt::format("{} {}, {}: {}", id, commit.author,
                                       format_time(commit.time).substr(0, kDate), commit.subject));
}

} // namespace lab::cli
