#include "agent/records.h"

#include "api/content.h"
#include "api/resource_types.h"
#include "support/json.h"
#include "support/text.h"

#include <chrono>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

namespace lab::agent {
namespace {

constexpr std::string_view kFolder = api::kRecordsFolder;
constexpr std::string_view kMachine = "/var/lib/lab/machine.json";
constexpr std::string_view kApplied = "/var/lib/lab/applied.json";
constexpr std::string_view kOwed = "/var/lib/lab/owed.json";
constexpr std::string_view kMachineFormat = "lab.machine/1";
constexpr std::string_view kAppliedFormat = "lab.applied/1";
constexpr std::string_view kOwedFormat = "lab.owed/1";
constexpr std::size_t kLargest = std::size_t{64} << 20;

/// The document at `path`; null where there is none.
Result<Value> read_document(const Tree& tree, std::string_view path, std::string_view format) {
    const auto text = tree.read(path, kLargest);
    if (!text && text.error().code == ErrorCode::NotFound) return Value();
    if (!text) return text.error();
    // Left by a power cut in the middle of a tree's first run, which nobody was told had ended (Tree::write).
    if (text->empty() && !tree.live()) return Value();
    auto document = parse_json(*text);
    const Value* found = document ? document->get("format") : nullptr;
    if (found && *found == Value(format)) return document;
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("'{}' is damaged: it is no {} document", path, format),
                 .hint = "move it away after looking at it; the next apply writes a new one"};
}

std::string member(const Value& document, std::string_view key) {
    const Value* value = document.get(key);
    const std::string* text = value ? value->if_string() : nullptr;
    return text ? *text : std::string();
}

/// The resource as it may lie on the machine's disk for all to read.
ValueMap applied_entry(const api::Resource& resource, const api::Desired& desired) {
    api::Resource copy = api::redacted(resource, desired.key);
    ValueMap entry{{"digest", Value(api::digest(copy).text())},
                   {"commit", desired.commit.empty() ? Value() : Value(desired.commit)}};
    for (auto& [name, value] : copy.properties) {
        const auto bytes =
            value.if_string() || value.get("base64") ? api::content_bytes(value) : std::nullopt;
        if (bytes && bytes->size() > api::kShownBytes) value = api::summary(*bytes);
    }
    entry.append("resource", api::to_value(copy));
    return entry;
}

} // namespace

Result<Identity> read_identity(const Tree& tree) {
    auto document = read_document(tree, kMachine, kMachineFormat);
    if (!document) return std::move(document).error();
    return Identity{.server_id = member(*document, "server_id"),
                    .inventory = member(*document, "inventory"),
                    .server = member(*document, "server")};
}

Result<Value> read_applied(const Tree& tree) {
    auto document = read_document(tree, kApplied, kAppliedFormat);
    if (document && document->is_null())
        return Error{.code = ErrorCode::NotFound,
                     .message = "nothing has been applied to this machine by lab"};
    return document;
}

Result<Records> Records::open(const Tree& tree) {
    Records records(tree);
    auto identity = read_identity(tree);
    if (!identity) return std::move(identity).error();
    records.identity_ = *std::move(identity);
    const auto owed = read_document(tree, kOwed, kOwedFormat);
    if (!owed) return owed.error();
    const Value* targets = owed->get("owed");
    if (!targets || !targets->if_map()) return records;
    for (const auto& [target, notifiers] : *targets->if_map()) {
        auto& by = records.owed_[target];
        for (const Value& notifier : notifiers.if_list() ? *notifiers.if_list() : ValueList())
            if (const std::string* id = notifier.if_string()) by.insert(*id);
    }
    return records;
}

