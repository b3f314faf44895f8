#include "editor/snapshot.h"

namespace lab::editor {
namespace {

/// Rendering every server's resources finds the last problems; in a large fleet that is left to `lab
/// validate`.
constexpr std::size_t kRenderedServers = 2000;

} // namespace

std::shared_ptr<const Snapshot> take_snapshot(const SnapshotRequest& request,
                                              const SnapshotSources& sources) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->root = request.root;
    snapshot->generation = request.generation;
    auto source = reconciler::InventorySource::open({.directory = request.root,
                                                     .inventory = request.root.string(),
                                                     .revision = {},
                                                     .home = sources.home,
                                                     .sudo_user = {},
                                                     .stop = {},
                                                     .modules = {.fetch = false}});
    if (!source) {
        snapshot->failure = source.error();
        return snapshot;
    }
    snapshot->providers = reconciler::TableRules(sources.providers).names();
    auto loaded = reconciler::load_inventory(source->edited(request.changes));
    if (!loaded) {
        snapshot->failure = loaded.error();
        return snapshot;
    }
    snapshot->inventory = std::move(*loaded);
    snapshot->diagnostics = snapshot->inventory->loaded.diagnostics;
    // Keys are compared with nothing here, so any will do.
    snapshot->fleet = std::make_unique<spec::Fleet>(reconciler::resolve_fleet(
        *snapshot->inventory, sources.providers, {.bytes = sha256("lab lsp").text()}, snapshot->diagnostics));
    if (!snapshot->diagnostics.has_errors() && snapshot->fleet->size() <= kRenderedServers)
        snapshot->fleet->check_documents(snapshot->diagnostics);
    return snapshot;
}

} // namespace lab::editor
