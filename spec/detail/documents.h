#pragma once
// One server's resources: rendered, put together across its modules, and the graph they form.

#include "spec/detail/fleet_state.h"

#include <set>
#include <span>

namespace lab::spec::detail {

/// What rendering a placement on a server needs, kept alive while it is rendered.
class PlacementView {
  public:
    PlacementView(const FleetState& state, ServerIndex index, const Placement& placement);
    PlacementView(const PlacementView&) = delete;
    PlacementView& operator=(const PlacementView&) = delete;
    const RenderFor& target() const noexcept { return target_; }
    /// Whether a resource, or what decides the graph, is the same for every server of the unit.
    bool is_shared(const Reads& reads) const;

  private:
    const Placement& placement_;
    Value params_, server_;
    std::vector<std::uint32_t> own_; // params that the server gives, sorted
    RenderFor target_;
};

/// A resource of a server in its graph.
struct GraphNode {
    std::uint32_t placement = 0; // index among the server's placements
    const ShapeEntry* entry = nullptr;
    std::uint32_t keeper = 0; // the node that stands for it: itself, but for a duplicate in another module
};

/// `from` waits for `to`.
struct GraphEdge {
    enum class Kind { After, Notify, Folder, Owner };
    std::uint32_t from = 0, to = 0;
    Kind kind = Kind::After;
    const Span* at = nullptr; // where it is written; null: implied
};

struct ServerGraph {
    std::vector<GraphNode> nodes;
    std::vector<GraphEdge> edges;
};

/// Builds graphs, keeping its memory between servers. Reports what is wrong: duplicates that disagree, edges
/// to what is not there, cycles.
class GraphBuilder {
  public:
    GraphBuilder(const FleetState& state, Reporter& reporter) : state_(state), reporter_(reporter) {}
    /// `shapes` are of the server's placements in order, `ids` the table their ids are from. The graph is
    /// there until the next call.
    const ServerGraph& build(ServerIndex index, const std::vector<const Shape*>& shapes, const IdTable& ids);

  private:
    struct Slot {
        std::uint32_t stamp = 0;
        std::uint32_t node = 0; // kLeftOut: a `when` removed it
    };
    void add_nodes(ServerIndex index, const std::vector<const Shape*>& shapes, const IdTable& ids,
                   ServerGraph& graph);
    void add_edges(ServerIndex index, const IdTable& ids, ServerGraph& graph);
    void add_duplicate(ServerIndex index, ServerGraph& graph, std::uint32_t first, std::uint32_t second,
                       const IdTable& ids);
    std::optional<std::uint32_t> find(std::uint32_t id) const;
    const GraphNode* written(ServerIndex index, const ServerGraph& graph, const ShapeEntry::Edge& edge,
                             const IdTable& ids);
    /// Two resources that would make one path two things.
    void check_paths(ServerIndex index, const ServerGraph& graph, const IdTable& ids);
    void check_path(ServerIndex index, const ServerGraph& graph, std::uint32_t node, const IdTable& ids);
    void path_conflict(ServerIndex index, const ServerGraph& graph, std::uint32_t one, std::uint32_t other,
                       std::string message, std::string help);
    const std::uint32_t* holder(std::uint32_t path) const;
    /// Lines of one file that undo each other.
    void check_lines(ServerIndex index, const ServerGraph& graph, const IdTable& ids);
    void check_lines_of(ServerIndex index, const ServerGraph& graph, std::span<const std::uint32_t> nodes,
                        const IdTable& ids);
    void find_cycle(ServerIndex index, const ServerGraph& graph, const IdTable& ids);
    bool agree(ServerIndex index, const GraphNode& first, const GraphNode& second, std::string& difference);

    const FleetState& state_;
    Reporter& reporter_;
    ServerGraph graph_;
    std::uint32_t stamp_ = 0;
    std::vector<Slot> slots_;      // by id
    std::vector<Slot> path_slots_; // by ShapeEntry::path: what manages the thing there
    std::vector<std::uint32_t> lines_;
    /// Lines of one file, shared by servers, that were found to agree.
    std::set<std::vector<const api::Resource*>> good_lines_;
};

const ResourceTemplate& written_resource(const FleetState& state, ServerIndex index, const GraphNode& node);

/// Whether nothing that was reported keeps a server's modules from being put together.
bool can_build(const FleetState& state, ServerIndex index);

/// The shapes of a server's placements: those shared, and its own, which are put into `own` with ids of
/// `ids`.
std::vector<const Shape*> shapes_of(const FleetState& state, ServerIndex index, IdTable& ids,
                                    std::vector<Shape>& own, Reporter& reporter);

/// A resource of a placement where servers share it; null where it is the server's own, or wrong.
const api::Resource* shared_resource(const FleetState& state, ServerIndex index, const Placement& placement,
                                     std::uint32_t resource);
/// A resource of a placement: the shared one, or rendered now.
std::optional<api::Resource> resource_on(const FleetState& state, ServerIndex index,
                                         const Placement& placement, std::uint32_t resource,
                                         Reporter& reporter);

} // namespace lab::spec::detail