Result<void> Records::lock(std::chrono::milliseconds patience) {
    auto folder = tree_->open_path(kFolder, O_RDONLY | O_DIRECTORY);
    if (!folder) return std::move(folder).error();
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (::flock(folder->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return errno_error(fmt::format("cannot lock '{}'", kFolder), errno);
        if (std::chrono::steady_clock::now() > deadline)
            return Error{.code = ErrorCode::Conflict,
                         .message = "another apply runs on this machine",
                         .hint = "wait for it to end, or end it"};
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    lock_ = *std::move(folder);
    return {};
}

Result<void> Records::begin(const api::Desired& desired, std::chrono::milliseconds patience) {
    LAB_TRY(tree_->make_parents(kMachine));
    LAB_TRY(lock(patience));
    // Read again: what was read before the lock may be of before another apply's end.
    auto now = open(*tree_);
    if (!now) return std::move(now).error();
    identity_ = std::move(now->identity_);
    owed_ = std::move(now->owed_);

    const bool unknown = identity_.server_id.empty() && identity_.inventory.empty();
    if (!unknown && (identity_.inventory != desired.inventory || identity_.server_id != desired.server_id))
        return Error{.code = ErrorCode::Denied,
                     .message = fmt::format(
                         "this machine is server '{}' ({}) of the inventory '{}', not '{}' ({}) of '{}'",
                         escape_controls(identity_.server), escape_controls(identity_.server_id),
                         escape_controls(identity_.inventory), escape_controls(desired.server),
                         escape_controls(desired.server_id), escape_controls(desired.inventory)),
                     .hint = fmt::format("if it is to change hands, remove '{}' on it first", kMachine)};
    if (desired.server_id.empty() && desired.inventory.empty())
        return {}; // a document by hand gives no identity
    if (!unknown && identity_.server == desired.server) return {};
    identity_ = {.server_id = desired.server_id, .inventory = desired.inventory, .server = desired.server};
    const ValueMap document{{"format", Value(kMachineFormat)},
                            {"server_id", Value(identity_.server_id)},
                            {"inventory", Value(identity_.inventory)},
                            {"server", Value(identity_.server)}};
    return tree_->write(kMachine, write_json_pretty(document), {.mode = 0644});
}

Result<void> Records::write_owed() const {
    ValueMap owed;
    for (const auto& [target, notifiers] : owed_)
        owed.append(target, ValueList(notifiers.begin(), notifiers.end()));
    const ValueMap document{{"format", Value(kOwedFormat)}, {"owed", std::move(owed)}};
    return tree_->write(kOwed, write_json_pretty(document), {.mode = 0644, .at_once = true});
}

Result<std::vector<std::string>> Records::owe(const std::vector<std::string>& targets,
                                              const std::string& by) {
    std::vector<std::string> added;
    bool differs = false;
    for (const std::string& target : targets) {
        if (!owed_.contains(target)) added.push_back(target);
        differs |= owed_[target].insert(by).second;
    }
    if (differs) {
        if (auto written = write_owed(); !written)
            return std::move(written).error().during("while recording whom its change must tell");
    }
    return added;
}

Result<void> Records::settle(const std::vector<std::string>& targets) {
    std::size_t erased = 0;
    for (const std::string& target : targets)
        erased += owed_.erase(target);
    if (erased == 0) return {};
    return write_owed();
}

Result<bool> Records::record(const std::vector<const api::Resource*>& applied, const api::Desired& desired) {
    // A copy that was torn by a power cut is begun anew: the state that planned has the original.
    const auto before = read_applied(*tree_);
    ValueMap entries;
    const Value* kept = before ? before->get("resources") : nullptr;
    std::map<std::string, Value> by_id;
    if (kept && kept->if_map())
        for (const auto& [id, entry] : *kept->if_map())
            by_id.emplace(id, entry);
    for (const api::Resource* resource : applied)
        by_id.insert_or_assign(resource->id(), applied_entry(*resource, desired));
    if (by_id.empty()) return false;
    for (auto& [id, entry] : by_id)
        entries.append(id, std::move(entry));
    const Value document = ValueMap{{"format", Value(kAppliedFormat)},
                                    {"server_id", Value(identity_.server_id)},
                                    {"inventory", Value(identity_.inventory)},
                                    {"resources", std::move(entries)}};
    if (before && *before == document) return false;
    auto written = tree_->write(kApplied, write_json(document), {.mode = 0644});
    if (!written) return std::move(written).error().during("while recording what was applied");
    return true;
}

} // namespace lab::agent
