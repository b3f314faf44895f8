#include "spec/detail/manifest.h"

#include "spec/detail/decode.h"
#include "spec/detail/given.h"
#include "spec/detail/manifest_lexer.h"
#include "support/text.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

using Kind = ManifestToken::Kind;

constexpr std::string_view kCall = "lab::secret";

/// Places of a text, asked for in any order; each answer costs one look over the lines before it.
class Places {
  public:
    Places(std::string_view path, std::string_view text) : file_(FileName(path)), text_(text) {
        for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
            lines_.push_back(at + 1);
    }
    Span span(std::size_t at, std::size_t bytes) const {
        const auto line = std::upper_bound(lines_.begin(), lines_.end(), at) - 1;
        const std::string_view inside = text_.substr(at, bytes);
        return {.file = file_,
                .line = static_cast<std::uint32_t>(line - lines_.begin()) + 1,
                .column = characters(text_.substr(*line, at - *line)) + 1,
                .length = std::max(1u, characters(inside.substr(0, inside.find('\n'))))};
    }

  private:
    static std::uint32_t characters(std::string_view text) {
        std::uint32_t count = 0;
        for (std::size_t i = 0; i < text.size(); ++count)
            i += std::max<std::size_t>(1, utf8_length(text.substr(i)));
        return count;
    }
    FileName file_;
    std::string_view text_;
    std::vector<std::size_t> lines_{0}; // where each begins
};

/// Goes over the tokens once, with a stack of what is open.
class Scanner {
  public:
    Scanner(std::string_view path, std::string_view text, Diagnostics& diagnostics)
        : places_(path, text), diagnostics_(diagnostics), lexed_(lex_manifest(text)) {}

    std::vector<PuppetClass> run() {
        if (!lexed_.problem.empty()) {
            add_error(diagnostics_, "spec/puppet-syntax", lexed_.problem, places_.span(lexed_.problem_at, 1),
                      "the manifest cannot be read, so nobody knows which secrets it needs");
            return {};
        }
        for (at_ = 0; at_ < lexed_.tokens.size(); ++at_)
            step();
        return std::move(classes_);
    }

  private:
    /// A class, or something else with a name and a body, from its name on.
    struct Scope {
        std::string_view word; // "class", "define", ...
        std::size_t index = 0; // of a class, in classes_
        std::size_t nest = 0;  // brackets open where it began
        bool in_body = false;
    };

    const ManifestToken* token(std::size_t index) const {
        return index < lexed_.tokens.size() ? &lexed_.tokens[index] : nullptr;
    }
    bool is(std::size_t index, Kind kind) const { return token(index) && token(index)->kind == kind; }
    bool is_symbol(std::size_t index, std::string_view text) const {
        return is(index, Kind::Symbol) && token(index)->text == text;
    }
    bool is_literal(std::size_t index) const { return is(index, Kind::Text) && token(index)->literal; }
    Span span(std::size_t index) const {
        const ManifestToken& at = lexed_.tokens[std::min(index, lexed_.tokens.size() - 1)];
        return places_.span(at.at, at.bytes);
    }

    void step() {
        const ManifestToken& now = lexed_.tokens[at_];
        switch (now.kind) {
        case Kind::Symbol: bracket(now.text); return;
        case Kind::Name: word(now.text); return;
        case Kind::Reference:
            if (now.text == "Deferred") deferred();
            return;
        case Kind::Text:
            if (now.literal && (now.text == kCall || now.text == "::lab::secret"))
                refuse(at_, "lab::secret is called by its name here, and nobody can see for what",
                       "call it as lab::secret('PATH')");
            return;
        case Kind::Variable:
        case Kind::Number:
        case Kind::Open:
        case Kind::Close:
        case Kind::Regex: return;
        }
    }

    void bracket(std::string_view text) {
        if (text == "{" && !scopes_.empty() && !scopes_.back().in_body && scopes_.back().nest == nest_)
            scopes_.back().in_body = true;
        if (text == "{" || text == "(" || text == "[") ++nest_;
        if ((text == "}" || text == ")" || text == "]") && nest_ > 0) --nest_;
        if (text == "}" && !scopes_.empty() && scopes_.back().in_body && scopes_.back().nest == nest_)
            scopes_.pop_back();
    }

    void word(std::string_view text) {
        if (is_symbol(at_ + 1, "=>")) return; // the name of an attribute
        if (text == kCall) return secret_call();
        if (text == "class") return class_word();
        if (text == "define" || text == "function" || text == "plan" || text == "node") {
            if (text == "node" ? !is(at_ + 1, Kind::Symbol) : is(at_ + 1, Kind::Name))
                scopes_.push_back({text, 0, nest_, false});
            return;
        }
        if (text == "inherits" && !scopes_.empty() && scopes_.back().word == "class" &&
            !scopes_.back().in_body && is(at_ + 1, Kind::Name))
            bring(at_ + 1);
        if (text == "include" || text == "contain" || text == "require") names_behind();
    }

