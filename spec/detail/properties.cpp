#include "spec/detail/properties.h"

#include "spec/detail/decode.h"
#include "spec/detail/given.h"
#include "spec/keys.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

bool is_ip(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

std::optional<int> small_number(std::string_view text) {
    int number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
    return number;
}

/// "10.0.0.7", "10.0.0.7/24", "fd00::7/64".
bool is_address(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos) return is_ip(text);
    const std::string ip = text.substr(0, slash);
    const auto length = small_number(std::string_view(text).substr(slash + 1));
    return is_ip(ip) && length && *length <= (ip.find(':') == std::string::npos ? 32 : 128);
}

/// What only looks like an address is none: "10.0.0.300" is a host name by its letters.
bool is_host(const std::string& text) {
    if (is_ip(text)) return true;
    return is_host_name(text) && text.find_first_not_of("0123456789.") != std::string::npos;
}

std::optional<std::string> mac_of(std::string_view text) {
    std::string mac(text);
    std::replace(mac.begin(), mac.end(), '-', ':');
    std::transform(mac.begin(), mac.end(), mac.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (mac.size() != 17 || mac == "00:00:00:00:00:00") return std::nullopt;
    // The lowest bit of the first byte makes it an address of many cards.
    if (std::string_view("02468ace").find(mac[1]) == std::string_view::npos) return std::nullopt;
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const bool hex = (mac[i] >= '0' && mac[i] <= '9') || (mac[i] >= 'a' && mac[i] <= 'f');
        if (i % 3 == 2 ? mac[i] != ':' : !hex) return std::nullopt;
    }
    return mac;
}

bool is_checksum(std::string_view text) {
    const auto hex = [](std::string_view digits) {
        return digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    };
    if (text.starts_with("sha256:")) return text.size() == 7 + 64 && hex(text.substr(7));
    return text.starts_with("sha512:") && text.size() == 7 + 128 && hex(text.substr(7));
}

bool is_location(std::string_view text) {
    if (text.find_first_of(" \t\n") != std::string_view::npos) return false;
    if (text.starts_with("https://") || text.starts_with("http://"))
        return text.find("://") + 3 < text.size();
    return text.find("://") == std::string_view::npos && clean_path(text).has_value();
}

bool is_url(std::string_view text) {
    return is_location(text) && (text.starts_with("https://") || text.starts_with("http://"));
}

/// As Kubernetes names things (RFC 1123).
bool is_dns_label(std::string_view text) {
    return text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

/// Cores: "2", "0.5", "500m" for thousandths; more than none.
bool is_cpu(std::string_view text) {
    const bool thousandths = text.ends_with('m');
    if (thousandths) text.remove_suffix(1);
    const auto point = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, point),
                           part = text.substr(std::min(point + 1, text.size()));
    const auto digits = [](std::string_view one) {
        return !one.empty() && one.find_first_not_of("0123456789") == std::string_view::npos;
    };
    return digits(whole) && (point == text.size() || (!thousandths && digits(part))) &&
           text.find_first_of("123456789") != std::string_view::npos;
}

/// As in authorized_keys, without options: what a key begins with, when it is decoded, is the length of its
/// type, so all begin alike.
bool is_ssh_key(std::string_view text) {
    constexpr std::string_view kTypes[] = {"ssh-ed25519",
                                           "ssh-rsa",
                                           "ecdsa-sha2-nistp256",
                                           "ecdsa-sha2-nistp384",
                                           "ecdsa-sha2-nistp521",
                                           "sk-ssh-ed25519@openssh.com",
                                           "sk-ecdsa-sha2-nistp256@openssh.com"};
    const auto space = text.find(' ');
    if (space == std::string_view::npos || text.find_first_of("\r\n\t") != std::string_view::npos)
        return false;
    const std::string_view type = text.substr(0, space);
    const std::string_view key = text.substr(space + 1, text.find(' ', space + 1) - space - 1);
    return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes) &&
           key.starts_with("AAAA") && base64_decode(key).has_value();
}

bool is_private_key(const KeyRule& rule, const Node& node) {
    return rule.form == Form::SshKey && node.is_string() &&
           node.text().find("PRIVATE KEY") != std::string_view::npos;
}

