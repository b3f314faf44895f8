#include "cli/blame.h"

#include "spec/extent.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::size_t kMostBytes = 32u << 20; // as much as an inventory's file may have

/// The place of `holder`: of a value where it is an origin, else of the name of something.
std::optional<Place> place_of(const ValueMap& holder) {
    const Value* source = holder.find("source");
    const Value* file = source ? source->get("file") : nullptr;
    const Value* line = source ? source->get("line") : nullptr;
    const Value* column = source && holder.contains("level") ? source->get("column") : nullptr;
    if (!file || !file->if_string() || !line || !line->if_int()) return std::nullopt;
    return Place{*file->if_string(), static_cast<std::size_t>(*line->if_int()),
                 column && column->if_int() ? static_cast<std::size_t>(*column->if_int()) : 0};
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
        } else if (auto place = place_of(*map);
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

Result<const Blamer::File*> Blamer::file_of(const std::string& file) {
    if (const auto known = files_.find(file); known != files_.end()) return &known->second;
    File read;
    if (auto text = source_->tree().read(file, kMostBytes)) {
        const std::string& prefix = source_->prefix();
        auto blamed =
            source_->commit().empty()
                ? Result<std::vector<std::string>>(std::vector<std::string>(1)) // nothing is in a commit
                : source_->repository()->blame(source_->commit(), prefix.empty() ? file : prefix + "/" + file,
                                               *text);
        if (!blamed) return std::move(blamed).error();
        read.lines = *std::move(blamed);
        Diagnostics unused; // told when the inventory was loaded
        read.document = spec::Document::parse(file, *std::move(text), unused);
    }
    return &files_.emplace(file, std::move(read)).first->second;
}

Result<bool> Blamer::knows(const Place& place) {
    const auto file = file_of(place.file);
    if (!file) return file.error();
    return !(*file)->lines.empty();
}

std::size_t Blamer::last_line(const Place& place) const {
    const auto file = files_.find(place.file);
    if (place.column == 0 || file == files_.end() || !file->second.document) return place.line;
    return spec::last_line(*file->second.document, static_cast<std::uint32_t>(place.line),
                           static_cast<std::uint32_t>(place.column));
}

Result<const git::CommitInfo*> Blamer::commit(const std::string& id) {
    if (const auto found = commits_.find(id); found != commits_.end()) return &found->second;
    auto commit = source_->repository()->commit(id);
    if (!commit) return std::move(commit).error();
    return &commits_.emplace(id, *std::move(commit)).first->second;
}

/// By history: dates are what authors say. Of two branches, the later date.
Result<bool> Blamer::is_newer(const std::string& one, const std::string& other) {
    const auto base = source_->repository()->merge_base(one, other);
    if (base && (*base == one || *base == other)) return *base == other;
    const auto first = commit(one);
    if (!first) return first.error();
    const auto second = commit(other);
    if (!second) return second.error();
    return (*first)->time > (*second)->time;
}

Result<std::optional<Writer>> Blamer::who(const Place& place) {
    const auto file = file_of(place.file);
    if (!file) return file.error();
    const std::vector<std::string>& lines = (*file)->lines;
    std::string newest;
    for (std::size_t line = place.line; line <= last_line(place); ++line) {
        if (line == 0 || line > lines.size() || lines[line - 1].empty()) return std::optional<Writer>();
        const std::string& id = lines[line - 1];
        const auto newer = newest.empty() ? Result<bool>(true)
                           : id == newest ? Result<bool>(false)
                                          : is_newer(id, newest);
        if (!newer) return newer.error();
        if (*newer) newest = id;
    }
    const auto written = commit(newest);
    if (!written) return written.error();
    const auto cut = source_->repository()->cut_commits();
    const bool or_before = std::binary_search(cut.begin(), cut.end(), newest);
    cut_off_ = cut_off_ || or_before;
    return std::optional(Writer{**written, or_before});
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
        const auto place = key == "source" ? place_of(*map) : std::nullopt;
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
