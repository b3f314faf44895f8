#include "spec/detail/document_builder.h"

#include "spec/detail/core_schema.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lab::spec::detail {

namespace {

constexpr std::size_t kMostErrors = 100; // of one file; a file with more is not worth reading on
constexpr std::size_t kReserve = 64;     // nodes: most files of one server have fewer
constexpr std::size_t kBytesPerNode =
    10; // of dense YAML; memory that is reserved and not touched costs nothing

Place place_of(const Node::Data& node) {
    return {node.line, node.column, node.is_container() ? 1 : node.length};
}

} // namespace

std::string excerpt(std::string_view text) {
    constexpr std::size_t kMost = 40;
    text = text.substr(0, text.find_first_of("\r\n"));
    std::size_t end = 0;
    for (std::size_t count = 0; end < text.size() && count < kMost; ++count)
        end += std::max<std::size_t>(utf8_length(text.substr(end)), 1);
    std::string cut(text.substr(0, end));
    if (end < text.size()) cut += "…";
    return cut;
}

DocumentBuilder::DocumentBuilder(Document& document, const YamlLimits& limits, Diagnostics& diagnostics)
    : document_(&document), limits_(&limits), diagnostics_(&diagnostics) {
    document.nodes_.clear();
    document.sorted_.clear();
    document.decoded_.clear();
    document.nodes_.reserve(std::max(kReserve, document.text_.size() / kBytesPerNode));
    open_.reserve(kReserve);
    frames_.reserve(8);
}

bool DocumentBuilder::begin(NodeKind kind, Place place) {
    if (at_key()) {
        error("yaml/key", fmt::format("a {} cannot be a key", kind == NodeKind::Map ? "map" : "list"), place,
              kind == NodeKind::Map
                  ? "a key is a single word or a quoted text; a template that begins a value needs quotes"
                  : "a key is a single word or a quoted text");
        return false;
    }
    if (!at_depth(1, place) || !spend(1, place)) return false;
    Frame frame;
    frame.kind = kind;
    frame.place = place;
    frame.first = open_.size();
    frame.count = count_ - 1;
    frame.anchor = std::exchange(next_anchor_, 0);
    frames_.push_back(frame);
    return true;
}

bool DocumentBuilder::end() {
    const Frame frame = frames_.back();
    const std::size_t sorted = document_->sorted_.size();
    if (frame.kind == NodeKind::Map && !close_map(frame.first)) return false;
    Data node;
    node.kind = frame.kind;
    node.line = frame.place.line;
    node.column = frame.place.column;
    node.first = static_cast<std::uint32_t>(document_->nodes_.size());
    const std::size_t children = open_.size() - frame.first;
    node.count = static_cast<std::uint32_t>(frame.kind == NodeKind::Map ? children / 2 : children);
    if (frame.kind == NodeKind::Map) node.length = static_cast<std::uint32_t>(sorted);
    const auto first = open_.begin() + static_cast<std::ptrdiff_t>(frame.first);
    document_->nodes_.insert(document_->nodes_.end(), first, open_.end());
    open_.resize(frame.first);
    frames_.pop_back();
    complete_anchor(frame.anchor, node, count_ - frame.count, frame.height);
    add(node, frame.height);
    return true;
}

bool DocumentBuilder::scalar(std::string_view text, bool plain, Place place) {
    if (text.size() > limits_->scalar_bytes) {
        error("yaml/too-large",
              fmt::format("a text of {} bytes, more than the {} that one value may have", text.size(),
                          limits_->scalar_bytes),
              place, "keep large content in a file of its own");
        return false;
    }
    if (!spend(1, place)) return false;
    Data node;
    node.text = text;
    node.line = place.line;
    node.column = place.column;
    node.length = place.length;
    node.plain = plain;
    node.kind = plain && text.size() <= 4 && is_core_null(text) ? NodeKind::Null : NodeKind::Scalar;
    complete_anchor(std::exchange(next_anchor_, 0), node, 1, 0);
    if (at_key()) return add_key(node);
    add(node, 0);
    if (!plain || !is_beyond_numbers(text)) return true;
    return error("yaml/number",
                 fmt::format("the number '{}' is too large or too close to 0 to be kept", excerpt(text)),
                 place, "numbers go from 4.9e-324 to 1.7e308; if the text is meant, put quotes around it");
}

