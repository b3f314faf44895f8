#pragma once
// The one template language and its one evaluator, for properties, template files and `when`, used by the
// compiler (which knows params and server) and by the agent (which knows facts as well). Its reference is
// docs/templates.md.
//
//   {{ params.banner }}   {{ facts.os.id }}   {{ "{{" }}   {{ params.list | join(", ") }}   {{ x |
//   default("y") }}
//   {% if params.port > 1024 and facts.os.id == "debian" %} ... {% elif ... %} ... {% else %} ... {% endif %}
//   {% for peer in params.peers %} ... {{ loop.index }} {{ peer.name }} ... {% endfor %}     {# a comment #}
//   {% for name, peer in params.peers_by_name %} ... {% endfor %}
//
// Expressions: literals, dotted paths, list indexes, == != < <= > >= in, and or not, filters
// (default join lower upper trim replace json length sort). No calls, no assignment, no recursion: evaluation
// is bounded. An undefined name is an error at its place, and so is writing null into text. A line that holds
// only a {% %} tag leaves no empty line behind.

#include "support/value.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lab {

/// A problem at a place inside the template's text: line and column from 1, columns and length in characters.
struct TemplateError {
    std::string message;
    std::string help; // "did you mean 'banner'?"
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    std::uint32_t length = 1;
};

/// Gives the value of a top-level name ("params", "server", "facts"); null where there is no such name.
using TemplateScope = std::function<const Value*(std::string_view name)>;

struct TemplateLimits {
    std::size_t output = 16u << 20; // bytes
    std::size_t steps = 1'000'000;
};

/// A parsed template. Cheap to copy, immutable, usable from several threads.
class Template {
  public:
    /// Text with tags in it.
    static std::variant<Template, TemplateError> parse(std::string_view text);
    /// One bare expression, as in `when`.
    static std::variant<Template, TemplateError> parse_expression(std::string_view text);

    /// Every path the template may read, as written, without loop variables: {"params","banner"},
    /// {"facts","os","id"}.
    struct Reference {
        std::vector<std::string> path;
        std::uint32_t line = 1, column = 1, length = 1;
        bool optional = false; // it is given to `default`: what it names may be missing
    };
    const std::vector<Reference>& references() const noexcept;
    /// Whether it is plain text, the same for every scope.
    bool constant() const noexcept;

    std::variant<std::string, TemplateError> render(const TemplateScope& scope,
                                                    const TemplateLimits& limits = {}) const;
    /// A template that is exactly one {{ x }}, and a bare expression, keep the type of x; others give a
    /// string.
    std::variant<Value, TemplateError> evaluate(const TemplateScope& scope,
                                                const TemplateLimits& limits = {}) const;

    struct Node; // the syntax tree, private to template.cpp

  private:
    explicit Template(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
    std::shared_ptr<const Node> root_; // shared: a template is copied into every unit that uses it
};

/// Whether a value counts as true in `if` and `when`: false, null, 0, "", empty list and map do not.
bool truthy(const Value& value) noexcept;

} // namespace lab
