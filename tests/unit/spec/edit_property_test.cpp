// Edits of random documents in random styles: what is asked for becomes so, nothing else changes, and every
// comment and line outside the place stays.
#include "spec/edit.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

namespace lab::spec {
namespace {

using Kind = DocumentEdit::Kind;

class Writer {
  public:
    explicit Writer(std::uint32_t seed) : random_(seed) {
        step_ = pick<std::size_t>({2, 2, 4, 3});
        dash_ = chance(50) ? step_ : 0;
        newline_ = chance(15) ? "\r\n" : "\n";
    }

    std::string document() {
        std::string text = chance(20) ? "---" + newline_ : "";
        comment(text, 0);
        map(text, 0, 0);
        if (chance(15)) text.resize(text.size() - newline_.size());
        return text;
    }
    std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }
    bool chance(std::size_t percent) { return below(100) < percent; }
    template <typename T>
    T pick(std::initializer_list<T> items) {
        return *(items.begin() + static_cast<std::ptrdiff_t>(below(items.size())));
    }

    Value value(std::size_t depth) {
        switch (below(depth > 1 ? 5 : 8)) {
        case 0: return Value(static_cast<std::int64_t>(below(1000)));
        case 1: return Value(chance(50));
        case 2:
            return Value(
                pick({"two\nlines\n", "a # b", "x: y", "it's", "no", "", "ünï", "say \"hi\"", "tab\there"}));
        case 5: {
            ValueList list;
            for (std::size_t i = below(4); i-- > 0;)
                list.push_back(value(depth + 1));
            return list;
        }
        case 6:
        case 7: {
            ValueMap map;
            for (std::size_t i = below(4); i-- > 0;)
                map.set(fmt::format("n{}", below(20)), value(depth + 1));
            return map;
        }
        default: return Value(fmt::format("word-{}", below(100)));
        }
    }

  private:
    std::string scalar(bool in_flow) {
        switch (below(in_flow ? 6 : 7)) {
        case 0: return fmt::format("'it''s {}'", below(99));
        case 1: return fmt::format("\"a \\\" # {}\"", below(99));
        case 2: return fmt::format("{}", below(99));
        case 3: return pick({"true", "~", "null", "no", "é"});
        case 6: return pick({"it's a # b'", "http://x/#y", "a,b", "x [y]"});
        default: return fmt::format("w{}", below(99));
        }
    }
    std::string flow(std::size_t depth) {
        const std::string pad = chance(30) ? " " : "";
        std::string out;
        const bool is_map = chance(50);
        for (std::size_t i = 0, count = below(4); i < count; ++i) {
            if (i > 0) out += ", ";
            if (is_map) out += fmt::format("f{}: ", i);
            out += depth < 2 && chance(25) ? flow(depth + 1) : scalar(true);
        }
        if (!out.empty() && chance(10)) out += ",";
        return is_map ? "{" + pad + out + pad + "}" : "[" + pad + out + pad + "]";
    }
    /// A flow collection over several lines.
    std::string long_flow(std::size_t indent) {
        std::string out = "[";
        if (chance(20)) out += fmt::format(" # c{}", ++comments_);
        for (std::size_t i = 0, count = below(4); i < count; ++i) {
            out += newline_ + std::string(indent + step_, ' ') + scalar(true) +
                   (i + 1 < count || chance(30) ? "," : "");
            if (chance(30)) out += fmt::format("  # c{}", ++comments_);
        }
        return out + newline_ + std::string(indent + 1, ' ') + "]";
    }
    void comment(std::string& out, std::size_t indent) {
        if (chance(12)) out += newline_;
        if (chance(20))
            out +=
                std::string(indent, ' ') + fmt::format("# c{}: it's [a {{ comment", ++comments_) + newline_;
    }
    std::string behind() { return (chance(20) ? fmt::format("  # c{}", ++comments_) : "") + newline_; }

