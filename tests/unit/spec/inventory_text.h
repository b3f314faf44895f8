#pragma once
// Inventories out of texts in a test: a FileTree over a map, and what loading and resolving it says.

#include "spec/fleet.h"
#include "spec/load.h"

#include <map>
#include <string>

namespace lab::spec::test {

using Files = std::map<std::string, std::string>;

class MapTree : public FileTree {
  public:
    explicit MapTree(Files files) : files_(std::move(files)) {}
    /// A link to a path of the tree, or out of it where the target begins with '/'.
    void link(std::string path, std::string target) { links_[std::move(path)] = std::move(target); }
    void submodule(const std::string& path) { submodules_.push_back(path); }

    Result<std::vector<TreeEntry>> list(std::string_view directory, const Prune& prune) const override;
    Result<std::string> read(std::string_view path, std::size_t max_bytes) const override;
    std::string describe() const override { return "test tree"; }

  private:
    Files files_, links_;
    std::vector<std::string> submodules_;
};

/// Knows `local` with the setting `root` (a relative path) and nothing of other providers.
class TestProviders : public ProviderRules {
  public:
    bool present(std::string_view provider) const override { return provider == "local"; }
    std::vector<std::string> names() const override { return {"local"}; }
    std::vector<Problem> validate(std::string_view provider, const ValueMap& settings,
                                  bool on_server) const override;
    /// Equal roots collide.
    std::vector<FleetProblem> validate_fleet(std::string_view provider,
                                             std::span<const FleetServer> servers) const override;
};

/// The diagnostics as a person sees them, or the empty string.
std::string problems(const Diagnostics& diagnostics, const SourceLines& lines = {});

/// What `lab validate` would print: loading, resolving and rendering everything.
std::string validate(const FileTree& tree);
std::string validate(Files files);

/// An inventory of texts, loaded, resolved and rendered.
class Resolved {
  public:
    explicit Resolved(Files files);
    /// One line a diagnostic: "file:line:column slug message".
    std::string said() const;
    const Fleet& fleet() const noexcept { return fleet_; }
    const Diagnostics& diagnostics() const noexcept { return loaded_.diagnostics; }
    ServerIndex index(std::string_view server) const;
    /// An empty resource where the server has none with this id.
    api::Resource resource(std::string_view server, std::string_view id) const;
    std::string property(std::string_view server, std::string_view id, std::string_view name) const;
    /// "eu by environment prod at a.yaml:1:2".
    std::string field(std::string_view server, std::string_view path) const;

  private:
    Fleet make();
    MapTree tree_;
    TestProviders providers_;
    Loaded loaded_;
    Fleet fleet_;
};

/// A lab.yaml with `provider: local` for everything.
std::string lab_yaml(const std::string& more = "");

} // namespace lab::spec::test
