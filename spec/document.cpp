#include "spec/document.h"

#include "spec/detail/core_schema.h"
#include "spec/detail/document_builder.h"
#include "spec/detail/yaml_referee.h"
#include "spec/detail/yaml_scanner.h"
#include "spec/detail/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace lab::spec {

std::string_view Node::type_name() const {
    switch (kind()) {
    case NodeKind::Null: return "null";
    case NodeKind::List: return "list";
    case NodeKind::Map: return "map";
    case NodeKind::Scalar: break;
    }
    const std::optional<Value> typed = plain() ? detail::core_value(text()) : std::nullopt;
    return typed ? typed->type_name() : "string";
}

Value Node::scalar() const {
    LAB_CHECK(is_scalar() || is_null(), "asked a list or a map for its scalar");
    if (is_null()) return {};
    std::optional<Value> typed = plain() ? detail::core_value(text()) : std::nullopt;
    return typed ? std::move(*typed) : Value(text());
}

bool Node::is_string() const {
    return is_scalar() && !(plain() && detail::core_value(text()));
}

Value Node::as_value() const {
    if (is_list()) {
        ValueList list;
        list.reserve(size());
        for (std::size_t i = 0; i < size(); ++i)
            list.push_back(item(i).as_value());
        return list;
    }
    if (is_map()) {
        ValueMap map;
        for (std::size_t i = 0; i < size(); ++i)
            map.append(std::string(key(i).text()), value(i).as_value());
        return map;
    }
    return scalar();
}

Node Node::item(std::size_t index) const {
    LAB_CHECK(is_list() && index < size(), "no such item");
    return {document_, &document_->nodes_[data_->first + index]};
}

Node Node::key(std::size_t index) const {
    LAB_CHECK(is_map() && index < size(), "no such entry");
    return {document_, &document_->nodes_[data_->first + 2 * index]};
}

Node Node::value(std::size_t index) const {
    LAB_CHECK(is_map() && index < size(), "no such entry");
    return {document_, &document_->nodes_[data_->first + 2 * index + 1]};
}

Node Node::find(std::string_view key) const {
    if (!is_map()) return {};
    const Data* entries = document_->nodes_.data() + data_->first;
    if (size() <= kSmallMap) {
        for (std::size_t i = 0; i < size(); ++i)
            if (entries[2 * i].text == key) return value(i);
        return {};
    }
    const auto begin = document_->sorted_.begin() + data_->length;
    const auto end = begin + data_->count;
    const auto found = std::lower_bound(begin, end, key, [&](std::uint32_t entry, std::string_view wanted) {
        return entries[2 * std::size_t{entry}].text < wanted;
    });
    if (found == end || entries[2 * std::size_t{*found}].text != key) return {};
    return value(*found);
}

Span Node::span() const {
    return {document_->path_, line(), column(), data_->is_container() ? 1 : data_->length};
}

Node Document::root() const noexcept {
    return {this, &nodes_.back()};
}

std::shared_ptr<const Document> Document::parse(FileName path, std::string text, Diagnostics& diagnostics,
                                                const YamlLimits& limits) {
    return parse_with(Reader::Either, path, std::move(text), diagnostics, limits);
}

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Reads `body` into the document; false where no tree came of it.
bool read(Document::Reader reader, Document& document, const detail::YamlBody& body, const YamlLimits& limits,
          Diagnostics& diagnostics) {
    if (reader != Document::Reader::RefereeOnly) {
        Diagnostics found;
        detail::DocumentBuilder builder(document, limits, found);
        const auto outcome = detail::scan_yaml(body, builder);
        if (outcome != detail::ScanOutcome::NotMine) {
            diagnostics.append(std::move(found));
            if (outcome == detail::ScanOutcome::Read) builder.finish();
            return outcome == detail::ScanOutcome::Read;
        }
    }
    if (reader == Document::Reader::ScannerOnly) return false;
    detail::DocumentBuilder builder(document, limits, diagnostics);
    if (!detail::referee_yaml(body, limits, builder)) return false;
    builder.finish();
    return true;
}

} // namespace

std::shared_ptr<const Document> Document::parse_with(Reader reader, FileName path, std::string text,
                                                     Diagnostics& diagnostics, const YamlLimits& limits) {
    std::shared_ptr<Document> document(new Document);
    document->path_ = path;
    document->text_ = std::move(text);
    const auto refuse = [&](std::string code, std::string message, detail::Place place, std::string help) {
        diagnostics.add({.severity = Severity::Error,
                         .code = std::move(code),
                         .message = std::move(message),
                         .at = {document->path_, place.line, place.column, place.length},
                         .help = std::move(help),
                         .notes = {}});
        return nullptr;
    };
    std::string_view body = document->text_;
    if (body.size() > limits.bytes)
        return refuse(
            "yaml/too-large",
            fmt::format("the file has {} bytes, more than the {} allowed", body.size(), limits.bytes), {},
            "split the file");
    if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
    const detail::TextCheck check = detail::check_text(body);
    if (check.bad != std::string_view::npos)
        return refuse("yaml/encoding", check.what, detail::place_at(body, check.bad),
                      "YAML is UTF-8 text without control characters");
    if (!read(reader, *document, {body, check.ascii}, limits, diagnostics)) return nullptr;
    return document;
}

} // namespace lab::spec
