#pragma once
// The evaluator of a module's pieces for one target: what rendering and shaping share. Each function gives
// nullopt where something was wrong, which it has reported.

#include "spec/detail/compiled_module.h"

namespace lab::spec::detail {

class Renderer {
  public:
    /// Both must outlive the renderer.
    Renderer(const RenderFor& target, Reporter& reporter);
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;

    /// What a piece gives; a deferred value where it reads facts.
    std::optional<Value> evaluate(const Piece& piece);
    std::optional<std::string> text(const Piece& piece);
    api::Deferred deferred(const Piece& piece) const;

    /// False where `when` says so; true where only facts can tell.
    std::optional<bool> wanted(const CompiledResource& resource);
    std::optional<std::string> name(const CompiledResource& resource);
    /// In its canonical form; null where a template gives null.
    std::optional<Value> property(const CompiledResource& resource, const CompiledProperty& property);
    std::optional<Value> source_content(const CompiledResource& resource);

  private:
    std::optional<Value> rebuilt(const Value& value, const std::vector<Piece>& pieces, std::size_t& next);
    std::optional<Value> named_template(const std::string& path, const std::string& text);

    const RenderFor& target_;
    Reporter& reporter_;
    TemplateScope scope_;
};

} // namespace lab::spec::detail