void report_private_key(const KeyRule& rule, const Node& node, Diagnostics& diagnostics) {
    // The excerpt of a place would print it.
    add_error(diagnostics, "spec/private-key",
              fmt::format("'{}' in line {} holds a private key", rule.key, node.line()),
              {.file = node.span().file},
              "make another key and trust this one no more: all who read the inventory have it. What "
              "belongs here is the public key, of the file that ends in .pub");
}

/// What a form takes, for a message: "'memory' must be an amount of bytes, not 'lots'".
struct FormWords {
    std::string_view what, help;
};
FormWords words_of(Form form) {
    switch (form) {
    case Form::Bytes: return {"an amount of bytes", "a number above 0 with its unit: 8GB, 500GB, 4GiB"};
    case Form::Cpu: return {"a number of cores", "2, \"0.5\", or \"500m\" for half of one"};
    case Form::DnsLabel:
        return {"a name that Kubernetes takes",
                "at most 63 small letters, digits and '-', which is neither first nor last"};
    case Form::Url: return {"a URL", "an http:// or https:// URL"};
    case Form::SshKey:
        return {"a public SSH key", "a line of ~/.ssh/id_ed25519.pub: ssh-ed25519 AAAA... name"};
    case Form::Duration: return {"a length of time", "a number with its unit: 90s, 5m, 1h30m"};
    case Form::Share: return {"a number or share", "write 3 servers as 3, a quarter of them as 25%"};
    case Form::Host: return {"an address", "an IP address or a host name"};
    case Form::Address: return {"an IP address", "with the length of its network: 10.0.0.7/24, fd00::7/64"};
    case Form::Mac: return {"the MAC address of one card", "six bytes in hex: a8:bb:cc:dd:ee:ff"};
    case Form::Location: return {"a location", "an http:// or https:// URL, or a path in the inventory"};
    case Form::Checksum: return {"a checksum", "sha256: or sha512: and its hex digits"};
    case Form::SecretPath: return {"the path of a secret", "names divided by '/', as in mail/tls-cert"};
    case Form::String:
    case Form::Name:
    case Form::Choice:
    case Form::Integer:
    case Form::Boolean:
    case Form::Port:
    case Form::DataMap:
    case Form::Data:
    case Form::Map:
    case Form::MapOf:
    case Form::Servers: break;
    }
    return {"a value", ""};
}

/// The canonical form of a text, or nothing where it is not of the form.
std::optional<Value> of_form(Form form, const std::string& text) {
    const auto when = [&](bool good) { return good ? std::optional<Value>(text) : std::nullopt; };
    switch (form) {
    case Form::Bytes: {
        const auto size = parse_size(text);
        return when(text.back() == 'B' && size && *size > 0);
    }
    case Form::Cpu: return when(is_cpu(text));
    case Form::DnsLabel: return when(is_dns_label(text));
    case Form::Url: return when(is_url(text));
    case Form::SshKey: return when(is_ssh_key(text));
    case Form::Duration: return when(parse_duration(text).has_value());
    case Form::Share: {
        const bool percent = text.back() == '%';
        const auto number = small_number(std::string_view(text).substr(0, text.size() - (percent ? 1 : 0)));
        if (!number || *number == 0 || (percent && *number > 100)) return std::nullopt;
        return percent ? Value(text) : Value(*number);
    }
    case Form::Host: return when(is_host(text));
    case Form::Address: return when(is_address(text));
    case Form::Mac: {
        auto mac = mac_of(text);
        return mac ? std::optional<Value>(*std::move(mac)) : std::nullopt;
    }
    case Form::Location: return when(is_location(text));
    case Form::Checksum: return when(is_checksum(text));
    case Form::SecretPath: return when(is_secret_path(text));
    case Form::String:
    case Form::Name:
    case Form::Choice:
    case Form::Integer:
    case Form::Boolean:
    case Form::Port:
    case Form::DataMap:
    case Form::Data:
    case Form::Map:
    case Form::MapOf:
    case Form::Servers: break;
    }
    return when(true);
}

