#include "agent/detail/handlers.h"
#include "agent/detail/properties.h"
#include "api/content.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::agent {
namespace {

constexpr std::size_t kLargest = std::size_t{16} << 20;

/// Which lines of the file are the resource's.
struct Wanted {
    const Value& text;
    std::optional<std::string> match;
    const api::FingerprintKey& key;

    bool is_text(std::string_view line) const {
        if (const std::string* words = text.if_string()) return *words == line;
        return api::same_content(text, Value(line), key); // a fingerprint, in a document that only observes
    }
    bool is_other(std::string_view line) const { return match && glob_match(*match, line) && !is_text(line); }
};

Result<Wanted> read_wanted(const api::Resource& resource, const Host& host) {
    const Value* text = resource.properties.find("text");
    const Value* match = resource.properties.find("match");
    LAB_CHECK(text != nullptr, "a line without its text was not refused when it was read");
    if (match && !match->if_string())
        return Error{.code = ErrorCode::Unsupported,
                     .message = "its 'match' is private and stands as a fingerprint here"};
    return Wanted{.text = *text, .match = text_property(resource.properties, "match"), .key = host.key};
}

struct File {
    std::string path; // with symlinks followed, because a link is edited through, not replaced
    bool exists = false;
    mode_t mode = 0;
    std::vector<std::string> lines;
    bool ends_in_newline = true;
};

Result<File> read_lines(const api::Resource& resource, const Host& host) {
    File file{.path = text_property(resource.properties, "path").value_or("")};
    auto resolved = host.tree.resolve(file.path);
    if (!resolved && resolved.error().code == ErrorCode::NotFound) return file;
    if (!resolved) return std::move(resolved).error();
    file.path = *std::move(resolved);
    const auto status = host.tree.status(file.path);
    if (!status) return status.error();
    auto text = host.tree.read(file.path, kLargest);
    if (!text) return std::move(text).error();
    file.exists = true;
    file.mode = status->st_mode & mode_t{07777};
    file.ends_in_newline = text->empty() || text->back() == '\n';
    std::string_view rest = *text;
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    if (!text->empty())
        for (const std::string_view line : split(rest, '\n'))
            file.lines.emplace_back(line);
    return file;
}

/// The first line that `match` asks to be replaced takes the text; others of its kind, and repeats, go.
std::vector<std::string> with_line(const std::vector<std::string>& lines, const Wanted& wanted,
                                   const std::string& text) {
    bool placed = false;
    const bool there = std::any_of(lines.begin(), lines.end(),
                                   [&](const std::string& line) { return wanted.is_text(line); });
    std::vector<std::string> out;
    for (const std::string& line : lines) {
        const bool is_text = wanted.is_text(line);
        if (!is_text && !wanted.is_other(line)) {
            out.push_back(line);
        } else if (!placed && (is_text || !there)) {
            out.push_back(text);
            placed = true;
        }
    }
    if (!placed) out.push_back(text);
    return out;
}

std::vector<std::string> without_line(const std::vector<std::string>& lines, const Wanted& wanted) {
    std::vector<std::string> out;
    for (const std::string& line : lines)
        if (!wanted.is_text(line) && !wanted.is_other(line)) out.push_back(line);
    return out;
}

std::string joined(const std::vector<std::string>& lines, bool ends_in_newline) {
    std::string out;
    for (const std::string& line : lines)
        out += line + '\n';
    if (!ends_in_newline && !out.empty()) out.pop_back();
    return out;
}

class LineHandler final : public Handler {
  public:
    std::string_view type() const override { return "line"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        auto wanted = read_wanted(resource, host);
        if (!wanted) return std::move(wanted).error();
        auto file = read_lines(resource, host);
        if (!file) return std::move(file).error();
        if (!file->exists) return ValueMap{{"ensure", "absent"}};
        // A line that stands for the same thing is what is there now, also where the right one stands beside
        // it.
        std::optional<std::string> exact, other;
        for (const std::string& line : file->lines) {
            if (!exact && wanted->is_text(line)) exact = line;
            if (!other && wanted->is_other(line)) other = line;
        }
        const auto found = other ? other : exact;
        ValueMap observed{{"ensure", found ? "present" : "absent"}};
        if (found) observed.append("text", encode_bytes(*found));
        // Not compared: it says whether what stands in the file may be shown.
        observed.append("mode", Value(fmt::format("{:04o}", file->mode)));
        return observed;
    }

    Result<void> apply(const api::Resource& resource, const ValueMap&, Host& host) const override {
        auto wanted = read_wanted(resource, host);
        if (!wanted) return std::move(wanted).error();
        auto file = read_lines(resource, host);
        if (!file) return std::move(file).error();
        if (wants_absent(resource))
            return host.tree.write(file->path,
                                   joined(without_line(file->lines, *wanted), file->ends_in_newline), {});
        const auto text = text_property(resource.properties, "text");
        if (!text)
            return Error{.code = ErrorCode::Invalid,
                         .message =
                             "the document holds only a fingerprint of 'text', so it cannot be written"};
        if (!file->exists) LAB_TRY(host.tree.make_parents(file->path));
        const auto lines = with_line(file->lines, *wanted, *text);
        const bool appended = lines.size() > file->lines.size();
        return host.tree.write(file->path, joined(lines, file->ends_in_newline || appended), {});
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }
};

} // namespace

std::unique_ptr<Handler> line_handler() {
    return std::make_unique<LineHandler>();
}

} // namespace lab::agent
