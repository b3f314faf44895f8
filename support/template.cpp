#include "support/template.h"

#include "support/detail/template_work.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab {
namespace {

using namespace detail;

/// What an expression gave: something the scope or a loop owns, or something new.
struct Operand {
    const Value* borrowed = nullptr;
    Value owned;
    const Value& get() const { return borrowed ? *borrowed : owned; }
    Value take() && {
        if (borrowed) return *borrowed;
        return std::move(owned);
    }
};

Operand made(Value value) {
    return Operand{nullptr, std::move(value)};
}
Operand lent(const Value& value) {
    return Operand{&value, {}};
}

class Evaluator {
  public:
    Evaluator(const Template::Node& root, const TemplateScope& scope, const TemplateLimits& limits)
        : root_(root), scope_(scope), budget_(root.source, limits), locals_(root.parsed.slots) {}

    std::string text() {
        run(root_.parsed.body);
        return std::move(out_);
    }
    Value value() {
        const Block& body = root_.parsed.body;
        const auto* only = body.size() == 1 ? std::get_if<Expression>(&body.front().form) : nullptr;
        return only ? evaluate(*only).take() : Value(text());
    }

  private:
    /// How the template names what stands at `at`.
    std::string quoted(Place at) const { return fmt::format("'{}'", shortened(budget_.source(at))); }

    // ---- statements

    void run(const Block& block) {
        for (const auto& statement : block)
            std::visit([this](const auto& form) { run(form); }, statement.form);
    }

    void run(const Place& text) { write(budget_.source(text), text); }

    void run(const Expression& output) {
        const Operand operand = evaluate(output);
        if (operand.get().is_null())
            budget_.fail(output.at, fmt::format("{} is null and cannot be written", quoted(output.at)),
                         "give it a value, or say what to write instead: | default(\"\")");
        if (const std::string* string = operand.get().if_string()) return write(*string, output.at);
        budget_.charge(weight(operand.get()), output.at);
        write(write_json(operand.get()), output.at);
    }

    void run(const If& decision) {
        for (const auto& branch : decision.branches)
            if (!branch.condition || truthy(evaluate(*branch.condition).get())) return run(branch.body);
    }

    void run(const For& loop) {
        const Operand over = evaluate(loop.over);
        const ValueList* list = over.get().if_list();
        const ValueMap* map = over.get().if_map();
        if (loop.key_slot ? !map : !list)
            budget_.fail(loop.over.at,
                         fmt::format("{} is {}; expected {}", quoted(loop.over.at), a_type(over.get()),
                                     loop.key_slot ? "a map" : "a list"),
                         !loop.key_slot && map ? "write 'for key, value in ...' to go over a map" : "");
        const std::size_t count = list ? list->size() : map->size();
        for (std::size_t i = 0; i < count; ++i) {
            budget_.charge(1, loop.over.at);
            if (map) {
                const auto& entry = *(map->begin() + static_cast<std::ptrdiff_t>(i));
                locals_[*loop.key_slot] = made(Value(entry.first));
                locals_[loop.slot] = lent(entry.second);
            } else {
                locals_[loop.slot] = lent((*list)[i]);
            }
            locals_[loop.loop_slot] = made(loop_value(i, count));
            run(loop.body);
        }
    }

    static Value loop_value(std::size_t index, std::size_t count) {
        return Value(ValueMap{{"index", Value(static_cast<std::int64_t>(index + 1))},
                              {"first", Value(index == 0)},
                              {"last", Value(index + 1 == count)},
                              {"length", Value(static_cast<std::int64_t>(count))}});
    }

    void write(std::string_view text, Place at) {
        budget_.charge(1, at);
        budget_.check_size(out_.size() + text.size(), at);
        out_ += text;
    }

    // ---- expressions

    Operand evaluate(const Expression& expression) {
        budget_.charge(1, expression.at);
        return std::visit([&](const auto& form) { return evaluate(form, expression.at); }, expression.form);
    }

    Operand evaluate(const Value& literal, Place) { return lent(literal); }

    Operand evaluate(const Path& path, Place) {
        auto found = look_up(path);
        if (auto* missing = std::get_if<TemplateError>(&found)) throw TemplateFailure{std::move(*missing)};
        return std::get<Operand>(std::move(found));
    }