std::optional<Value> read_formed(const KeyRule& rule, const Node& node, Diagnostics& diagnostics) {
    // Where a number could have a unit left out, the form says more than "quote it".
    const bool number = rule.form != Form::String && node.is_scalar() && node.scalar().if_int();
    const auto text = number ? std::optional(Text{std::string(node.text()), node.span()})
                             : read_text(node, rule.key, diagnostics);
    if (!text) return std::nullopt;
    if (!rule.word.empty() && text->value == rule.word) return Value(text->value);
    if (is_private_key(rule, node)) {
        report_private_key(rule, node, diagnostics);
        return std::nullopt;
    }
    if (auto value = of_form(rule.form, text->value)) return value;
    const FormWords words = words_of(rule.form);
    add_error(diagnostics, "spec/bad-value",
              fmt::format("'{}' must be {}, not '{}'", rule.key, words.what, escape_controls(text->value)),
              text->at, std::string(words.help));
    return std::nullopt;
}

std::optional<Value> read_choice(const KeyRule& rule, const Node& node, Diagnostics& diagnostics) {
    const auto text = read_text(node, rule.key, diagnostics);
    if (!text) return std::nullopt;
    if (std::find(rule.choices.begin(), rule.choices.end(), text->value) != rule.choices.end())
        return Value(text->value);
    std::string help = did_you_mean(text->value, rule.choices);
    if (help.empty()) help = fmt::format("it is one of {}", listed(rule.choices));
    add_error(diagnostics, "spec/bad-value",
              fmt::format("'{}' cannot be '{}'", rule.key, escape_controls(text->value)), text->at,
              std::move(help));
    return std::nullopt;
}

/// One value that is no map.
std::optional<Value> read_single(const KeyRule& rule, const Node& node, Diagnostics& diagnostics) {
    switch (rule.form) {
    case Form::Data: return node.as_value();
    case Form::DataMap:
        if (!is_map(node, rule.key, diagnostics)) return std::nullopt;
        return node.as_value();
    case Form::Choice: return read_choice(rule, node, diagnostics);
    case Form::Integer: {
        const auto number = read_integer(node, rule.key, rule.min, rule.max, diagnostics);
        return number ? std::optional<Value>(*number) : std::nullopt;
    }
    case Form::Boolean: {
        const auto flag = read_boolean(node, rule.key, diagnostics);
        return flag ? std::optional<Value>(*flag) : std::nullopt;
    }
    case Form::Port: {
        const auto port = read_port(node, diagnostics);
        return port ? std::optional<Value>(port->value) : std::nullopt;
    }
    case Form::Name: {
        std::string_view what = rule.key;
        if (rule.list && what.ends_with('s')) what.remove_suffix(1); // `roles` lists each role
        const auto name = read_name(node, rule.key, what, diagnostics);
        return name ? std::optional<Value>(name->value) : std::nullopt;
    }
    case Form::String:
    case Form::DnsLabel:
    case Form::Bytes:
    case Form::Cpu:
    case Form::Url:
    case Form::SshKey:
    case Form::Duration:
    case Form::Share:
    case Form::Host:
    case Form::Address:
    case Form::Mac:
    case Form::Location:
    case Form::Checksum:
    case Form::SecretPath: return read_formed(rule, node, diagnostics);
    case Form::Map:
    case Form::MapOf:
    case Form::Servers: break;
    }
    LAB_CHECK(false, "maps are read key by key");
    return std::nullopt;
}

/// Fills the properties of one definition, depth first.
class PropertyReader {
  public:
    explicit PropertyReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    void read(const KeyRule& rule, const Node& node, const std::string& path) {
        if (rule.form == Form::Servers) return; // read by who knows what it selects for
        if (rule.list) {
            read_list(rule, node, path);
        } else if (rule.form == Form::MapOf) {
            read_each(rule, node, path);
        } else if (rule.form == Form::Map && !rule.shorthand.empty() && node.is_scalar()) {
            const KeyRule& meant = *find_rule(rule.keys, rule.shorthand);
            read(meant, node, fmt::format("{}.{}", path, meant.key));
        } else if (rule.form == Form::Map) {
            read_map(fmt::format("'{}'", rule.key), rule, node, path);
        } else if (auto value = read_single(rule, node, diagnostics_)) {
            found_.push_back({path, *std::move(value), node.span()});
        }
    }

