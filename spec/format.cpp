#include "spec/format.h"

#include "spec/detail/formatter.h"
#include "spec/document.h"

#include <utility>

namespace lab::spec {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool same_meaning(const Node& left, const Node& right) {
    if (left.kind() != right.kind() || left.text() != right.text() || left.plain() != right.plain() ||
        left.size() != right.size())
        return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (left.is_list() && !same_meaning(left.item(i), right.item(i))) return false;
        if (left.is_map() &&
            (left.key(i).text() != right.key(i).text() || !same_meaning(left.value(i), right.value(i))))
            return false;
    }
    return true;
}

bool is_white(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Whether the texts differ in white space alone.
bool same_ink(std::string_view left, std::string_view right) {
    std::size_t i = 0, j = 0;
    while (true) {
        while (i < left.size() && is_white(left[i]))
            ++i;
        while (j < right.size() && is_white(right[j]))
            ++j;
        if (i == left.size() || j == right.size()) return i == left.size() && j == right.size();
        if (left[i++] != right[j++]) return false;
    }
}

} // namespace

std::optional<Formatted> format_yaml(const std::string& path, const std::string& text,
                                     Diagnostics& diagnostics) {
    Diagnostics found;
    const auto before = Document::parse(path, text, found);
    const bool broken = !before || found.has_errors();
    diagnostics.append(std::move(found));
    if (broken) return std::nullopt;
    std::string_view body = text;
    const bool mark = body.starts_with(kByteOrderMark);
    if (mark) body.remove_prefix(kByteOrderMark.size());
    detail::Formatter formatter(body);
    auto laid_out = formatter.run();
    if (!laid_out) return Formatted{text, formatter.why(), formatter.line()};
    if (mark) laid_out->insert(0, kByteOrderMark);
    if (*laid_out == text) return Formatted{text, {}, 0};

    Diagnostics problems;
    const auto after = Document::parse(path, *laid_out, problems);
    const bool same =
        after && problems.empty() && same_ink(text, *laid_out) && same_meaning(before->root(), after->root());
    const bool stable =
        same &&
        detail::Formatter(std::string_view(*laid_out).substr(mark ? kByteOrderMark.size() : 0)).run() ==
            laid_out->substr(mark ? kByteOrderMark.size() : 0);
    if (!stable)
        return Formatted{text, "a way of writing that could not be laid out with the same meaning", 0};
    return Formatted{*std::move(laid_out), {}, 0};
}

} // namespace lab::spec
