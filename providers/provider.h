#pragma once
// The provider contract: who makes, finds, changes and removes machines of one kind. Built-in ones implement it in C++;
// the same calls will be spoken as JSON-RPC to programs. Every implementation passes providers/conformance.h.

#include "api/plan.h"
#include "providers/machine_link.h"
#include "support/diagnostics.h"

#include <memory>
#include <span>

namespace lab::providers {

/// One setting of a provider's servers, clouds or both: "root" of local.
struct SettingSchema {
    std::string_view name;
    std::string_view summary;
    bool on_server = true;
    bool on_cloud = false;
    bool required = false;
};

/// What a provider is, known without credentials and without asking anything.
struct ProviderSchema {
    std::string_view name;
    std::string_view summary;
    std::span<const SettingSchema> settings;
};

/// A server as the inventory wants it from its provider.
struct ServerSpec {
    std::string name;
    std::string server_id; // empty before the first apply
    std::string inventory; // id
    ValueMap settings;     // cloud's settings overlaid by the server's
};

/// What a provider found of a server.
struct ServerState {
    enum class Presence { Present, Missing, Unreachable };
    Presence presence = Presence::Unreachable;
    std::string detail; // why unreachable, or whose machine it is
    std::string server_id; // kept on the machine; empty where none
    std::string inventory; // id kept on the machine
    ValueMap properties;   // provider's own, compared by diff()
    std::optional<api::Report> report; // where resources were asked for
};

struct ObserveServer {
    ServerSpec spec;
    api::Desired desired; // resources to look at; may be empty
};

/// What a provider would do to the server itself (not to what is on it). Empty `changes` and no kind: nothing.
struct ServerDiff {
    std::optional<api::ActionKind> kind; // Create, Update, Replace
    std::string reason;
    api::Risk risk = api::Risk::Safe;
    std::vector<api::PropertyChange> changes;
};

struct ApplyServer {
    ServerSpec spec;
    std::optional<api::ActionKind> kind; // Create, Update, Replace of the server itself; nullopt: only what is on it
    api::Desired desired;                // restricted to the resources of this run, values in the clear
    std::string idempotency_key;         // the same for a try and its repetition
};

class Provider {
  public:
    virtual ~Provider() = default;
    virtual const ProviderSchema& schema() const = 0;
    /// Checks settings offline. One message per problem, naming the setting: {"root", "must stay below LAB_HOME"}.
    struct SettingProblem {
        std::string setting, message, help;
    };
    virtual std::vector<SettingProblem> validate(const ValueMap& settings, bool on_server) const = 0;
    /// Whether a server that vanished from the inventory is lab's to delete; else it is only forgotten.
    virtual bool deletes(const ValueMap& settings) const = 0;
    /// Why resources that need a live system are skipped there, or empty where they are not.
    virtual bool is_live(const ValueMap& settings) const = 0;

    /// Looks at many servers. `done` is called once for each, in any order, from the calling thread; a server out of reach
    /// is Unreachable for itself only.
    using Observed = std::function<void(std::size_t index, ServerState state)>;
    virtual void observe(const std::vector<ObserveServer>& servers, std::size_t parallelism, const Observed& done,
                         std::stop_token stop) = 0;
    /// Pure. `observed` is null when the server was never seen.
    virtual ServerDiff diff(const ServerSpec& spec, const ServerState* observed) const = 0;
    /// Brings server and resources about. Idempotent for one key. Blocks; safe from several threads.
    virtual Result<api::Report> apply(const ApplyServer& request, const ProgressSink& progress, std::stop_token stop) = 0;
    /// Removes a server that deletes() says is ours. Done already is success. Refuses (Denied) a machine whose id is another.
    virtual Result<void> destroy(const ServerSpec& spec, std::string_view idempotency_key, std::stop_token stop) = 0;
};

/// The providers of this build, by name. Filled by main, handed down.
class ProviderTable {
  public:
    void add(std::unique_ptr<Provider> provider);
    Provider* find(std::string_view name) const;
    std::vector<std::string> names() const; // sorted

  private:
    std::vector<std::unique_ptr<Provider>> providers_;
};

} // namespace lab::providers