    Operand evaluate(const Filtered& filtered, Place) {
        const Expression& input = *filtered.input;
        const auto* path = std::get_if<Path>(&input.form);
        auto filter = filtered.filters.begin();
        Operand operand;
        if (path && filter->filter == Filter::Default) {
            // The one place where what a path names may be missing.
            auto found = look_up(*path);
            auto* given = std::get_if<Operand>(&found);
            operand =
                given && !given->get().is_null() ? std::move(*given) : evaluate(filter->arguments.front());
            ++filter;
        } else {
            operand = evaluate(input);
        }
        for (; filter != filtered.filters.end(); ++filter) {
            ValueList arguments;
            for (const auto& argument : filter->arguments) {
                Operand given = evaluate(argument);
                budget_.charge(weight(given.get()), argument.at); // it is copied
                arguments.push_back(std::move(given).take());
            }
            budget_.charge(weight(operand.get()), filter->at);
            operand = made(apply_filter(*filter, std::move(operand).take(), arguments, budget_));
        }
        return operand;
    }

    Operand evaluate(const ListLiteral& literal, Place at) {
        ValueList list;
        for (const auto& item : literal.items) {
            Operand operand = evaluate(item);
            budget_.charge(weight(operand.get()), at); // it is copied
            list.push_back(std::move(operand).take());
        }
        return made(Value(std::move(list)));
    }

    bool holds(const Expression& condition) { return truthy(evaluate(condition).get()); }

    Operand evaluate(const AllOf& all, Place) {
        return made(Value(std::all_of(all.operands.begin(), all.operands.end(),
                                      [this](const Expression& operand) { return holds(operand); })));
    }

    Operand evaluate(const AnyOf& any, Place) {
        return made(Value(std::any_of(any.operands.begin(), any.operands.end(),
                                      [this](const Expression& operand) { return holds(operand); })));
    }

    Operand evaluate(const Negation& negation, Place) { return made(Value(!holds(*negation.operand))); }

    Operand evaluate(const Comparison& comparison, Place at) {
        const Operand left = evaluate(*comparison.left), right = evaluate(*comparison.right);
        return made(Value(compare(comparison.what, left.get(), right.get(), at)));
    }

    bool compare(Operator what, const Value& left, const Value& right, Place at) {
        budget_.charge(weight(left), at);
        switch (what) {
        case Operator::Equal: return equal(left, right);
        case Operator::NotEqual: return !equal(left, right);
        case Operator::Less: return order(left, right, at) < 0;
        case Operator::LessEqual: return order(left, right, at) <= 0;
        case Operator::Greater: return order(left, right, at) > 0;
        case Operator::GreaterEqual: return order(left, right, at) >= 0;
        case Operator::In: return contains(right, left, at);
        case Operator::NotIn: return !contains(right, left, at);
        }
        return false;
    }

    /// Below, at or above zero, for two numbers or two strings.
    int order(const Value& left, const Value& right, Place at) const {
        const auto left_number = number_of(left), right_number = number_of(right);
        if (left_number && right_number)
            return *left_number < *right_number ? -1 : *left_number > *right_number ? 1 : 0;
        if (left.if_string() && right.if_string()) return left.if_string()->compare(*right.if_string());
        budget_.fail(at, fmt::format("cannot order {} and {}", a_type(left), a_type(right)),
                     "order two numbers or two strings");
    }

    bool contains(const Value& container, const Value& item, Place at) {
        budget_.charge(weight(container), at);
        if (const ValueList* list = container.if_list())
            return std::any_of(list->begin(), list->end(),
                               [&](const Value& each) { return equal(each, item); });
        const std::string* text = item.if_string();
        if (const ValueMap* map = container.if_map(); map && text) return map->contains(*text);
        if (const std::string* whole = container.if_string(); whole && text) {
            budget_.charge_search(*whole, *text, at);
            return whole->find(*text) != std::string::npos;
        }
        budget_.fail(at, fmt::format("cannot look for {} in {}", a_type(item), a_type(container)),
                     "look in a list, for a key in a map, or for a string in a string");
    }

    // ---- names

    /// What a path leads to, or the error that says what is missing, for `default` to pass over. An unknown
    /// first name and a step into what has no members are mistakes that no default covers: they throw.
    std::variant<Operand, TemplateError> look_up(const Path& path) {
        Operand at = base_of(path);
        for (const auto& step : path.steps) {
            budget_.charge(1, step.at);
            const Value& value = at.get();
            const Value* next = nullptr;
            if (const auto* name = std::get_if<std::string>(&step.key)) {
                next = value.get(*name);
                if (!next) return missing_member(value, *name, path, step);
            } else {
                const Operand key = evaluate(*std::get<ExpressionPtr>(step.key));
                next = indexed(value, key.get(), step);
                if (!next) return missing_index(value, key.get(), path, step);
            }
            if (at.borrowed) {
                at.borrowed = next;
            } else {
                budget_.charge(weight(*next), step.at);
                at = made(Value(*next)); // a copy, for its owner goes now
            }
        }
        return at;
    }

