#include "editor/answers.h"

#include "editor/names.h"
#include "editor/protocol.h"
#include "editor/spot.h"
#include "editor/template_spot.h"
#include "spec/param_uses.h"
#include "spec/provider_rules.h"

#include <algorithm>
#include <set>

namespace lab::editor {
namespace {

using spec::Names;
using spec::Shape;

constexpr std::size_t kMostItems = 500; // of one answer; the editor asks again when more was typed

// CompletionItemKind of LSP.
constexpr int kProperty = 10, kValue = 12, kReference = 18;

struct Offer {
    std::string label, text; // shown; put there
    std::string detail;
    int kind = kValue;
};

class Completion {
  public:
    Completion(const Question& question, Spot spot) : question_(question), spot_(std::move(spot)) {}
    /// What the language lets stand there.
    Value words();
    Value names(Names names);

  private:
    void offer(const Shape& shape);
    void offer_keys(const Shape& map);
    void offer_names(Names names, std::string_view before, std::string_view after);
    void offer_texts(const Shape& shape, std::string_view before, std::string_view after);
    void add(Offer offer) {
        if (seen_.insert(offer.label).second) offers_.push_back(std::move(offer));
    }
    Value item(const Offer& offer) const;

    Value list() const;

    const Question& question_;
    const Spot spot_;
    std::vector<Offer> offers_;
    std::set<std::string> seen_;
};

bool has_more_lines(const Shape& shape) {
    return shape.kind == Shape::Kind::Map || shape.kind == Shape::Kind::Named;
}

void Completion::offer_keys(const Shape& map) {
    const auto& siblings = spot_.place.siblings;
    for (const spec::Word& word : map.keys) {
        if (std::find(siblings.begin(), siblings.end(), word.name) != siblings.end()) continue;
        std::string text(word.name);
        if (!spot_.place.colon) text += has_more_lines(*word.shape) ? ":" : ": ";
        add({std::string(word.name), std::move(text), std::string(word.summary), kProperty});
    }
}

void Completion::offer_names(Names names, std::string_view before, std::string_view after) {
    if (names == Names::Nothing || names == Names::Port) return;
    const spec::Inventory& inventory = question_.snapshot.inventory->loaded.inventory;
    auto found = names_of(inventory, names, spot_.module);
    if (names == Names::Provider) {
        found.insert(found.end(), question_.snapshot.providers.begin(), question_.snapshot.providers.end());
        found.insert(found.end(), std::begin(spec::kKnownProviders), std::end(spec::kKnownProviders));
    }
    for (std::string& name : found) {
        std::string text = std::string(before).append(name).append(after);
        add({std::move(name), std::move(text), std::string(spec::to_string(names)), kReference});
    }
}

void Completion::offer_texts(const Shape& shape, std::string_view before, std::string_view after) {
    if (shape.kind == Shape::Kind::Boolean)
        for (const char* word : {"true", "false"})
            add({word, word, {}, kValue});
    if (shape.kind != Shape::Kind::String) return;
    for (const std::string_view choice : shape.choices)
        add({std::string(choice), std::string(before).append(choice).append(after), {}, kValue});
    offer_names(shape.names, before, after);
}

void Completion::offer(const Shape& shape) {
    if (spot_.place.key && shape.kind == Shape::Kind::Map) offer_keys(shape);
    if (spot_.place.key && shape.kind == Shape::Kind::Named && shape.refers)
        offer_names(shape.names, {}, spot_.place.colon ? "" : shape.names == Names::Module ? ":" : ": ");
    const bool empty_value = !spot_.place.key && spot_.place.word.empty();
    if (shape.kind == Shape::Kind::List && empty_value)
        offer_texts(*shape.each, "[", "]");
    else
        offer_texts(shape, {}, {});
}

Value Completion::item(const Offer& offer) const {
    const Range range{question_.buffer.position(spot_.place.begin),
                      question_.buffer.position(spot_.place.end)};
    ValueMap item{{"label", Value(offer.label)},
                  {"kind", Value(offer.kind)},
                  {"textEdit", Value(ValueMap{{"range", to_value(range)}, {"newText", Value(offer.text)}})}};
    if (!offer.detail.empty()) item.append("detail", Value(offer.detail));
    return item;
}

Value Completion::words() {
    for (const Shape* shape : spot_.shapes)
        offer(*shape);
    return list();
}

Value Completion::names(Names names) {
    offer_names(names, {}, {});
    return list();
}

Value Completion::list() const {
    // What is typed up to the cursor decides; the editor sorts.
    const std::string typed =
        spot_.place.word.substr(0, std::min(spot_.place.word.size(), question_.offset - spot_.place.begin));
    ValueList items;
    bool more = false;
    for (const Offer& offer : offers_) {
        if (offers_.size() > kMostItems && !offer.label.starts_with(typed)) continue;
        more = items.size() == kMostItems;
        if (more) break;
        items.push_back(item(offer));
    }
    return ValueMap{{"isIncomplete", Value(offers_.size() > kMostItems)}, {"items", Value(std::move(items))}};
}

Named named_by(const Question& question) {
    const spec::Vocabulary vocabulary;
    return named(question, spot_of(question, vocabulary));
}

/// Labels are referred to with their value or without.
bool refers(const Reference& reference, const Named& what) {
    const bool servers = what.names == Names::ServerGlob && reference.names == Names::Server;
    if (reference.names != what.names && !servers) return false;
    if (what.names == Names::Param && reference.module != what.module) return false;
    if (reference.text == what.text) return true;
    return what.names == Names::Label && what.text.find('=') == std::string::npos &&
           reference.text.substr(0, reference.text.find('=')) == what.text;
}

} // namespace

Value complete(const Question& question) {
    if (const auto param = param_typed_at(question)) {
        Spot spot{.place = {}, .shapes = {}, .in_module = true, .module = param->module};
        spot.place.word = param->text;
        spot.place.begin = param->begin;
        spot.place.end = param->end;
        return Completion(question, std::move(spot)).names(param->names);
    }
    const spec::Vocabulary vocabulary;
    Spot spot = spot_of(question, vocabulary);
    if (spot.place.nothing) return {};
    return Completion(question, std::move(spot)).words();
}

Value find_definition(const Question& question) {
    const Named what = named_by(question);
    if (what.names == Names::Nothing) return {};
    const spec::Loaded& loaded = question.snapshot.inventory->loaded;
    const Span at = definition_of(loaded.inventory, what.names, what.text, what.module);
    return at.known() ? location_of(at, loaded.lines, question.snapshot.root) : Value();
}

Value find_references(const Question& question, bool definition) {
    const Named what = named_by(question);
    if (what.names == Names::Nothing) return {};
    const spec::Loaded& loaded = question.snapshot.inventory->loaded;
    ValueList places;
    if (definition)
        if (Value at = find_definition(question); !at.is_null()) places.push_back(std::move(at));
    for_each_reference(loaded.inventory, [&](const Reference& reference) {
        if (refers(reference, what) && reference.at.known())
            places.push_back(location_of(reference.at, loaded.lines, question.snapshot.root));
    });
    const auto module = loaded.inventory.modules.find(what.module);
    if (what.names == Names::Param && module != loaded.inventory.modules.end() &&
        module->second.commit.empty())
        spec::for_each_param_use(
            loaded.inventory, module->second, [&](std::string_view param, const Span& at) {
                if (param == what.text)
                    places.push_back(location_of(at, loaded.lines, question.snapshot.root));
            });
    return places;
}

} // namespace lab::editor
