#include "spec/detail/yaml_referee.h"

#include "spec/detail/core_schema.h"
#include "spec/detail/yaml_complaint.h"
#include "spec/detail/yaml_source.h"
#include "spec/detail/yaml_value.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <istream>
#include <streambuf>

namespace lab::spec::detail {

namespace {

struct Stop {};    // the builder has said why
struct Runaway {}; // yaml-cpp reads on and on without an event

/// Hands the text to yaml-cpp in pieces. yaml-cpp queues the tokens of a whole flow collection before it
/// reports the first, at some 200 bytes each, so reading stops when it runs too far ahead of the events.
class TextStream : public std::streambuf {
  public:
    TextStream(std::string_view text, std::size_t lead) : text_(text), lead_(lead) {}
    void reached(std::size_t offset) { reached_ = std::max(reached_, offset); }
    std::size_t reached() const { return reached_; }
    std::size_t given() const { return given_; }

  protected:
    int_type underflow() override {
        if (given_ == text_.size()) return traits_type::eof();
        if (given_ > reached_ + lead_) throw Runaway{};
        constexpr std::size_t kPiece = 4096;
        const std::size_t size = std::min(kPiece, text_.size() - given_);
        char* piece = const_cast<char*>(text_.data()) + given_; // never written to
        setg(piece, piece, piece + size);
        given_ += size;
        return traits_type::to_int_type(*piece);
    }

  private:
    std::string_view text_;
    std::size_t lead_;
    std::size_t reached_ = 0;
    std::size_t given_ = 0;
};

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
bool is_space(char c) {
    return is_blank(c) || c == '\n' || c == '\r';
}

class Handler : public YAML::EventHandler {
  public:
    /// Whether pairs of surrogates are hidden from yaml-cpp.
    Handler(const YamlBody& body, DocumentBuilder& builder, TextStream& stream, bool hidden)
        : text_(body.text), builder_(&builder), stream_(&stream), columns_(body.text, body.ascii),
          hidden_(hidden) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ == 1) return;
        complain(explain_second_document(text_, offset(mark), root_));
        throw Stop{};
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        begin(NodeKind::List, mark, tag, anchor, style);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        begin(NodeKind::Map, mark, tag, anchor, style);
    }
    void OnMapEnd() override { end(); }

    void complain(const Complaint& complaint);

  private:
    struct Properties {
        std::size_t content = 0; // where the node itself begins
        std::size_t tag = std::string_view::npos;
    };

    static void go_on(bool yes) {
        if (!yes) throw Stop{};
    }
    std::size_t offset(const YAML::Mark& mark) const {
        return mark.pos < 0 ? text_.size() : std::min(static_cast<std::size_t>(mark.pos), text_.size());
    }
    void remember_key(std::size_t begin, std::size_t end) {
        key_ = begin;
        key_end_ = end;
    }
    std::size_t node_at(const YAML::Mark& mark);
    Place place(const YAML::Mark& mark, std::size_t end);
    std::size_t word_end(std::size_t at) const;
    Properties properties(std::size_t at) const;
    void refuse_tag(std::size_t at);
    void begin(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
               YAML::EmitterStyle::value style);
    void end();
    void check_indentation(std::size_t at);
    void check_closed(std::size_t at);
    void check_closed_bracket(std::size_t at);
    void check_colon();
    std::size_t written_null(std::size_t at) const;
    Place empty_dash(const YAML::Mark& mark);
    std::size_t scalar_end(std::size_t at, std::string_view value) const;
    std::string_view stored(std::size_t at, std::string value, Place where);

    std::string_view text_;
    DocumentBuilder* builder_;
    TextStream* stream_;
    ColumnCounter columns_;
    bool hidden_;
    std::vector<bool> flow_; // of each open list and map
    std::size_t documents_ = 0;
    std::size_t root_ = 0;
    std::size_t key_ = 0; // the last key: where it begins and ends
    std::size_t key_end_ = 0;
};

void Handler::complain(const Complaint& complaint) {
    std::vector<Diagnostic::Note> notes;
    if (!complaint.note.empty())
        notes.push_back({complaint.note, builder_->span(place_at(text_, complaint.note_at))});
    builder_->error(complaint.code, complaint.message, place_at(text_, complaint.at), complaint.help,
                    std::move(notes));
}

