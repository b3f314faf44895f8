#include "providers/provider.h"

#include <gtest/gtest.h>

namespace lab::providers {
namespace {

class NamedProvider final : public Provider {
  public:
    explicit NamedProvider(std::string_view name)
        : schema_{.name = name, .summary = "a name", .settings = {}} {}
    const ProviderSchema& schema() const override { return schema_; }
    std::vector<SettingProblem> validate(const ValueMap&, bool) const override { return {}; }
    std::vector<FleetProblem> validate_fleet(std::span<const FleetServer>) const override { return {}; }
    bool deletes(const ValueMap&) const override { return false; }
    bool is_live(const ValueMap&) const override { return true; }
    void observe(const std::vector<ObserveServer>&, std::size_t, const Observed&, std::stop_token) override {}
    api::ServerDiff diff(const api::ServerSpec&, const api::ServerState*) const override { return {}; }
    Result<api::Report> apply(const ApplyServer&, const ProgressSink&, std::stop_token) override {
        return api::Report{};
    }
    Result<void> destroy(const api::ServerSpec&, std::string_view, std::stop_token) override { return {}; }

  private:
    ProviderSchema schema_;
};

TEST(ProviderTable, FindsProvidersByNameAndListsThemSorted) {
    ProviderTable table;
    table.add(std::make_unique<NamedProvider>("ssh"));
    table.add(std::make_unique<NamedProvider>("local"));
    EXPECT_EQ(table.names(), (std::vector<std::string>{"local", "ssh"}));
    ASSERT_NE(table.find("ssh"), nullptr);
    EXPECT_EQ(table.find("ssh")->schema().name, "ssh");
    EXPECT_EQ(table.find("aws"), nullptr);
}

} // namespace
} // namespace lab::providers