    void read_map(std::string_view what, const KeyRule& rule, const Node& map, const std::string& path) {
        if (!is_map(map, rule.key, diagnostics_) && !map.is_null()) return;
        for (std::size_t i = 0; map.is_map() && i < map.size(); ++i) {
            const Node key = map.key(i);
            std::string below =
                path.empty() ? std::string(key.text()) : fmt::format("{}.{}", path, key.text());
            if (const KeyRule* known = find_rule(rule.keys, key.text()))
                read(*known, map.value(i), below);
            else if (rule.open && !check_part(key))
                continue;
            else if (rule.open)
                found_.push_back({std::move(below), map.value(i).as_value(), map.value(i).span()});
            else
                report_unknown_key(key, {what, names_of(rule.keys)}, diagnostics_);
        }
        check_needs(what, rule, map);
    }

    std::vector<Property> take() { return std::move(found_); }

  private:
    void check_needs(std::string_view what, const KeyRule& rule, const Node& map) {
        const auto has = [&](std::string_view key) { return map.is_map() && map.find(key); };
        for (const KeyRule& known : rule.keys)
            if (known.required && !has(known.key))
                add_error(diagnostics_, "spec/missing-key", fmt::format("{} has no '{}'", what, known.key),
                          map.span(), fmt::format("{}: {}", known.key, known.summary));
        if (rule.some_of.empty() || std::any_of(rule.some_of.begin(), rule.some_of.end(), has)) return;
        std::string help;
        for (const std::string_view key : rule.some_of)
            help +=
                fmt::format("{}{}: {}", help.empty() ? "" : ", or ", key, find_rule(rule.keys, key)->summary);
        add_error(diagnostics_, "spec/missing-key",
                  fmt::format("{} has none of {}", what, listed(rule.some_of)), map.span(), std::move(help));
    }

    void read_list(const KeyRule& rule, const Node& node, const std::string& path) {
        if (is_private_key(rule, node)) return report_private_key(rule, node, diagnostics_);
        if (!is_list(node, rule.key, diagnostics_)) return;
        ValueList values;
        std::vector<Span> places;
        for (std::size_t i = 0; i < node.size(); ++i) {
            auto value = read_single(rule, node.item(i), diagnostics_);
            if (!value) continue;
            values.push_back(*std::move(value));
            places.push_back(node.item(i).span());
        }
        found_.push_back({path, Value(std::move(values)), node.span(), std::move(places)});
    }

    void read_each(const KeyRule& rule, const Node& node, const std::string& path) {
        if (!is_map(node, rule.key, diagnostics_)) return;
        for (std::size_t i = 0; i < node.size(); ++i) {
            const std::string_view name = node.key(i).text();
            if (check_part(node.key(i)))
                read_map(fmt::format("'{}' of '{}'", name, rule.key), rule, node.value(i),
                         fmt::format("{}.{}", path, name));
        }
    }

    /// Names that are part of a path hold no dot.
    bool check_part(const Node& key) {
        if (is_name(key.text()) && key.text().find('.') == std::string_view::npos) return true;
        add_error(diagnostics_, "spec/bad-name",
                  fmt::format("'{}' is no name here", escape_controls(key.text())), key.span(),
                  "letters, digits, '_' and '-'");
        return false;
    }

    static std::vector<std::string_view> names_of(std::span<const KeyRule> rules) {
        std::vector<std::string_view> names;
        for (const KeyRule& rule : rules)
            names.push_back(rule.key);
        return names;
    }

    Diagnostics& diagnostics_;
    std::vector<Property> found_;
};

} // namespace

std::vector<Property> read_property(const KeyRule& rule, const Node& value, Diagnostics& diagnostics) {
    PropertyReader reader(diagnostics);
    reader.read(rule, value, std::string(rule.key));
    return reader.take();
}

std::vector<Property> read_properties(std::string_view what, std::span<const KeyRule> rules, const Node& map,
                                      Diagnostics& diagnostics, std::span<const std::string_view> some_of) {
    PropertyReader reader(diagnostics);
    reader.read_map(what, {.key = what, .form = Form::Map, .keys = rules, .some_of = some_of}, map, {});
    return reader.take();
}

} // namespace lab::spec::detail