std::size_t Handler::node_at(const YAML::Mark& mark) {
    const std::size_t at = offset(mark);
    if (!builder_->in_anything()) root_ = at;
    stream_->reached(at);
    check_indentation(at);
    return at;
}

Place Handler::place(const YAML::Mark& mark, std::size_t end) {
    const std::size_t at = offset(mark);
    const std::size_t column = mark.column >= 0 ? static_cast<std::size_t>(mark.column) : 0;
    return {static_cast<std::uint32_t>(mark.line) + 1, columns_.column(at - std::min(column, at), at),
            std::max(columns_.length(at, std::max(at, end)), 1u)};
}

/// The end of an anchor, alias or tag.
std::size_t Handler::word_end(std::size_t at) const {
    while (at < text_.size() && !is_space(text_[at]) &&
           std::string_view("[]{},").find(text_[at]) == std::string_view::npos)
        ++at;
    return at;
}

Handler::Properties Handler::properties(std::size_t at) const {
    Properties found;
    while (at < text_.size()) {
        if (text_[at] == '!' && found.tag == std::string_view::npos) found.tag = at;
        if (text_[at] == '!' || text_[at] == '&')
            at = word_end(at + 1);
        else if (is_space(text_[at]))
            ++at;
        else if (text_[at] == '#')
            at = std::min(text_.find('\n', at), text_.size());
        else
            break;
    }
    found.content = at;
    return found;
}

void Handler::refuse_tag(std::size_t at) {
    Place where = place_at(text_, at);
    where.length = columns_.length(at, word_end(at + 1));
    go_on(builder_->error(
        "yaml/tag",
        fmt::format("the tag '{}' has no meaning here", excerpt(text_.substr(at, word_end(at + 1) - at))),
        where, "remove it; where text begins with '!', put quotes around the text"));
}

void Handler::begin(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) {
    const std::size_t at = node_at(mark);
    if (tag != "?") {
        const Properties found = properties(at);
        refuse_tag(found.tag == std::string_view::npos ? at : found.tag);
    }
    if (builder_->at_key()) check_closed_bracket(properties(at).content);
    if (anchor != 0) builder_->anchor(anchor);
    flow_.push_back(style == YAML::EmitterStyle::Flow);
    go_on(builder_->begin(kind, place(mark, at + 1)));
}

void Handler::end() {
    flow_.pop_back();
    go_on(builder_->end());
}

/// yaml-cpp counts a tab as one column of indentation; YAML does not allow it there.
void Handler::check_indentation(std::size_t at) {
    if (!flow_.empty() && flow_.back()) return;
    std::size_t start = at;
    bool tab = false;
    while (start > 0 && is_blank(text_[start - 1]))
        tab |= text_[--start] == '\t';
    if (!tab || (start > 0 && text_[start - 1] != '\n')) return;
    complain({.code = "yaml/syntax",
              .message = "a tab is used for indentation",
              .at = text_.find('\t', start),
              .help = "indent with spaces",
              .note = {}});
    throw Stop{};
}

/// yaml-cpp takes a quote that is open at the end of the file for closed if the last line is complete.
void Handler::check_closed(std::size_t at) {
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return;
    const char quote = text_[at];
    for (std::size_t end = at + 1; end < text_.size(); ++end) {
        const bool escape = text_[end] == '\\' && quote == '"';
        const bool doubled = text_.substr(end, 2) == "''" && quote == '\'';
        if (escape || doubled)
            ++end;
        else if (text_[end] == quote)
            return;
    }
    complain(explain_unclosed_quote(text_));
    throw Stop{};
}

/// yaml-cpp takes a list or map in brackets that is open at the end of the file for a key.
void Handler::check_closed_bracket(std::size_t at) {
    const bool bracket = at < text_.size() && (text_[at] == '[' || text_[at] == '{');
    if (!bracket || inline_end(text_, at, /*in_flow=*/false) != std::string_view::npos) return;
    complain(explain_unclosed_bracket(text_));
    throw Stop{};
}