    /// `class a {`, or `class { 'a': }`.
    void class_word() {
        if (is(at_ + 1, Kind::Name)) {
            const ManifestToken& name = lexed_.tokens[at_ + 1];
            PuppetClass added;
            const PuppetClass* outer = enclosing();
            added.name = outer ? outer->name + "::" + name.text : name.text;
            added.at = span(at_ + 1);
            classes_.push_back(std::move(added));
            scopes_.push_back({"class", classes_.size() - 1, nest_, false});
            return;
        }
        if (!is_symbol(at_ + 1, "{")) return;
        std::size_t next = at_ + (is_symbol(at_ + 2, "[") ? 3u : 2u);
        for (; is_literal(next); next += is_symbol(next + 1, ",") ? 2u : 1u)
            bring(next);
    }

    /// `include a, 'b'`.
    void names_behind() {
        std::size_t next = at_ + 1;
        while (is_symbol(next, "(") || is_symbol(next, "["))
            ++next;
        for (; is(next, Kind::Name) || is_literal(next); next += 2) {
            bring(next);
            if (!is_symbol(next + 1, ",")) return;
        }
    }

    void bring(std::size_t index) {
        std::string_view name = lexed_.tokens[index].text;
        if (name.starts_with("::")) name.remove_prefix(2);
        const Scope* scope = innermost();
        if (scope && scope->word == "class" && is_puppet_class(name))
            classes_[scope->index].brings.push_back({std::string(name), span(index)});
    }

    const Scope* innermost() const { return scopes_.empty() ? nullptr : &scopes_.back(); }
    const PuppetClass* enclosing() const {
        for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
            if (scope->word == "class") return &classes_[scope->index];
        return nullptr;
    }

    void refuse(std::size_t index, std::string message, std::string help) {
        add_error(diagnostics_, "spec/puppet-secret", std::move(message), span(index), std::move(help));
    }

    void secret_call() {
        const bool interpolated = at_ > 0 && is(at_ - 1, Kind::Open);
        if (!is_symbol(at_ + 1, "(")) {
            if (!interpolated) // there, a name alone is a variable
                refuse(at_, "lab::secret is not called with a path", "write lab::secret('PATH')");
        } else if (!is(at_ + 2, Kind::Text) || !is_literal(at_ + 2)) {
            refuse(at_ + 2,
                   "the path of a secret must be a literal text: who may read it is worked out from it",
                   "write lab::secret('PATH'), a call for each");
        } else if (!is_symbol(at_ + 3, ")")) {
            refuse(at_ + 3, "lab::secret takes one path", "write lab::secret('PATH')");
        } else {
            call_for(at_ + 2);
        }
    }

    /// Deferred('lab::secret', ['mail/tls-cert']).
    void deferred() {
        std::size_t next = at_ + 1;
        if (is_symbol(next, ".") && is(next + 1, Kind::Name) && token(next + 1)->text == "new") next += 2;
        const bool ours = is_symbol(next, "(") && is_literal(next + 1) && token(next + 1)->text == kCall;
        if (!ours) return;
        if (is_symbol(next + 2, ",") && is_symbol(next + 3, "[") && is_literal(next + 4) &&
            is_symbol(next + 5, "]") && is_symbol(next + 6, ")"))
            call_for(next + 4);
        else
            refuse(next + 1,
                   "the path of a secret must be a literal text: who may read it is worked out from it",
                   "write Deferred('lab::secret', ['PATH'])");
        at_ = next + 1; // its name has been dealt with; nothing opened but the bracket
        ++nest_;
    }

    void call_for(std::size_t index) {
        const Text path{lexed_.tokens[index].text, span(index)};
        if (!is_secret_path(path.value)) {
            add_error(diagnostics_, "spec/bad-name",
                      fmt::format("'{}' is no path of a secret", escape_controls(path.value)), path.at,
                      "names divided by '/', as in mail/tls-cert");
            return;
        }
        const Scope* scope = innermost();
        if (scope && scope->word == "class") {
            classes_[scope->index].secrets.push_back(path);
            return;
        }
        add_error(diagnostics_, "spec/puppet-secret",
                  scope ? fmt::format("lab::secret is called in a {}, and nobody can see on which servers",
                                      scope->word)
                        : std::string("lab::secret is called outside of any class"),
                  path.at, "call it in the class that needs it, and hand over its value");
    }

    Places places_;
    Diagnostics& diagnostics_;
    ManifestTokens lexed_;
    std::vector<PuppetClass> classes_;
    std::vector<Scope> scopes_;
    std::size_t nest_ = 0, at_ = 0;
};

} // namespace

bool mentions_secrets(std::string_view text) noexcept {
    return text.find(kCall) != std::string_view::npos;
}

std::vector<PuppetClass> scan_manifest(std::string_view path, std::string_view text,
                                       Diagnostics& diagnostics) {
    return Scanner(path, text, diagnostics).run();
}

std::string autoloaded_class(std::string_view module, std::string_view file) {
    if (!file.ends_with(".pp")) return {};
    file.remove_suffix(3);
    std::string name(module);
    if (file != "init")
        for (const std::string_view part : split(file, '/'))
            name.append("::").append(part);
    return is_puppet_class(name) ? name : std::string();
}

} // namespace lab::spec::detail
