#pragma once
// What lab keeps on a machine, in /var/lib/lab of its tree: who it is (machine.json), what was last brought
// about (applied.json) and which notifications are still to be acted on (owed.json). Formats:
// docs/formats.md.

#include "agent/tree.h"
#include "api/desired.h"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace lab::agent {

/// Whose machine it is; empty where no lab has been applied to it.
struct Identity {
    std::string server_id, inventory, server;
};
/// lab.machine/1; Invalid where the file is damaged.
Result<Identity> read_identity(const Tree& tree);

/// The document lab.applied/1 as it stands on the machine; NotFound where nothing was applied.
Result<Value> read_applied(const Tree& tree);

class Records {
  public:
    /// Reads what is there. Changes nothing.
    static Result<Records> open(const Tree& tree);

    const Identity& identity() const noexcept { return identity_; }

    /// Before an apply: locks the machine against another apply (Conflict, after waiting a few seconds for
    /// one that is about to end) and settles whose it is (Denied where it belongs to another inventory or
    /// server).
    Result<void> begin(const api::Desired& desired,
                       std::chrono::milliseconds patience = std::chrono::seconds(5));

    bool owes(std::string_view target) const { return owed_.contains(std::string(target)); }
    /// On the disk when it returns: from here on a kill loses no notification. Gives the targets that were
    /// not owed before.
    Result<std::vector<std::string>> owe(const std::vector<std::string>& targets, const std::string& by);
    /// They have been acted on, or there was nothing to tell.
    Result<void> settle(const std::vector<std::string>& targets);

    /// Merges what is now as the resources say into applied.json. Resources are redacted by the document's
    /// key, large content stands as its digest. False, and nothing written, where nothing differs.
    Result<bool> record(const std::vector<const api::Resource*>& applied, const api::Desired& desired);

  private:
    explicit Records(const Tree& tree) : tree_(&tree) {}
    Result<void> lock(std::chrono::milliseconds patience);
    Result<void> write_owed() const;

    const Tree* tree_; // outlives the records
    Identity identity_;
    std::map<std::string, std::set<std::string>> owed_; // target: notifiers
    Descriptor lock_;
};

} // namespace lab::agent