/// yaml-cpp takes a word at the end of the file for a key of the block map it stands in. A key that has no
/// value must have its ':' or be explicit ('? key').
void Handler::check_colon() {
    const std::size_t next = text_.find_first_not_of(" \t", key_end_);
    if (next != std::string_view::npos && text_[next] == ':') return;
    const std::size_t before =
        key_ == 0 ? std::string_view::npos : text_.find_last_not_of(" \t\r\n", key_ - 1);
    if (before != std::string_view::npos && text_[before] == '?') return;
    complain(explain_key_without_colon(text_, key_));
    throw Stop{};
}

/// The end of the null that is spelled at `at`, or `at` where there is none. Where yaml-cpp reports a value
/// that was left out, `at` is the next token, which may be a longer word that begins in the same way.
std::size_t Handler::written_null(std::size_t at) const {
    const bool in_flow = !flow_.empty() && flow_.back();
    const std::string_view rest = text_.substr(at);
    const auto one_of = [&](std::size_t i, std::string_view bytes) {
        return i < rest.size() && bytes.find(rest[i]) != std::string_view::npos;
    };
    const auto ends_at = [&](std::size_t i) { return i >= rest.size() || one_of(i, "\r\n"); };
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
        if (!rest.starts_with(word)) continue;
        std::size_t next = word.size();
        while (one_of(next, " \t"))
            ++next;
        if (ends_at(next) || (in_flow && one_of(next, ",[]{}")) ||
            (next > word.size() && one_of(next, "#")) ||
            (one_of(next, ":") && (ends_at(next + 1) || one_of(next + 1, in_flow ? " \t,]}" : " \t"))))
            return at + word.size();
    }
    return at;
}

/// The dash of a list item that was left empty, where the next token is at `mark`: the first dash of the last
/// line before it that has more than a comment, that nothing but a comment follows.
Place Handler::empty_dash(const YAML::Mark& mark) {
    const std::size_t next = offset(mark);
    std::uint32_t line_number = static_cast<std::uint32_t>(mark.line) + 1;
    for (std::size_t end = next; end > 0; --end, --line_number) {
        const std::size_t newline = text_.rfind('\n', end - 1);
        const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
        const std::string_view line = text_.substr(start, end - start);
        const std::size_t first = line.find_first_not_of(" \t\r");
        if (first != std::string_view::npos && line[first] != '#') {
            for (std::size_t dash = line.find('-'); dash != std::string_view::npos;
                 dash = line.find('-', dash + 1)) {
                const std::size_t after = line.find_first_not_of(" \t\r", dash + 1);
                if (after == std::string_view::npos || line[after] == '#')
                    return {line_number, columns_.column(start, start + dash), 1};
            }
        }
        end = start;
        if (start == 0) break;
    }
    return place(mark, next);
}

void Handler::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const std::size_t at = offset(mark);
    stream_->reached(at);
    if (anchor != 0) {
        builder_->anchor(anchor);
        go_on(builder_->scalar({}, true, place(mark, word_end(at))));
        return;
    }
    if (const std::size_t end = written_null(at); end != at) {
        node_at(mark);
        if (builder_->at_key()) remember_key(at, end);
        go_on(builder_->scalar(text_.substr(at, end - at), true, place(mark, end)));
        return;
    }
    if (builder_->in_list() && flow_.back()) {
        complain({.code = "yaml/syntax",
                  .message = "an item is missing here",
                  .at = at,
                  .help = "write null for an empty item",
                  .note = {}});
        throw Stop{};
    }
    if (!flow_.empty() && !flow_.back() && !builder_->in_list() && !builder_->at_key()) check_colon();
    go_on(builder_->missing(builder_->in_list() ? empty_dash(mark) : place(mark, at)));
}

void Handler::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const std::size_t at = node_at(mark);
    const std::size_t end = word_end(at);
    go_on(builder_->alias(anchor, text_.substr(at + 1, end - at - 1), place(mark, end)));
}