    void value(std::string& out, std::size_t indent, std::size_t depth) {
        const std::size_t what = below(depth > 3 ? 6 : 12);
        if (what < 4) {
            out += " " + scalar(false) + behind();
        } else if (what == 4) {
            out += " " + flow(0) + behind();
        } else if (what == 5) {
            out += behind(); // nothing
        } else if (what == 6) {
            out += pick({" |", " >-", " |-", " |+"}) + newline_;
            for (std::size_t i = 0, count = 1 + below(3); i < count; ++i)
                out += std::string(indent + step_, ' ') + pick({"text", "# no comment", "k: v"}) + newline_;
            if (chance(20)) out += newline_;
        } else if (what == 7) {
            out += " " + long_flow(indent) + behind();
        } else if (what < 10) {
            out += behind();
            list(out, indent + dash_, depth + 1);
        } else {
            out += behind();
            map(out, indent + step_, depth + 1);
        }
    }
    void list(std::string& out, std::size_t indent, std::size_t depth) {
        for (std::size_t i = 0, count = 1 + below(4); i < count; ++i) {
            comment(out, indent);
            out += std::string(indent, ' ') + "-";
            if (depth < 4 && chance(25)) {
                std::string inner;
                map(inner, indent + 2, depth + 1, /*quiet=*/true);
                out += inner.substr(indent + 1);
            } else {
                out += " " + (chance(20) ? flow(1) : scalar(false)) + behind();
            }
        }
    }
    void map(std::string& out, std::size_t indent, std::size_t depth, bool quiet = false) {
        for (std::size_t i = 0, count = 1 + below(4); i < count; ++i) {
            if (!(quiet && i == 0)) comment(out, indent);
            const std::string key = fmt::format("k{}", i);
            out += std::string(indent, ' ') + (chance(8) ? "\"" + key + "\"" : key) + ":";
            value(out, indent, depth);
        }
        if (chance(10) && depth > 0)
            out += std::string(indent, ' ') + fmt::format("# c{} last", ++comments_) + newline_;
    }

