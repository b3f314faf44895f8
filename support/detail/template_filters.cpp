#include "support/detail/template_work.h"

#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::detail {
namespace {

/// One filter at its place, with what it needs to refuse or to work.
class FilterRun {
  public:
    FilterRun(const FilterCall& call, const ValueList& arguments, TemplateBudget& budget)
        : at_(call.at), arguments_(arguments), budget_(budget) {}

    Value run(Filter filter, Value input) {
        budget_.charge(weight(input), at_);
        switch (filter) {
        case Filter::Default:
            if (input.is_null()) return arguments_.front();
            return input;
        case Filter::Join: return join(list(input));
        case Filter::Lower: return shifted(text(input), 'A', 'a');
        case Filter::Upper: return shifted(text(input), 'a', 'A');
        case Filter::Trim: return Value(trim(text(input)));
        case Filter::Replace: return replace(text(input));
        case Filter::Json: return Value(write_json(input));
        case Filter::Length: return length(input);
        case Filter::Sort: return sort(list(input));
        }
        return input;
    }

  private:
    [[noreturn]] void refuse(const Value& found, std::string_view wanted) const {
        budget_.fail(at_, fmt::format("this filter takes {}, found {}", wanted, a_type(found)));
    }
    const std::string& text(const Value& value) const {
        if (const std::string* found = value.if_string()) return *found;
        refuse(value, "a string");
    }
    const ValueList& list(const Value& value) const {
        if (const ValueList* found = value.if_list()) return *found;
        refuse(value, "a list");
    }
    const std::string& text_argument(std::size_t index) const {
        const std::string* found = arguments_[index].if_string();
        if (!found)
            budget_.fail(at_,
                         fmt::format("the argument must be a string, found {}", a_type(arguments_[index])));
        return *found;
    }

    Value join(const ValueList& items) const {
        const std::string separator = arguments_.empty() ? "" : text_argument(0);
        std::string out;
        for (const auto& item : items) {
            if (item.is_null() || item.if_list() || item.if_map())
                budget_.fail(at_, fmt::format("cannot join {}", a_type(item)),
                             "join strings, numbers and booleans");
            if (&item != items.data()) out += separator;
            out += display(item);
            budget_.check_size(out.size(), at_);
        }
        return Value(std::move(out));
    }

    /// ASCII letters only: what other letters become depends on a language, and host names have none.
    static Value shifted(std::string out, char from, char to) {
        for (char& c : out)
            if (c >= from && c <= from + 25) c = static_cast<char>(c - from + to);
        return Value(std::move(out));
    }

    Value replace(const std::string& whole) const {
        const std::string& old_part = text_argument(0);
        const std::string& new_part = text_argument(1);
        if (old_part.empty()) budget_.fail(at_, "cannot replace an empty string");
        budget_.charge_search(whole, old_part, at_);
        std::string out;
        std::size_t done = 0;
        for (std::size_t found; (found = whole.find(old_part, done)) != std::string::npos;) {
            out.append(whole, done, found - done);
            out += new_part;
            budget_.check_size(out.size(), at_);
            done = found + old_part.size();
        }
        out.append(whole, done);
        return Value(std::move(out));
    }

    Value length(const Value& value) const {
        if (const ValueList* found = value.if_list()) return Value(static_cast<std::int64_t>(found->size()));
        if (const ValueMap* found = value.if_map()) return Value(static_cast<std::int64_t>(found->size()));
        const std::string* found = value.if_string();
        if (!found) refuse(value, "a string, a list or a map");
        std::int64_t characters = 0;
        for (std::string_view rest = *found; !rest.empty(); ++characters)
            rest.remove_prefix(std::max<std::size_t>(1, utf8_length(rest)));
        return Value(characters);
    }

    Value sort(ValueList items) const {
        const auto is_text = [](const Value& item) { return item.if_string() != nullptr; };
        const auto is_number = [](const Value& item) { return number_of(item).has_value(); };
        if (std::all_of(items.begin(), items.end(), is_text))
            std::stable_sort(items.begin(), items.end(),
                             [](const Value& a, const Value& b) { return *a.if_string() < *b.if_string(); });
        else if (std::all_of(items.begin(), items.end(), is_number))
            std::stable_sort(items.begin(), items.end(),
                             [](const Value& a, const Value& b) { return *number_of(a) < *number_of(b); });
        else
            budget_.fail(at_, "cannot sort this list", "sort strings or numbers, not both");
        return Value(std::move(items));
    }

    Place at_;
    const ValueList& arguments_;
    TemplateBudget& budget_;
};

} // namespace

void TemplateBudget::charge(std::size_t steps, Place at) {
    if (steps > limits_.steps - steps_)
        fail(at, fmt::format("the template takes more than {} steps", limits_.steps));
    steps_ += steps;
}

void TemplateBudget::check_size(std::size_t bytes, Place at) const {
    if (bytes > limits_.output)
        fail(at, fmt::format("the text grows beyond the limit of {} bytes", limits_.output));
}

void TemplateBudget::charge_search(std::string_view whole, std::string_view part, Place at) {
    const std::size_t places = 1 + whole.size() / 64, each = 1 + part.size() / 64;
    charge(part.size() > whole.size() ? 1 : places * each, at);
}

void TemplateBudget::fail(Place at, std::string message, std::string help) const {
    throw TemplateFailure{template_error(source_, at, std::move(message), std::move(help))};
}

std::size_t weight(const Value& value) {
    if (const std::string* text = value.if_string()) return 1 + text->size() / 64;
    std::size_t sum = 1;
    if (const ValueList* list = value.if_list())
        for (const auto& item : *list)
            sum += weight(item);
    if (const ValueMap* map = value.if_map())
        for (const auto& entry : *map)
            sum += 1 + entry.first.size() / 64 + weight(entry.second);
    return sum;
}

std::optional<long double> number_of(const Value& value) {
    if (const std::int64_t* whole = value.if_int()) return static_cast<long double>(*whole);
    if (const double* real = value.if_double()) return static_cast<long double>(*real);
    return std::nullopt;
}

bool equal(const Value& left, const Value& right) {
    const auto left_number = number_of(left), right_number = number_of(right);
    if (left_number && right_number) return *left_number == *right_number;
    return left == right;
}

std::string a_type(const Value& value) {
    return with_article(value.type_name());
}

std::string shortened(std::string_view text) {
    constexpr std::size_t kLongest = 60;
    if (text.size() <= kLongest) return escape_controls(text);
    return escape_controls(text.substr(0, kLongest)) + "...";
}

Value apply_filter(const FilterCall& call, Value input, const ValueList& arguments, TemplateBudget& budget) {
    Value out = FilterRun(call, arguments, budget).run(call.filter, std::move(input));
    if (const std::string* text = out.if_string()) budget.check_size(text->size(), call.at);
    return out;
}

} // namespace lab::detail
