#pragma once
// A module with its templates parsed and every name in them checked, and how it is rendered for one set of
// params and one server.

#include "api/resource.h"
#include "api/resource_types.h"
#include "spec/detail/reporter.h"
#include "spec/inventory.h"
#include "support/template.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lab::spec::detail {

/// What templates can read of a server; the order is that of bits in Reads::server.
inline constexpr std::string_view kServerFields[] = {"name",   "domain",   "fqdn",   "environment", "cloud",
                                                     "region", "provider", "labels", "groups"};

/// What a template, or several, may read.
struct Reads {
    std::uint32_t server = 0;          // bits of kServerFields
    std::vector<std::uint32_t> params; // indexes of the module's params, sorted
    bool facts = false;

    void add(const Reads& other);
    /// All params and server fields, no facts.
    static Reads everything(const Module& module);
    bool any_param_of(std::span<const std::uint32_t> sorted) const;
};

/// One string of a module: text as it is, or a template.
struct Piece {
    std::string text;
    std::optional<Template> tags; // none: the text stands for itself
    Reads reads;
    Span at;                    // of the scalar, or of the whole template file
    bool whole_file = false;    // a file of the module, not a scalar of its module.yaml
    bool is_expression = false; // `when`
};

struct CompiledProperty {
    const ResourceTemplate::Property* written = nullptr;
    const api::PropertySchema* schema = nullptr;
    std::vector<Piece> pieces; // the strings of the value, depth first
    Reads reads;
    std::optional<Value> constant; // canonical, where no string is a template
};

struct CompiledResource {
    const ResourceTemplate* written = nullptr;
    const api::ResourceType* type = nullptr;
    Piece name;
    std::vector<CompiledProperty> properties; // but for `source`
    std::optional<Piece> source;              // name of a file of the module
    std::optional<Piece> file_template;       // what it holds, where it is a template and its name is fixed
    std::optional<Piece> when;
    std::vector<Piece> after, notify;
    bool sensitive = false; // says so, or reads a sensitive param
    bool failed = false;    // something in it is wrong for every server: it is not rendered
    Reads reads;            // all of it
    Reads shape_reads;      // what decides its id, whether it is there and what it depends on
};

struct CompiledModule {
    const Module* module = nullptr;
    std::vector<CompiledResource> resources;
    Reads reads, shape_reads;
    bool failed = false; // some resource did
};

CompiledModule compile_module(const Inventory& inventory, const Module& module, Reporter& reporter);

/// Where a problem of a template is in the user's files.
Span template_place(const Inventory& inventory, const Piece& piece, const TemplateError& error);

/// For whom a module is rendered.
struct RenderFor {
    const Inventory& inventory;
    const CompiledModule& module;
    const Value& params;              // a map
    const Value* server = nullptr;    // a map; null where nothing reads it
    const Server* shown_on = nullptr; // for messages
};

/// The resource without the edges that others imply; nullopt where its `when` is false or something is wrong
/// with it.
std::optional<api::Resource> render_resource(const RenderFor& target, std::size_t index, Reporter& reporter);

/// Ids of resources as small numbers. A table on top of another adds to it without changing it.
class IdTable {
  public:
    explicit IdTable(const IdTable* below = nullptr) : below_(below), first_(below ? below->size() : 0) {}
    std::uint32_t add(std::string_view id);
    const std::string& text(std::uint32_t id) const;
    std::uint32_t size() const noexcept { return first_ + static_cast<std::uint32_t>(texts_.size()); }

  private:
    std::optional<std::uint32_t> find(std::string_view id) const;
    const IdTable* below_;
    std::uint32_t first_;
    std::unordered_map<std::string, std::uint32_t> ids_;
    std::vector<const std::string*> texts_; // keys of ids_
};

/// What of a resource decides the graph.
struct ShapeEntry {
    std::uint32_t id = 0;
    std::uint32_t resource = 0; // index in the module
    bool absent = false;        // ensure: absent
    bool is_file = false;       // a file or template
    bool is_line = false;
    bool takes_lines = false; // of a line: it may remove others than itself, by `match` or `ensure: absent`
    bool has_content = false; // of a file or template: its whole content is given
    bool conditional = false; // only facts tell whether it is there
    /// The thing at its path: the id directory/PATH, also where it is no directory. Of a line, its file's.
    std::optional<std::uint32_t> path;
    struct Edge {
        std::uint32_t id = 0;
        const Span* at = nullptr;
    };
    std::vector<Edge> after, notify;
    std::vector<std::uint32_t> folders; // directory/PATH of each folder it lies in, nearest first
    std::vector<std::uint32_t> owners;  // user/NAME and group/NAME it needs if they are managed
};
struct Shape {
    std::vector<ShapeEntry> entries;
    std::vector<std::uint32_t> left_out; // ids of resources whose `when` is false
};
Shape shape_of(const RenderFor& target, IdTable& ids, Reporter& reporter);

} // namespace lab::spec::detail