    std::mt19937 random_;
    std::size_t step_ = 2, dash_ = 2, comments_ = 0;
    std::string newline_;
};

/// Walks to a random node; edits it, or its surroundings.
DocumentEdit random_edit(const Document& document, Writer& random) {
    EditPath path;
    Node node = document.root();
    while ((node.is_map() || node.is_list()) && node.size() > 0 && (path.empty() || random.chance(65))) {
        const std::size_t index = random.below(node.size());
        if (node.is_map()) {
            path.emplace_back(std::string(node.key(index).text()));
            node = node.value(index);
        } else {
            path.emplace_back(index);
            node = node.item(index);
        }
    }
    const std::size_t what = random.below(4);
    if (what == 0) return {Kind::Remove, path, {}};
    if (what == 1 && (node.is_list() || node.is_null())) return {Kind::Append, path, random.value(0)};
    if (what == 2 && (node.is_map() || node.is_null()))
        path.emplace_back(fmt::format("new{}", random.below(9)));
    return {Kind::Set, path, random.value(0)};
}

/// Whether the edit adds and takes nothing out.
bool adds(Node node, const DocumentEdit& edit) {
    for (const EditStep& step : edit.path) {
        const auto* key = std::get_if<std::string>(&step);
        if (key && !(node.is_map() && node.find(*key))) return edit.kind != Kind::Remove;
        node = key ? node.find(*key) : node.item(std::get<std::size_t>(step));
    }
    return edit.kind == Kind::Append;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines(1);
    for (const char c : text) {
        if (c == '\n')
            lines.emplace_back();
        else if (c != '\r')
            lines.back() += c;
    }
    return lines;
}

/// Lines that are the same at both ends.
std::pair<std::size_t, std::size_t> kept(const std::vector<std::string>& before,
                                         const std::vector<std::string>& after) {
    const std::size_t least = std::min(before.size(), after.size());
    std::size_t head = 0, tail = 0;
    while (head < least && before[head] == after[head])
        ++head;
    while (tail < least - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
        ++tail;
    return {head, tail};
}

/// The lines (from 0) of the entry at `path`: of its key or dash, to the next entry outside it.
std::pair<std::size_t, std::size_t> lines_at(const Document& document, const EditPath& path,
                                             std::size_t lines) {
    Node node = document.root();
    std::size_t first = 0, end = lines;
    for (const EditStep& step : path) {
        std::size_t index = 0;
        if (const auto* i = std::get_if<std::size_t>(&step)) {
            index = *i;
        } else {
            const std::string& key = std::get<std::string>(step);
            while (index < node.size() && node.is_map() && node.key(index).text() != key)
                ++index;
            if (!node.is_map() || index == node.size()) break; // to be added to this one
        }
        const auto line = [&](std::size_t i) {
            return (node.is_map() ? node.key(i) : node.item(i)).line() - 1;
        };
        first = line(index);
        if (index + 1 < node.size()) end = std::max<std::size_t>(line(index + 1), first + 1);
        node = node.is_map() ? node.value(index) : node.item(index);
    }
    return {first, end};
}

std::vector<std::string> comments_of(const std::string& text) {
    std::vector<std::string> comments;
    for (std::size_t at = text.find("# c"); at != std::string::npos; at = text.find("# c", at + 1))
        comments.push_back(text.substr(at, text.find_first_not_of("0123456789", at + 3) - at));
    return comments;
}

class EditProperty : public testing::TestWithParam<std::uint32_t> {};

TEST_P(EditProperty, AnEditMeansWhatWasAskedForAndNothingElse) {
    std::size_t refused = 0, made = 0;
    constexpr std::uint32_t kRounds = 1500;
    for (std::uint32_t round = 0; round < kRounds; ++round) {
        Writer random(GetParam() * kRounds + round);
        const std::string text = random.document();
        Diagnostics diagnostics;
        const auto document = Document::parse("f.yaml", text, diagnostics);
        ASSERT_TRUE(document && !diagnostics.has_errors()) << render_text(diagnostics, {}) << text;
        const DocumentEdit edit = random_edit(*document, random);
        const auto wanted = edit_value(document->root().as_value(), {&edit, 1});
        ASSERT_TRUE(wanted) << wanted.error().text() << "\n" << text;
        const std::string said = fmt::format("seed {} round {}: {} of {}\n{}", GetParam(), round,
                                             static_cast<int>(edit.kind), to_string(edit.path), text);
        const auto edited = edit_document("f.yaml", text, {&edit, 1});
        if (!edited) {
            EXPECT_EQ(edited.error().code, ErrorCode::Unsupported) << said;
            ++refused;
            if (std::getenv("LAB_TEST_VERBOSE"))
                fmt::print("{}\n---\n{} {}\n\n", said, edited.error().message, display(edit.value));
            continue;
        }
        ++made;
        const auto result = Document::parse("f.yaml", *edited, diagnostics);
        ASSERT_TRUE(result && !diagnostics.has_errors()) << said << "\n---\n" << *edited;
        const Value meant = result->root().as_value();
        if (wanted->if_map() && wanted->if_map()->empty())
            EXPECT_TRUE(meant.is_null() || meant == *wanted);
        else
            EXPECT_EQ(meant, *wanted) << said << "\n---\n" << *edited;
        if (*edited == text) continue; // it was so
        if (adds(document->root(), edit)) {
            EXPECT_EQ(comments_of(*edited), comments_of(text)) << said << "\n---\n" << *edited;
        }
        const auto before = lines_of(text), after = lines_of(*edited);
        const auto [head, tail] = kept(before, after);
        const auto [first, end] = lines_at(*document, edit.path, before.size());
        // Comments and blank lines directly above may go with what is removed.
        std::size_t above = first;
        while (above > 0 && (before[above - 1].find_first_not_of(" #") == std::string::npos ||
                             before[above - 1].find_first_not_of(' ') == before[above - 1].find('#')))
            --above;
        const bool alone = edit.kind == Kind::Remove;
        EXPECT_GE(head + (alone ? 2 : 1), std::min(above, before.size())) << said << "\n---\n" << *edited;
        EXPECT_GE(tail + 1, before.size() - std::min(end, before.size())) << said << "\n---\n" << *edited;
    }
    // Aliases and the like are not in these documents: nearly everything can be edited.
    EXPECT_LE(refused * 100, made * 3) << refused << " refused, " << made << " made";
}

INSTANTIATE_TEST_SUITE_P(Seeds, EditProperty, testing::Values(1, 2, 3, 4));

} // namespace
} // namespace lab::spec
