#include "support/text_diff.h"

#include "support/text.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <unordered_map>
#include <vector>

namespace lab {
namespace {

// With more differences than this the middle is shown as replaced whole: the search costs time and memory by
// the square.
constexpr std::ptrdiff_t kMostDifferences = 1500;

/// Lines with their newlines; equal lines have equal numbers, so that comparing them is cheap.
struct Lines {
    std::vector<std::string_view> text;
    std::vector<std::uint32_t> number;
};

/// `a_length` lines of `before` from `a` on become `b_length` lines of `after` from `b` on. Counted from 0.
struct Change {
    std::size_t a = 0, a_length = 0, b = 0, b_length = 0;
};

using Numbers = std::unordered_map<std::string_view, std::uint32_t>;

Lines split_lines(std::string_view text, Numbers& numbers) {
    Lines out;
    while (!text.empty()) {
        const std::size_t newline = text.find('\n');
        const std::string_view line =
            text.substr(0, newline == std::string_view::npos ? text.size() : newline + 1);
        out.text.push_back(line);
        out.number.push_back(numbers.emplace(line, static_cast<std::uint32_t>(numbers.size())).first->second);
        text.remove_prefix(line.size());
    }
    return out;
}

/// Myers, "An O(ND) difference algorithm and its variations" (1986), the greedy forward search with its trace
/// kept. Gives which lines of each side are changed, or nothing where there are too many.
class Search {
  public:
    Search(const std::uint32_t* a, std::ptrdiff_t a_size, const std::uint32_t* b, std::ptrdiff_t b_size)
        : a_(a), b_(b), a_size_(a_size), b_size_(b_size) {}

    bool run() {
        const std::ptrdiff_t most = std::min(a_size_ + b_size_, kMostDifferences);
        std::vector<std::ptrdiff_t> reach(static_cast<std::size_t>(2 * most + 3),
                                          0); // furthest x on each diagonal
        const auto at = [&](std::ptrdiff_t diagonal) -> std::ptrdiff_t& {
            return reach[static_cast<std::size_t>(diagonal + most + 1)];
        };
        for (std::ptrdiff_t d = 0; d <= most; ++d) {
            for (std::ptrdiff_t k = -d; k <= d; k += 2) {
                const bool down = k == -d || (k != d && at(k - 1) < at(k + 1));
                std::ptrdiff_t x = down ? at(k + 1) : at(k - 1) + 1;
                while (x < a_size_ && x - k < b_size_ && a_[x] == b_[x - k])
                    ++x;
                at(k) = x;
            }
            trace_.emplace_back(reach.begin() + (most + 1 - d), reach.begin() + (most + 1 + d) + 1);
            const std::ptrdiff_t last = a_size_ - b_size_;
            if (std::abs(last) <= d && (last + d) % 2 == 0 && at(last) >= a_size_) return true;
        }
        return false;
    }

    /// Walks back from the end; `offset` is what was cut off in front of both sides.
    std::vector<Change> changes(std::size_t offset) const {
        std::vector<Change> out; // from the last to the first
        std::ptrdiff_t x = a_size_, y = b_size_;
        for (auto d = static_cast<std::ptrdiff_t>(trace_.size()) - 1; d > 0; --d) {
            const auto& before = trace_[static_cast<std::size_t>(d - 1)];
            const auto reached = [&](std::ptrdiff_t k) {
                return before[static_cast<std::size_t>(k + d - 1)];
            };
            const std::ptrdiff_t k = x - y;
            const bool down =
                k == -d || k == -d + 1 || (k != d && k != d - 1 && reached(k - 1) < reached(k + 1));
            const std::ptrdiff_t old_k = down ? k + 1 : k - 1;
            x = reached(old_k);
            y = x - old_k;
            add(out, offset + static_cast<std::size_t>(x), offset + static_cast<std::size_t>(y), down);
        }
        std::reverse(out.begin(), out.end());
        return out;
    }

  private:
    /// One line inserted or deleted in front of what was found before; neighbours become one change.
    static void add(std::vector<Change>& out, std::size_t x, std::size_t y, bool inserted) {
        const Change one{x, inserted ? 0u : 1u, y, inserted ? 1u : 0u};
        if (!out.empty() && out.back().a == one.a + one.a_length && out.back().b == one.b + one.b_length)
            out.back() = {one.a, one.a_length + out.back().a_length, one.b,
                          one.b_length + out.back().b_length};
        else
            out.push_back(one);
    }