void Handler::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       const std::string& value) {
    const std::size_t at = node_at(mark);
    std::size_t content = at;
    if (anchor != 0 || (tag != "?" && tag != "!") || (at < text_.size() && text_[at] == '!')) {
        const Properties found = properties(at);
        if (found.tag != std::string_view::npos) refuse_tag(found.tag);
        content = found.content;
    }
    check_closed(content);
    std::string shown = value;
    if (hidden_ && !text_.substr(content).starts_with('"'))
        std::replace(shown.begin(), shown.end(), kHiddenBackslash, '\\');
    const std::size_t end = scalar_end(content, shown);
    if (builder_->at_key()) remember_key(content, end);
    if (anchor != 0) builder_->anchor(anchor);
    const Place where = place(mark, anchor != 0 ? word_end(at) : end);
    go_on(builder_->scalar(stored(content, std::move(shown), where), tag == "?", where));
}

/// Where the scalar that begins at `at` ends, at the latest at the end of its first line. Looks no further
/// than that: a long line has many scalars.
std::size_t Handler::scalar_end(std::size_t at, std::string_view value) const {
    const auto in_line = [&](std::size_t i) {
        return i < text_.size() && text_[i] != '\n' && text_[i] != '\r';
    };
    if (!in_line(at)) return at;
    const char first = text_[at];
    std::size_t end = at + 1;
    if (first == '|' || first == '>') {
        while (in_line(end) && std::string_view("+-0123456789").find(text_[end]) != std::string_view::npos)
            ++end;
        return end;
    }
    if (first == '\'' || first == '"') {
        for (; in_line(end); ++end) {
            if (text_[end] == first) {
                if (first == '"' || end + 1 == text_.size() || text_[end + 1] != '\'') return end + 1;
                ++end;
            } else if (first == '"' && text_[end] == '\\' && in_line(end + 1)) {
                ++end;
            }
        }
    } else {
        for (end = at; in_line(end) && end - at < value.size() && text_[end] == value[end - at];)
            ++end;
    }
    while (end > at && is_blank(text_[end - 1]))
        --end;
    return end;
}

std::string_view Handler::stored(std::size_t at, std::string value, Place where) {
    const char first = at < text_.size() ? text_[at] : '\0';
    const bool quoted = first == '\'' || first == '"';
    const std::string_view piece = text_.substr(std::min(at + (quoted ? 1 : 0), text_.size()));
    if (piece.starts_with(value) && (!quoted || piece.substr(value.size()).starts_with(first)))
        return piece.substr(0, value.size());
    if (quoted) value = quoted_value(text_, at);
    if (first == '>') value = folded_value(text_, at, std::move(value));
    if (value.find('\0') != std::string::npos)
        go_on(builder_->error("yaml/encoding", "a text with the NUL character in it", where,
                              "remove the escape '\\0'"));
    return builder_->keep(std::move(value));
}

} // namespace

bool referee_yaml(const YamlBody& body, const YamlLimits& limits, DocumentBuilder& builder) {
    constexpr std::size_t kSlack = 64u << 10; // comments and blank lines between two values
    const std::optional<std::string> hidden = hide_surrogate_pairs(body.text);
    TextStream source(hidden ? std::string_view(*hidden) : body.text, limits.scalar_bytes + kSlack);
    Handler handler(body, builder, source, hidden.has_value());
    const auto complain = [&](const Complaint& complaint) {
        handler.complain(complaint);
        return false;
    };
    try {
        std::istream stream(&source);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(handler)) {
        }
        return true;
    } catch (const Stop&) {
        return false;
    } catch (const Runaway&) {
        return complain(explain_runaway(body.text, source.reached(), source.given(), limits));
    } catch (const YAML::Exception& problem) {
        const int at = problem.mark.pos;
        const std::size_t offset =
            at < 0 ? body.text.size() : std::min(static_cast<std::size_t>(at), body.text.size());
        return complain(explain(body.text, offset, problem.msg));
    } catch (const std::exception& problem) {
        return complain({.code = "yaml/syntax",
                         .message = fmt::format("the file cannot be read as YAML: {}", problem.what()),
                         .at = source.reached(),
                         .help = {},
                         .note = {}});
    }
}

} // namespace lab::spec::detail
