#pragma once
// lab.desired/1: what the engine hands a machine's agent, complete in itself.

#include "api/resource.h"

#include <cstdint>

namespace lab::api {

struct Desired {
    static constexpr std::string_view kFormat = "lab.desired/1";
    std::string server;    // its name now
    std::string server_id; // minted at first apply, kept on the machine
    std::string inventory; // id of the inventory it belongs to
    std::string commit;    // hex, or empty for a dirty tree
    FingerprintKey key;
    std::vector<Resource> resources; // in run order
};

/// Indexes in the order to run: that of the list, but for what `after` and `notify` (the notifier first) ask
/// for. Invalid, naming the ids, where an id is given twice, an edge leads nowhere, or edges form a cycle.
Result<std::vector<std::size_t>> run_order(const std::vector<Resource>& resources);

/// Digest over the redacted resources in order.
Digest digest(const Desired& desired);
std::string write_desired(const Desired& desired);
/// Refuses unknown formats, keys and types, and what `run_order` refuses. `server_id`, `inventory`, `commit`
/// and `key` may be left out of a document written by hand; `digest` is for people and is not compared.
Result<Desired> read_desired(std::string_view json);
Value to_value(const Desired& desired);
Result<Desired> desired_from_value(const Value& value);

} // namespace lab::api
