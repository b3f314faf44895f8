// Renders the resources of a compiled module for one set of params and one server.

#include "spec/detail/compiled_module.h"
#include "spec/detail/decode.h"
#include "spec/detail/renderer.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

/// What a deferred piece takes along: only what it reads.
ValueMap deferred_scope(const RenderFor& target, const Reads& reads) {
    ValueMap scope;
    if (!reads.params.empty()) {
        ValueMap params;
        for (const std::uint32_t index : reads.params) {
            const std::string& name = target.module.module->params[index].name;
            const Value* value = target.params.get(name);
            params.append(name, value ? *value : Value());
        }
        scope.append("params", std::move(params));
    }
    if (reads.server && target.server) {
        ValueMap server;
        for (std::size_t bit = 0; bit < std::size(kServerFields); ++bit)
            if (reads.server >> bit & 1)
                if (const Value* value = target.server->get(kServerFields[bit]))
                    server.append(std::string(kServerFields[bit]), *value);
        scope.append("server", std::move(server));
    }
    return scope;
}

} // namespace

Renderer::Renderer(const RenderFor& target, Reporter& reporter) : target_(target), reporter_(reporter) {
    scope_ = [this](std::string_view name) -> const Value* {
        if (name == "params") return &target_.params;
        if (name == "server") return target_.server;
        return nullptr;
    };
}

api::Deferred Renderer::deferred(const Piece& piece) const {
    return {.text = piece.text, .scope = deferred_scope(target_, piece.reads)};
}

std::optional<Value> Renderer::evaluate(const Piece& piece) {
    if (!piece.tags) return Value(piece.text);
    if (piece.reads.facts) return api::to_value(deferred(piece));
    auto result = piece.tags->evaluate(scope_);
    if (auto* value = std::get_if<Value>(&result)) return std::move(*value);
    const auto& error = std::get<TemplateError>(result);
    reporter_.error("spec/bad-template", error.message, template_place(target_.inventory, piece, error),
                    error.help, {}, target_.shown_on);
    return std::nullopt;
}

std::optional<std::string> Renderer::text(const Piece& piece) {
    if (!piece.tags) return piece.text;
    const auto value = evaluate(piece);
    if (!value) return std::nullopt;
    if (const std::string* text = value->if_string()) return *text;
    if (value->if_int()) return display(*value);
    reporter_.error("spec/bad-template",
                    fmt::format("this must give a string, not {}", with_article(value->type_name())),
                    piece.at, {}, {}, target_.shown_on);
    return std::nullopt;
}

std::optional<bool> Renderer::wanted(const CompiledResource& resource) {
    if (!resource.when || resource.when->reads.facts) return true;
    const auto value = evaluate(*resource.when);
    if (!value) return std::nullopt;
    return truthy(*value);
}

std::optional<std::string> Renderer::name(const CompiledResource& resource) {
    const auto written = text(resource.name);
    if (!written) return std::nullopt;
    auto name = api::normalise_name(*resource.type, *written);
    if (name) return *std::move(name);
    reporter_.error("spec/bad-resource", name.error().message, resource.name.at, name.error().hint, {},
                    target_.shown_on);
    return std::nullopt;
}

std::optional<Value> Renderer::rebuilt(const Value& value, const std::vector<Piece>& pieces,
                                       std::size_t& next) {
    if (value.if_string()) return evaluate(pieces[next++]);
    if (const ValueList* list = value.if_list()) {
        ValueList out;
        for (const Value& item : *list) {
            auto rendered = rebuilt(item, pieces, next);
            if (!rendered) return std::nullopt;
            out.push_back(std::move(*rendered));
        }
        return Value(std::move(out));
    }
    if (const ValueMap* map = value.if_map()) {
        ValueMap out;
        for (const auto& [key, item] : *map) {
            auto rendered = rebuilt(item, pieces, next);
            if (!rendered) return std::nullopt;
            out.append(key, std::move(*rendered));
        }
        return Value(std::move(out));
    }
    return value;
}