    Operand base_of(const Path& path) {
        if (const auto* local = std::get_if<Path::Local>(&path.base)) return lent(locals_[local->slot].get());
        if (const auto* other = std::get_if<ExpressionPtr>(&path.base)) return evaluate(**other);
        const std::string& name = std::get<Path::Global>(path.base).name;
        if (const Value* value = scope_(name)) return lent(*value);
        std::vector<std::string_view> known;
        for (const std::string_view candidate : {"params", "server", "facts"})
            if (scope_(candidate)) known.push_back(candidate);
        budget_.fail(path.base_at, fmt::format("unknown name '{}'", shortened(name)),
                     did_you_mean(name, known));
    }

    const Value* indexed(const Value& value, const Value& key, const PathStep& step) const {
        if (value.is_null()) return nullptr;
        if (value.if_map() && key.if_string()) return value.get(*key.if_string());
        const ValueList* list = value.if_list();
        const std::int64_t* index = key.if_int();
        if (!list || !index)
            budget_.fail(step.at, fmt::format("cannot index {} with {}", a_type(value), a_type(key)),
                         "index a list with an integer, a map with a string");
        if (*index < 0 || static_cast<std::uint64_t>(*index) >= list->size()) return nullptr;
        return &(*list)[static_cast<std::size_t>(*index)];
    }

    /// The path as written in front of `step`.
    std::string owner_of(const Path& path, const PathStep& step) const {
        std::string_view before = budget_.source({path.base_at.offset, step.at.offset - path.base_at.offset});
        while (!before.empty() && (before.back() == '.' || trim(before.substr(before.size() - 1)).empty()))
            before.remove_suffix(1);
        return shortened(before);
    }

    TemplateError missing_index(const Value& value, const Value& key, const Path& path,
                                const PathStep& step) const {
        const ValueList* list = value.if_list();
        if (!list)
            return template_error(
                root_.source, step.at,
                fmt::format("'{}' has no member '{}'", owner_of(path, step), shortened(display(key))));
        return template_error(root_.source, step.at,
                              fmt::format("'{}' has {}, there is no index {}", owner_of(path, step),
                                          counted(list->size(), "item"), *key.if_int()),
                              list->empty() ? "" : "the first index is 0");
    }

    TemplateError missing_member(const Value& value, const std::string& name, const Path& path,
                                 const PathStep& step) const {
        const std::string owner = owner_of(path, step);
        const ValueMap* map = value.if_map();
        if (!map && !value.is_null())
            budget_.fail(step.at, fmt::format("'{}' is {} and has no member '{}'", owner, a_type(value),
                                              shortened(name)));
        std::vector<std::string_view> keys;
        if (map)
            for (const auto& entry : *map)
                keys.push_back(entry.first);
        return template_error(root_.source, step.at,
                              fmt::format("'{}' has no member '{}'", owner, shortened(name)),
                              did_you_mean(name, keys));
    }

    const Template::Node& root_;
    const TemplateScope& scope_;
    TemplateBudget budget_;
    std::vector<Operand> locals_; // by slot
    std::string out_;
};

} // namespace

std::variant<Template, TemplateError> Template::parse(std::string_view text) {
    try {
        return Template(std::make_shared<const Node>(Node{std::string(text), parse_template(text)}));
    } catch (TemplateFailure& failure) {
        return std::move(failure.error);
    }
}

std::variant<Template, TemplateError> Template::parse_expression(std::string_view text) {
    try {
        return Template(
            std::make_shared<const Node>(Node{std::string(text), parse_template_expression(text)}));
    } catch (TemplateFailure& failure) {
        return std::move(failure.error);
    }
}

const std::vector<Template::Reference>& Template::references() const noexcept {
    return root_->parsed.references;
}
bool Template::constant() const noexcept {
    return root_->parsed.references.empty();
}

std::variant<std::string, TemplateError> Template::render(const TemplateScope& scope,
                                                          const TemplateLimits& limits) const {
    try {
        return Evaluator(*root_, scope, limits).text();
    } catch (TemplateFailure& failure) {
        return std::move(failure.error);
    }
}

std::variant<Value, TemplateError> Template::evaluate(const TemplateScope& scope,
                                                      const TemplateLimits& limits) const {
    try {
        return Evaluator(*root_, scope, limits).value();
    } catch (TemplateFailure& failure) {
        return std::move(failure.error);
    }
}

bool truthy(const Value& value) noexcept {
    if (const bool* flag = value.if_bool()) return *flag;
    if (const std::int64_t* whole = value.if_int()) return *whole != 0;
    if (const double* real = value.if_double()) return *real < 0 || *real > 0;
    if (const std::string* text = value.if_string()) return !text->empty();
    if (const ValueList* list = value.if_list()) return !list->empty();
    if (const ValueMap* map = value.if_map()) return !map->empty();
    return false;
}

} // namespace lab