bool DocumentBuilder::missing(Place dash) {
    if (frames_.empty()) return scalar({}, true, {}); // "---" and nothing: the file as a whole
    return scalar({}, true,
                  frames_.back().kind == NodeKind::Map && !at_key() ? place_of(open_.back()) : dash);
}

void DocumentBuilder::anchor(std::size_t id) {
    next_anchor_ = id;
    if (anchors_.size() <= id) anchors_.resize(id + 1);
}

void DocumentBuilder::complete_anchor(std::size_t id, const Data& node, std::size_t nodes,
                                      std::size_t height) {
    if (id != 0) anchors_[id] = {node, nodes, height, true};
}

bool DocumentBuilder::alias(std::size_t id, std::string_view name, Place place) {
    if (++aliases_ > limits_->aliases) {
        error("yaml/alias", fmt::format("more than {} aliases", limits_->aliases), place,
              "use labels or defaults for what many things share");
        return false;
    }
    if (at_key()) {
        error("yaml/key", fmt::format("alias '*{}' cannot be a key", excerpt(name)), place,
              "write the key out");
        return false;
    }
    if (id >= anchors_.size() || !anchors_[id].complete) {
        error("yaml/alias",
              fmt::format("alias '*{}' is inside what '&{}' names", excerpt(name), excerpt(name)), place,
              "a value cannot contain itself");
        return false;
    }
    const Anchor& target = anchors_[id];
    if (!at_depth(target.height, place) || !spend(target.nodes, place)) return false;
    Data node = target.node;
    node.line = place.line;
    node.column = place.column;
    if (!node.is_container()) node.length = place.length;
    add(node, target.height);
    return true;
}

bool DocumentBuilder::spend(std::size_t nodes, Place place) {
    count_ += nodes;
    if (count_ <= limits_->nodes) return true;
    error("yaml/too-many-nodes",
          fmt::format("more than {} values in one file{}", limits_->nodes,
                      aliases_ > 0 ? ", aliases expanded" : ""),
          place, "split the file");
    return false;
}

bool DocumentBuilder::at_depth(std::size_t levels, Place place) {
    if (frames_.size() + levels <= limits_->depth) return true;
    error("yaml/too-deep", fmt::format("lists and maps nested more than {} levels deep", limits_->depth),
          place, "nothing in an inventory is nested that deeply");
    return false;
}

/// A key that is refused stays in its place as a null, so that its value finds its way; it is dropped with
/// the value when the map ends.
bool DocumentBuilder::add_key(Data key) {
    bool go_on = true;
    if (key.kind == NodeKind::Null) {
        go_on =
            key.text.empty()
                ? error("yaml/key", "a key is missing before ':'", place_of(key), "write 'key: value'")
                : error("yaml/key", fmt::format("a key cannot be null, and '{}' is", key.text), place_of(key),
                        fmt::format("if the text is meant, put quotes around it: \"{}\"", key.text));
    } else if (key.plain && key.text == "<<") {
        key.kind = NodeKind::Null;
        go_on = error("yaml/merge-key", "the merge key '<<' is no part of YAML 1.2", place_of(key),
                      "write the keys out, or give what is shared to a label");
    }
    frames_.back().refused_keys |= key.kind == NodeKind::Null;
    add(key, 0);
    return go_on;
}

void DocumentBuilder::add(const Data& node, std::size_t height) {
    if (frames_.empty()) {
        root_ = node;
        has_root_ = true;
        return;
    }
    frames_.back().height = std::max(frames_.back().height, height + 1);
    open_.push_back(node);
}

