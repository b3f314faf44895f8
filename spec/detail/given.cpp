#include "spec/detail/given.h"

#include "spec/detail/decode.h"
#include "support/text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

bool is_class_part(std::string_view part) noexcept {
    const auto small = [](char c) { return c >= 'a' && c <= 'z'; };
    return !part.empty() && small(part.front()) && std::all_of(part.begin(), part.end(), [&](char c) {
        return small(c) || (c >= '0' && c <= '9') || c == '_';
    });
}

bool check_given(Provides what, const Text& name, Diagnostics& diagnostics) {
    if (what == Provides::PuppetClasses) {
        if (is_puppet_class(name.value)) return true;
        add_error(diagnostics, "spec/bad-name",
                  fmt::format("'{}' is no name for a Puppet class", escape_controls(name.value)), name.at,
                  "small letters, digits and '_', in parts divided by '::', as in kubernetes::worker");
        return false;
    }
    if (what == Provides::Secrets) {
        if (is_secret_path(name.value)) return true;
        add_error(diagnostics, "spec/bad-name",
                  fmt::format("'{}' is no path of a secret", escape_controls(name.value)), name.at,
                  "names divided by '/', as in mail/tls-cert");
        return false;
    }
    return check_name(name, words_of(what).one, diagnostics);
}

} // namespace

std::optional<Text> read_port(const Node& node, Diagnostics& diagnostics) {
    std::string_view number = node.is_scalar() ? node.text() : std::string_view();
    const bool udp = number.ends_with("/udp");
    if (udp || number.ends_with("/tcp")) number.remove_suffix(4);
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), port);
    if (failed == std::errc() && end == number.data() + number.size() && port > 0)
        return Text{fmt::format("{}{}", port, udp ? "/udp" : ""), node.span()};
    add_error(diagnostics, "spec/bad-value",
              node.is_scalar()
                  ? fmt::format("'{}' is no port", escape_controls(node.text()))
                  : fmt::format("a port must be a number, not {}", with_article(node.type_name())),
              node.span(), "a port is a number from 1 to 65535, or with its protocol: 53/udp");
    return std::nullopt;
}

bool is_puppet_class(std::string_view text) noexcept {
    if (text.size() > 200) return false;
    for (std::size_t start = 0;;) {
        const auto end = text.find("::", start);
        if (!is_class_part(text.substr(start, end - start))) return false;
        if (end == std::string_view::npos) return true;
        start = end + 2;
    }
}

bool is_secret_path(std::string_view text) noexcept {
    if (text.size() > 200) return false;
    const auto parts = split(text, '/');
    return std::all_of(parts.begin(), parts.end(), is_name);
}

std::vector<Given> read_given(Provides what, const Node& node, Diagnostics& diagnostics) {
    const std::string_view key = words_of(what).key;
    std::vector<Given> given;
    const auto add = [&](std::optional<Text> name) {
        if (name && (what == Provides::Ports || check_given(what, *name, diagnostics)))
            given.push_back({what, *std::move(name)});
    };
    if (is_single(what)) {
        add(read_text(node, key, diagnostics));
    } else if (is_list(node, key, diagnostics)) {
        for (std::size_t i = 0; i < node.size(); ++i)
            add(what == Provides::Ports ? read_port(node.item(i), diagnostics)
                                        : read_text(node.item(i), key, diagnostics));
    }
    return given;
}

} // namespace lab::spec::detail
