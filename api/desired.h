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

/// Digest over the redacted resources in order.
Digest digest(const Desired& desired);
std::string write_desired(const Desired& desired);
/// Refuses unknown formats, unknown types, ids given twice, edges to ids that are not there, and cycles.
Result<Desired> read_desired(std::string_view json);
Value to_value(const Desired& desired);
Result<Desired> desired_from_value(const Value& value);

} // namespace lab::api
