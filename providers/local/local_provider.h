#pragma once
// The provider `local`: this machine, or for a server with `root` a tree below lab's home that stands for
// one.

#include "providers/local/agent_link.h"
#include "providers/provider.h"

namespace lab::providers::local {

class LocalProvider final : public Provider {
  public:
    struct Options {
        std::filesystem::path home; // LAB_HOME
        AgentProgram agent;
    };
    explicit LocalProvider(Options options);

    const ProviderSchema& schema() const override;
    std::vector<SettingProblem> validate(const ValueMap& settings, bool on_server) const override;
    /// No two servers are this machine, and no tree is another's or lies in another's.
    std::vector<FleetProblem> validate_fleet(std::span<const FleetServer> servers) const override;
    bool deletes(const ValueMap& settings) const override;
    bool is_live(const ValueMap& settings) const override;
    void observe(const std::vector<ObserveServer>& servers, std::size_t parallelism, const Observed& done,
                 std::stop_token stop) override;
    api::ServerDiff diff(const api::ServerSpec& spec, const api::ServerState* observed) const override;
    Result<api::Report> apply(const ApplyServer& request, const ProgressSink& progress,
                              std::stop_token stop) override;
    Result<void> destroy(const api::ServerSpec& spec, std::string_view idempotency_key,
                         std::stop_token stop) override;

  private:
    Options options_;
    AgentProcessLink link_;
};

} // namespace lab::providers::local
