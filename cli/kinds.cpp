#include "cli/kinds.h"

#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr KindWords kKinds[] = {
    {.kind = Kind::Server, .one = "server", .many = "servers", .summary = "the machines of the fleet"},
    {.kind = Kind::Label,
     .one = "label",
     .many = "labels",
     .summary = "what labels provide and who has them"},
    {.kind = Kind::Group, .one = "group", .many = "groups", .summary = "servers selected together"},
    {.kind = Kind::Environment,
     .one = "environment",
     .many = "environments",
     .short_one = "env",
     .short_many = "envs",
     .summary = "defaults for their servers"},
    {.kind = Kind::Cloud,
     .one = "cloud",
     .many = "clouds",
     .summary = "where servers live, and by which provider"},
    {.kind = Kind::Module,
     .one = "module",
     .many = "modules",
     .summary = "configuration that labels bring to servers"},
    {.kind = Kind::Param,
     .one = "param",
     .many = "params",
     .summary = "what modules can be told",
     .defined = false},
    {.kind = Kind::Layout, .one = "layout", .many = "layouts", .summary = "what disks are divided into"},
    {.kind = Kind::Size, .one = "size", .many = "sizes", .summary = "how large machines are"},
    {.kind = Kind::Image, .one = "image", .many = "images", .summary = "operating systems to install"},
    {.kind = Kind::PuppetClass,
     .one = "puppet-class",
     .many = "puppet-classes",
     .summary = "classes that labels give",
     .defined = false},
    {.kind = Kind::Container,
     .one = "container",
     .many = "containers",
     .summary = "workloads that labels stand for",
     .defined = false},
    {.kind = Kind::Cluster, .one = "cluster", .many = "clusters", .summary = "Kubernetes clusters"},
    {.kind = Kind::App, .one = "app", .many = "apps", .summary = "what runs on clusters"},
    {.kind = Kind::Role, .one = "role", .many = "roles", .summary = "what users may do, and where"},
    {.kind = Kind::User, .one = "user", .many = "users", .summary = "people, their roles and keys"},
    {.kind = Kind::Alert,
     .one = "alert",
     .many = "alerts",
     .summary = "what is watched, and on which servers"},
    {.kind = Kind::Secret,
     .one = "secret",
     .many = "secrets",
     .summary = "what is kept secret, and who may read it"},
    {.kind = Kind::Run,
     .one = "run",
     .many = "runs",
     .summary = "what was applied, when and by whom",
     .defined = false},
};

} // namespace

std::span<const KindWords> kind_words() {
    return kKinds;
}

const KindWords& words_of(Kind kind) {
    for (const KindWords& words : kKinds)
        if (words.kind == kind) return words;
    LAB_CHECK(false, "a kind without words");
    return kKinds[0];
}

Result<Kind> parse_kind(std::string_view word) {
    std::vector<std::string_view> all;
    for (const KindWords& words : kKinds) {
        const bool is_short =
            !words.short_one.empty() && (word == words.short_one || word == words.short_many);
        if (word == words.one || word == words.many || is_short) return words.kind;
        all.push_back(words.one);
        all.push_back(words.many);
    }
    const auto near = nearest(word, std::span<const std::string_view>(all));
    std::vector<std::string_view> many;
    for (const KindWords& words : kKinds)
        many.push_back(words.many);
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("'{}' is no kind of thing that lab knows", escape_controls(word)),
                 .hint = near ? fmt::format("did you mean '{}'?", *near)
                              : fmt::format("kinds are {}", fmt::join(many, ", "))};
}

Result<Reference> parse_reference(std::span<const std::string> words) {
    Reference reference;
    if (words.empty()) return Error{.code = ErrorCode::Invalid, .message = "a KIND is needed"};
    const bool slashed = words.front().find('/') != std::string::npos;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (!slashed && i > 0) {
            reference.names.push_back(word);
            continue;
        }
        const auto slash = word.find('/');
        auto kind = parse_kind(std::string_view(word).substr(0, slash));
        if (!kind) return std::move(kind).error();
        if (i > 0 && *kind != reference.kind)
            return Error{.code = ErrorCode::Invalid, .message = "all things named must be of one kind"};
        reference.kind = *kind;
        if (!slashed) continue;
        if (slash == std::string::npos || slash + 1 == word.size())
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("'{}' is no KIND/NAME", escape_controls(word))};
        reference.names.push_back(word.substr(slash + 1));
    }
    return reference;
}

Error no_such(Kind kind, std::string_view name, const std::vector<std::string>& known) {
    const auto near = nearest(name, std::span<const std::string>(known));
    const KindWords& words = words_of(kind);
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("there is no {} '{}'", words.one, escape_controls(name)),
            .hint = near ? fmt::format("did you mean '{}'?", *near)
                         : fmt::format("'lab get {}' lists them", words.many)};
}

} // namespace lab::cli