std::optional<Value> Renderer::property(const CompiledResource& resource, const CompiledProperty& property) {
    if (property.constant) return property.constant;
    std::size_t next = 0;
    auto value = rebuilt(property.written->value, property.pieces, next);
    if (!value || value->is_null() || api::as_deferred(*value)) return value;
    auto fit = api::normalise(*resource.type, *property.schema, *value, resource.sensitive);
    if (fit) return *std::move(fit);
    reporter_.error("spec/bad-property", fit.error().message, property.written->at, fit.error().hint, {},
                    target_.shown_on);
    return std::nullopt;
}

std::optional<Value> Renderer::source_content(const CompiledResource& resource) {
    if (resource.file_template) return evaluate(*resource.file_template);
    const auto name = text(*resource.source);
    if (!name) return std::nullopt;
    const auto clean = clean_path(*name);
    const Module& module = *target_.module.module;
    const auto file = target_.inventory.module_files.find(module.root + clean.value_or(""));
    if (!clean || file == target_.inventory.module_files.end()) {
        reporter_.error("spec/missing-file", fmt::format("module '{}' has no file '{}'", module.name, *name),
                        resource.source->at, {}, {}, target_.shown_on);
        return std::nullopt;
    }
    if (resource.type->name != "template") return encode_bytes(file->second);
    return named_template(file->first, file->second);
}

/// A template whose file is only known now. What it may read is not worked out: all that there is.
std::optional<Value> Renderer::named_template(const std::string& path, const std::string& text) {
    Piece piece;
    piece.text = text;
    piece.at = {.file = FileName(path)};
    piece.whole_file = true;
    auto parsed = Template::parse(text);
    if (const auto* error = std::get_if<TemplateError>(&parsed)) {
        reporter_.error("spec/bad-template", error->message, template_place(target_.inventory, piece, *error),
                        error->help);
        return std::nullopt;
    }
    piece.tags = std::get<Template>(std::move(parsed));
    piece.reads = Reads::everything(*target_.module.module);
    const auto& references = piece.tags->references();
    piece.reads.facts = std::any_of(references.begin(), references.end(),
                                    [](const auto& reference) { return reference.path.front() == "facts"; });
    return evaluate(piece);
}

std::optional<api::Resource> render_resource(const RenderFor& target, std::size_t index, Reporter& reporter) {
    const CompiledResource& compiled = target.module.resources[index];
    Renderer renderer(target, reporter);
    const auto wanted = renderer.wanted(compiled);
    if (!wanted || !*wanted) return std::nullopt;
    const auto name = renderer.name(compiled);
    if (!name) return std::nullopt;
    api::Resource resource;
    resource.type = compiled.written->type;
    resource.name = *name;
    resource.module = target.module.module->name;
    resource.source = compiled.written->at;
    resource.sensitive = compiled.sensitive;
    if (compiled.when && compiled.when->reads.facts) resource.when = renderer.deferred(*compiled.when);
    bool good = true;
    for (const CompiledProperty& property : compiled.properties) {
        auto value = renderer.property(compiled, property);
        good = good && value;
        // A template that gives null leaves the property out: it is not managed.
        if (value && !value->is_null()) resource.properties.append(property.written->name, std::move(*value));
    }
    if (compiled.source) {
        auto content = renderer.source_content(compiled);
        good = good && content;
        if (content) resource.properties.set("content", std::move(*content));
    }
    if (!good) return std::nullopt;
    auto whole = api::checked(std::move(resource));
    if (whole) {
        auto spared = api::spares_records(*whole);
        if (spared) return *std::move(whole);
        whole = std::move(spared).error();
    }
    reporter.error("spec/bad-resource", whole.error().message, compiled.written->at, whole.error().hint, {},
                   target.shown_on);
    return std::nullopt;
}

} // namespace lab::spec::detail
