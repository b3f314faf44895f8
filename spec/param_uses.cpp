#include "spec/param_uses.h"

#include "spec/detail/compiled_module.h"

namespace lab::spec {
namespace {

using detail::CompiledResource;
using detail::Piece;

class Uses {
  public:
    Uses(const Inventory& inventory, const Module& module,
         const std::function<void(std::string_view, const Span&)>& visit)
        : inventory_(inventory), module_(module), visit_(visit) {}

    void of(const CompiledResource& resource) const {
        of(resource.name);
        if (resource.when) of(*resource.when);
        for (const Piece& piece : resource.after)
            of(piece);
        for (const Piece& piece : resource.notify)
            of(piece);
        if (resource.source) of(*resource.source);
        for (const detail::CompiledProperty& property : resource.properties)
            for (const Piece& piece : property.pieces)
                of(piece);
        if (resource.file_template) of(*resource.file_template);
    }

  private:
    void of(const Piece& piece) const {
        if (!piece.tags) return;
        for (const Template::Reference& reference : piece.tags->references()) {
            if (reference.path.size() < 2 || reference.path[0] != "params") continue;
            const std::string& param = reference.path[1];
            if (module_.find_param(param)) visit_(param, place_of(piece, reference));
        }
    }

    /// Of the param's name alone, where the path is written without spaces.
    Span place_of(const Piece& piece, const Template::Reference& reference) const {
        std::size_t written = reference.path.size() - 1; // dots
        for (const std::string& name : reference.path)
            written += name.size();
        TemplateError name{.message = {},
                           .help = {},
                           .line = reference.line,
                           .column = reference.column,
                           .length = reference.length};
        if (written == reference.length) {
            name.column += static_cast<std::uint32_t>(reference.path[0].size()) + 1;
            name.length = static_cast<std::uint32_t>(reference.path[1].size());
        }
        return template_place(inventory_, piece, name);
    }

    const Inventory& inventory_;
    const Module& module_;
    const std::function<void(std::string_view, const Span&)>& visit_;
};

} // namespace

void for_each_param_use(const Inventory& inventory, const Module& module,
                        const std::function<void(std::string_view param, const Span& at)>& visit) {
    Diagnostics told_elsewhere;
    detail::Reporter reporter(told_elsewhere);
    const detail::CompiledModule compiled = detail::compile_module(inventory, module, reporter);
    const Uses uses(inventory, module, visit);
    for (const CompiledResource& resource : compiled.resources)
        uses.of(resource);
}

} // namespace lab::spec