    const std::uint32_t *a_, *b_;
    std::ptrdiff_t a_size_, b_size_;
    std::vector<std::vector<std::ptrdiff_t>> trace_; // the reach after each d, diagonals -d to d
};

/// Moves pure insertions and deletions down as far as the text reads the same, as diff(1) does: a new
/// paragraph is then shown with the empty line behind it. What meets the next change joins it.
std::vector<Change> settle(const std::vector<Change>& changes, const Lines& before, const Lines& after) {
    std::vector<Change> out;
    for (std::size_t i = changes.size(); i-- > 0;) {
        Change change = changes[i];
        const bool insertion = change.a_length == 0;
        const auto& lines = insertion ? after.number : before.number;
        std::size_t& start = insertion ? change.b : change.a;
        const std::size_t length = insertion ? change.b_length : change.a_length;
        const auto meets = [&] {
            return !out.empty() && out.back().a == change.a + change.a_length &&
                   out.back().b == change.b + change.b_length;
        };
        while ((change.a_length == 0 || change.b_length == 0) && !meets() && start + length < lines.size() &&
               lines[start] == lines[start + length]) {
            ++change.a;
            ++change.b;
        }
        if (meets()) {
            change.a_length += out.back().a_length;
            change.b_length += out.back().b_length;
            out.back() = change;
        } else {
            out.push_back(change);
        }
    }
    std::reverse(out.begin(), out.end());
    return out;
}

std::vector<Change> find_changes(const Lines& before, const Lines& after) {
    const auto& a = before.number;
    const auto& b = after.number;
    const std::size_t shorter = std::min(a.size(), b.size());
    std::size_t head = 0, tail = 0;
    while (head < shorter && a[head] == b[head])
        ++head;
    while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
        ++tail;
    const std::size_t a_middle = a.size() - head - tail, b_middle = b.size() - head - tail;
    Search search(a.data() + head, static_cast<std::ptrdiff_t>(a_middle), b.data() + head,
                  static_cast<std::ptrdiff_t>(b_middle));
    if (!search.run()) return {Change{head, a_middle, head, b_middle}};
    return settle(search.changes(head), before, after);
}

/// Writes lines up to a limit and counts the rest.
class Output {
  public:
    explicit Output(std::size_t limit) : limit_(limit) {}
    void line(char mark, std::string_view text) {
        const bool whole = text.ends_with('\n');
        add(fmt::format("{}{}{}", mark, text, whole ? "" : "\n"));
        if (!whole) add("\\ No newline at end of file\n");
    }
    void add(std::string_view text) {
        if (lines_++ < limit_) out_ += text;
    }
    std::string take() {
        if (lines_ > limit_) out_ += fmt::format("... {}\n", counted(lines_ - limit_, "more line"));
        return std::move(out_);
    }

  private:
    std::size_t limit_, lines_ = 0;
    std::string out_;
};

/// "3,4", "3" for one line, "2,0" for none behind line 2.
std::string range(std::size_t start, std::size_t count) {
    if (count == 1) return fmt::format("{}", start + 1);
    return fmt::format("{},{}", count == 0 ? start : start + 1, count);
}

void write_hunk(Output& out, const std::vector<Change>& changes, std::size_t first, std::size_t last,
                std::size_t context, const Lines& before, const Lines& after) {
    const Change& begin = changes[first];
    const Change& end = changes[last];
    const std::size_t lead = std::min(begin.a, context);
    const std::size_t trail = std::min(before.text.size() - (end.a + end.a_length), context);
    const std::size_t a_start = begin.a - lead, b_start = begin.b - lead;
    out.add(fmt::format("@@ -{} +{} @@\n", range(a_start, end.a + end.a_length + trail - a_start),
                        range(b_start, end.b + end.b_length + trail - b_start)));
    std::size_t a = a_start;
    for (std::size_t i = first; i <= last; ++i) {
        const Change& change = changes[i];
        for (; a < change.a; ++a)
            out.line(' ', before.text[a]);
        for (; a < change.a + change.a_length; ++a)
            out.line('-', before.text[a]);
        for (std::size_t b = change.b; b < change.b + change.b_length; ++b)
            out.line('+', after.text[b]);
    }
    for (std::size_t i = 0; i < trail; ++i)
        out.line(' ', before.text[a + i]);
}

} // namespace

std::string unified_diff(std::string_view before, std::string_view after, const TextDiffOptions& options) {
    if (before == after) return {};
    Numbers numbers;
    const Lines a = split_lines(before, numbers), b = split_lines(after, numbers);
    const std::vector<Change> changes = find_changes(a, b);
    Output out(options.max_lines);
    out.add(fmt::format("--- {}\n", options.before_name));
    out.add(fmt::format("+++ {}\n", options.after_name));
    for (std::size_t first = 0; first < changes.size();) {
        std::size_t last = first; // changes whose context would touch share a hunk
        while (last + 1 < changes.size() &&
               changes[last + 1].a - (changes[last].a + changes[last].a_length) <= 2 * options.context)
            ++last;
        write_hunk(out, changes, first, last, options.context, a, b);
        first = last + 1;
    }
    return out.take();
}

} // namespace lab