bool DocumentBuilder::close_map(std::size_t first) {
    const bool large = (open_.size() - first) / 2 > Node::kSmallMap;
    std::vector<std::uint32_t> order;
    if (large) order = sorted_entries(first);
    if (!(large ? check_unique(first, order) : check_unique_pairwise(first))) return false;
    if (frames_.back().refused_keys) {
        drop_refused(first);
        if (large) order = sorted_entries(first);
    }
    if ((open_.size() - first) / 2 > Node::kSmallMap)
        document_->sorted_.insert(document_->sorted_.end(), order.begin(), order.end());
    return true;
}

bool DocumentBuilder::check_unique(std::size_t first, const std::vector<std::uint32_t>& order) {
    const auto key = [&](std::uint32_t entry) -> Data& { return open_[first + 2 * std::size_t{entry}]; };
    std::uint32_t earlier = order[0];
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (key(order[i]).text != key(earlier).text || key(earlier).kind == NodeKind::Null)
            earlier = order[i];
        else if (!refuse_duplicate(key(earlier), key(order[i])))
            return false;
    }
    return true;
}

bool DocumentBuilder::check_unique_pairwise(std::size_t first) {
    for (std::size_t later = first + 2; later < open_.size(); later += 2)
        for (std::size_t earlier = first; earlier < later; earlier += 2) {
            if (open_[earlier].text != open_[later].text || open_[earlier].kind == NodeKind::Null) continue;
            if (!refuse_duplicate(open_[earlier], open_[later])) return false;
            break;
        }
    return true;
}

/// Entries in the order of their keys, equal ones as they were written.
std::vector<std::uint32_t> DocumentBuilder::sorted_entries(std::size_t first) const {
    const auto text = [&](std::uint32_t entry) { return open_[first + 2 * std::size_t{entry}].text; };
    const auto before = [&](std::uint32_t left, std::uint32_t right) {
        const int order = text(left).compare(text(right));
        return order != 0 ? order < 0 : left < right;
    };
    std::vector<std::uint32_t> order((open_.size() - first) / 2);
    std::iota(order.begin(), order.end(), 0u);
    if (!std::is_sorted(order.begin(), order.end(), before)) std::sort(order.begin(), order.end(), before);
    return order;
}

bool DocumentBuilder::refuse_duplicate(const Data& earlier, Data& later) {
    later.kind = NodeKind::Null;
    frames_.back().refused_keys = true;
    return error("yaml/duplicate-key", fmt::format("key '{}' is given twice in one map", excerpt(later.text)),
                 place_of(later), "remove one of the two",
                 {{.message = "first given here", .at = span(place_of(earlier))}});
}

void DocumentBuilder::drop_refused(std::size_t first) {
    std::size_t to = first;
    for (std::size_t from = first; from + 1 < open_.size(); from += 2) {
        if (open_[from].kind == NodeKind::Null) continue;
        open_[to] = open_[from];
        open_[to + 1] = open_[from + 1];
        to += 2;
    }
    open_.resize(to);
}

std::string_view DocumentBuilder::keep(std::string text) {
    return document_->decoded_.emplace_front(std::move(text));
}

bool DocumentBuilder::error(std::string code, std::string message, Place place, std::string help,
                            std::vector<Diagnostic::Note> notes) {
    diagnostics_->add({.severity = Severity::Error,
                       .code = std::move(code),
                       .message = std::move(message),
                       .at = span(place),
                       .help = std::move(help),
                       .notes = std::move(notes)});
    return ++errors_ < kMostErrors;
}

Span DocumentBuilder::span(Place place) const {
    return {document_->path_, place.line, place.column, std::max(place.length, 1u)};
}

bool DocumentBuilder::at_key() const noexcept {
    if (frames_.empty() || frames_.back().kind != NodeKind::Map) return false;
    return (open_.size() - frames_.back().first) % 2 == 0;
}

bool DocumentBuilder::in_list() const noexcept {
    return !frames_.empty() && frames_.back().kind == NodeKind::List;
}

void DocumentBuilder::finish() {
    if (!has_root_) root_ = Data{};
    document_->nodes_.push_back(root_);
    if (document_->nodes_.size() <= kReserve) document_->nodes_.shrink_to_fit();
}

} // namespace lab::spec::detail
