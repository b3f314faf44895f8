#pragma once
// The provider contract: who makes, finds, changes and removes machines of one kind. Built-in ones implement
// it in C++; the same calls will be spoken as JSON-RPC to programs. Every implementation passes
// providers/conformance.h.

#include "api/server.h"
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

struct ObserveServer {
    api::ServerSpec spec;
    api::Desired desired; // resources to look at; may be empty
};

struct ApplyServer {
    api::ServerSpec spec;
    std::optional<api::ActionKind>
        kind;                    // Create, Update, Replace of the server itself; nullopt: only what is on it
    api::Desired desired;        // restricted to the resources of this run, values in the clear
    std::string idempotency_key; // the same for a try and its repetition
};

class Provider {
  public:
    virtual ~Provider() = default;
    virtual const ProviderSchema& schema() const = 0;
    /// Checks settings offline. One message per problem, naming the setting: {"root", "must stay below
    /// LAB_HOME"}.
    struct SettingProblem {
        std::string setting, message, help;
    };
    virtual std::vector<SettingProblem> validate(const ValueMap& settings, bool on_server) const = 0;
    /// Checks servers against each other, offline: no two may be one machine. Their settings are valid by
    /// themselves. One problem per server that has one; `other` is the server it collides with.
    struct FleetServer {
        std::string_view name;
        const ValueMap* settings; // never null
    };
    struct FleetProblem {
        std::size_t server, other; // indexes
        std::string setting;       // empty: the server as a whole
        std::string message, help;
    };
    virtual std::vector<FleetProblem> validate_fleet(std::span<const FleetServer> servers) const = 0;
    /// Whether a server that vanished from the inventory is lab's to delete; else it is only forgotten.
    virtual bool deletes(const ValueMap& settings) const = 0;
    /// Why resources that need a live system are skipped there, or empty where they are not.
    virtual bool is_live(const ValueMap& settings) const = 0;

    /// Looks at many servers. `done` is called once for each, in any order, from the calling thread; a server
    /// out of reach is Unreachable for itself only.
    using Observed = std::function<void(std::size_t index, api::ServerState state)>;
    virtual void observe(const std::vector<ObserveServer>& servers, std::size_t parallelism,
                         const Observed& done, std::stop_token stop) = 0;
    /// Pure. `observed` is null when the server was never seen.
    virtual api::ServerDiff diff(const api::ServerSpec& spec, const api::ServerState* observed) const = 0;
    /// Brings server and resources about. Idempotent for one key. Blocks; safe from several threads.
    virtual Result<api::Report> apply(const ApplyServer& request, const ProgressSink& progress,
                                      std::stop_token stop) = 0;
    /// Removes a server that deletes() says is ours. Done already is success. Refuses (Denied) a machine
    /// whose id is another.
    virtual Result<void> destroy(const api::ServerSpec& spec, std::string_view idempotency_key,
                                 std::stop_token stop) = 0;
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
