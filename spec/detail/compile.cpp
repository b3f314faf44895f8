// Parses the templates of a module and checks every name in them, once, before anything is rendered.

#include "api/facts.h"
#include "spec/detail/compiled_module.h"
#include "spec/detail/decode.h"
#include "spec/detail/template_place.h"
#include "support/text.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::string_view kTopNames[] = {"params", "server", "facts"};
/// Properties that decide what a resource depends on.
constexpr std::string_view kShapeProperties[] = {"ensure", "owner", "group", "groups", "user", "path"};

bool may_have_tags(std::string_view text) {
    for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
        const char next = at + 1 < text.size() ? text[at + 1] : ' ';
        if (next == '{' || next == '%' || next == '#') return true;
    }
    return false;
}

class Compiler {
  public:
    Compiler(const Inventory& inventory, const Module& module, Reporter& reporter)
        : inventory_(inventory), module_(module), reporter_(reporter) {
        out_.module = &module;
    }

    CompiledModule run() && {
        for (const ResourceTemplate& written : module_.resources) {
            failed_ = false;
            out_.resources.push_back(compile(written));
            out_.resources.back().failed = failed_;
            out_.failed = out_.failed || failed_;
            out_.reads.add(out_.resources.back().reads);
            out_.shape_reads.add(out_.resources.back().shape_reads);
        }
        return std::move(out_);
    }

  private:
    CompiledResource compile(const ResourceTemplate& written) {
        CompiledResource resource;
        resource.written = &written;
        resource.type = api::find_resource_type(written.type);
        resource.name = piece(written.name.value, written.name.at);
        forbid_facts(resource.name, "the name of a resource");
        forbid_sensitive(resource.name, "the name of a resource");
        resource.shape_reads.add(resource.name.reads);
        if (written.when) {
            resource.when = expression(*written.when);
            // One that reads facts goes to the machine, and into the state, with the params it reads.
            if (resource.when->reads.facts) forbid_sensitive(*resource.when, "a 'when' that reads facts");
            resource.shape_reads.add(resource.when->reads);
        }
        resource.after = edges(written.after, resource);
        resource.notify = edges(written.notify, resource);
        for (const ResourceTemplate::Property& property : written.properties)
            add_property(resource, property);
        resource.reads.add(resource.shape_reads);
        check_content(resource);
        resource.sensitive =
            written.sensitive || std::any_of(resource.reads.params.begin(), resource.reads.params.end(),
                                             [&](std::uint32_t p) { return module_.params[p].sensitive; });
        return resource;
    }

    std::vector<Piece> edges(const std::vector<Text>& ids, CompiledResource& resource) {
        std::vector<Piece> out;
        for (const Text& id : ids) {
            out.push_back(piece(id.value, id.at));
            forbid_facts(out.back(), "'after' and 'notify'");
            forbid_sensitive(out.back(), "'after' and 'notify'");
            resource.shape_reads.add(out.back().reads);
        }
        return out;
    }

    void add_property(CompiledResource& resource, const ResourceTemplate::Property& written) {
        const api::PropertySchema* schema = api::find_property(*resource.type, written.name);
        if (schema->only_in_yaml) return add_source(resource, written);
        CompiledProperty property{
            .written = &written, .schema = schema, .pieces = {}, .reads = {}, .constant = {}};
        std::size_t next = 0;
        collect(written.value, written, next, property);
        for (const Piece& one : property.pieces) {
            property.reads.add(one.reads);
            if (schema->secrecy == api::Secrecy::Open)
                forbid_sensitive(one, fmt::format("'{}' of a {}", written.name, resource.type->name));
        }
        resource.reads.add(property.reads);
        const bool decides_shape = std::find(std::begin(kShapeProperties), std::end(kShapeProperties),
                                             written.name) != std::end(kShapeProperties);
        if (decides_shape) resource.shape_reads.add(property.reads);
        if (std::none_of(property.pieces.begin(), property.pieces.end(),
                         [](const Piece& one) { return one.tags; })) {
            auto value = api::normalise(*resource.type, *schema, written.value, resource.written->sensitive);
            if (!value) {
                reporter_.error("spec/bad-property", value.error().message, written.at, value.error().hint);
                failed_ = true;
                return;
            }
            property.constant = *std::move(value);
        }
        resource.properties.push_back(std::move(property));
    }

    /// The strings of a value in the order of their places.
    void collect(const Value& value, const ResourceTemplate::Property& written, std::size_t& next,
                 CompiledProperty& property) {
        if (const std::string* text = value.if_string()) {
            const Span& at = next < written.strings.size() ? written.strings[next] : written.at;
            property.pieces.push_back(piece(*text, at));
            ++next;
        } else if (const ValueList* list = value.if_list()) {
            for (const Value& item : *list)
                collect(item, written, next, property);
        } else if (const ValueMap* map = value.if_map()) {
            for (const auto& [key, item] : *map)
                collect(item, written, next, property);
        }
    }

    void add_source(CompiledResource& resource, const ResourceTemplate::Property& written) {
        const std::string* name = written.value.if_string();
        if (!name) {
            reporter_.error(
                "spec/wrong-type",
                fmt::format("'source' must be a string, not {}", with_article(written.value.type_name())),
                written.at);
            failed_ = true;
            return;
        }
        resource.source = piece(*name, written.at);
        forbid_facts(*resource.source, "'source'");
        forbid_sensitive(*resource.source, "'source'");
        resource.reads.add(resource.source->reads);
        if (resource.source->tags) {
            if (resource.type->name == "template") resource.reads.add(Reads::everything(module_));
            return;
        }
        const auto clean = clean_path(resource.source->text);
        const auto file = inventory_.module_files.find(module_.root + clean.value_or(""));
        if (file == inventory_.module_files.end()) {
            failed_ = true; // said when it was loaded
            return;
        }
        if (resource.type->name != "template") return;
        resource.file_template = file_piece(file->first, file->second);
        if (resource.file_template) resource.reads.add(resource.file_template->reads);
    }

    std::optional<Piece> file_piece(const std::string& path, const std::string& text) {
        const Span whole{.file = FileName(path)};
        if (is_utf8(text)) return piece(text, whole, /*whole_file=*/true);
        reporter_.error("spec/bad-template", "a template must be UTF-8 text", whole,
                        "a 'file' resource copies bytes as they are");
        failed_ = true;
        return std::nullopt;
    }

    void check_content(const CompiledResource& resource) {
        const auto content =
            std::find_if(resource.properties.begin(), resource.properties.end(),
                         [](const auto& property) { return property.schema->name == "content"; });
        if (!resource.source || content == resource.properties.end()) return;
        reporter_.error("spec/bad-resource", "'content' and 'source' both say what is in it",
                        resource.source->at, "remove one of the two",
                        {{"the content is given here", content->written->at}});
        failed_ = true;
    }

    Piece piece(const std::string& text, const Span& at, bool whole_file = false) {
        Piece out;
        out.text = text;
        out.at = at;
        out.whole_file = whole_file;
        if (may_have_tags(text)) parse(out, Template::parse(text));
        return out;
    }

    Piece expression(const Text& written) {
        Piece out;
        out.text = written.value;
        out.at = written.at;
        out.is_expression = true;
        parse(out, Template::parse_expression(written.value));
        return out;
    }

    void parse(Piece& piece, std::variant<Template, TemplateError> parsed) {
        if (const auto* error = std::get_if<TemplateError>(&parsed)) {
            reporter_.error("spec/bad-template", error->message, template_place(inventory_, piece, *error),
                            error->help);
            failed_ = true;
            return;
        }
        piece.tags = std::get<Template>(std::move(parsed));
        for (const Template::Reference& reference : piece.tags->references())
            read(piece, reference);
    }

    void read(Piece& piece, const Template::Reference& reference) {
        const std::string& top = reference.path.front();
        const std::string_view second =
            reference.path.size() > 1 ? std::string_view(reference.path[1]) : std::string_view();
        if (top == "facts") {
            piece.reads.facts = true;
            check_fact(piece, reference);
        } else if (top == "server") {
            read_server(piece, reference, second);
        } else if (top == "params") {
            read_param(piece, reference, second);
        } else {
            undefined(piece, reference, fmt::format("there is no '{}' in templates", top),
                      did_you_mean(top, kTopNames), "templates read params, server and facts");
        }
    }

    /// A name that no machine reports would stay unknown for ever.
    void check_fact(const Piece& piece, const Template::Reference& reference) {
        if (reference.path.size() < 2) return;
        const std::string_view name = reference.path[1];
        if (!api::find_fact(name))
            return undefined(piece, reference, fmt::format("there is no fact '{}'", name),
                             did_you_mean(name, api::fact_names()),
                             "docs/facts.md lists them; `lab describe server NAME` shows those of a machine");
        const std::vector<std::string_view> below = api::fact_names(name);
        if (reference.path.size() < 3 || below.empty()) return;
        const std::string_view field = reference.path[2];
        if (std::find(below.begin(), below.end(), field) == below.end())
            undefined(piece, reference, fmt::format("there is no fact '{}.{}'", name, field),
                      did_you_mean(field, below), fmt::format("'{}' has {}", name, listed(below)));
    }

    void read_server(Piece& piece, const Template::Reference& reference, std::string_view field) {
        if (field.empty()) {
            piece.reads.server = (1u << std::size(kServerFields)) - 1;
            return;
        }
        const auto found = std::find(std::begin(kServerFields), std::end(kServerFields), field);
        if (found != std::end(kServerFields))
            piece.reads.server |= 1u << (found - std::begin(kServerFields));
        else
            undefined(piece, reference, fmt::format("a server has no '{}'", field),
                      did_you_mean(field, kServerFields), fmt::format("it has {}", listed(kServerFields)));
    }

    void read_param(Piece& piece, const Template::Reference& reference, std::string_view name) {
        std::vector<std::string_view> known;
        for (std::uint32_t i = 0; i < module_.params.size(); ++i) {
            known.push_back(module_.params[i].name);
            if (!name.empty() && module_.params[i].name != name) continue;
            Reads one;
            one.params.push_back(i);
            piece.reads.add(one);
            if (!name.empty()) return;
        }
        if (name.empty()) return;
        undefined(piece, reference, fmt::format("module '{}' has no param '{}'", module_.name, name),
                  did_you_mean(name, known), "declare it under 'params' of the module");
    }

    void undefined(const Piece& piece, const Template::Reference& reference, std::string message,
                   std::string near, std::string_view otherwise) {
        TemplateError error;
        error.line = reference.line;
        error.column = reference.column;
        error.length = reference.length;
        reporter_.error("spec/undefined-name", std::move(message), template_place(inventory_, piece, error),
                        near.empty() ? std::string(otherwise) : std::move(near));
        failed_ = true;
    }

    void forbid_facts(const Piece& piece, std::string_view what) {
        if (!piece.reads.facts) return;
        reporter_.error("spec/facts-too-early", fmt::format("{} cannot depend on facts", what), piece.at,
                        "facts are known only on the machine; 'when' and other properties can read them");
        failed_ = true;
    }

    void forbid_sensitive(const Piece& piece, std::string_view what) {
        const auto secret =
            std::find_if(piece.reads.params.begin(), piece.reads.params.end(),
                         [&](std::uint32_t param) { return module_.params[param].sensitive; });
        if (secret == piece.reads.params.end()) return;
        const ParamSchema& param = module_.params[*secret];
        reporter_.error("spec/sensitive-in-the-open",
                        fmt::format("{} cannot read the sensitive param '{}'", what, param.name), piece.at,
                        "it stands as text in plans and in the state; read another param here",
                        {{"the param is declared here", param.at}});
        failed_ = true;
    }

    const Inventory& inventory_;
    const Module& module_;
    Reporter& reporter_;
    CompiledModule out_;
    bool failed_ = false; // the resource at hand
};

} // namespace

void Reads::add(const Reads& other) {
    server |= other.server;
    facts = facts || other.facts;
    if (other.params.empty()) return;
    std::vector<std::uint32_t> both;
    std::set_union(params.begin(), params.end(), other.params.begin(), other.params.end(),
                   std::back_inserter(both));
    params = std::move(both);
}

Reads Reads::everything(const Module& module) {
    Reads all;
    all.server = (1u << std::size(kServerFields)) - 1;
    for (std::uint32_t i = 0; i < module.params.size(); ++i)
        all.params.push_back(i);
    return all;
}

bool Reads::any_param_of(std::span<const std::uint32_t> sorted) const {
    return std::any_of(sorted.begin(), sorted.end(), [&](std::uint32_t param) {
        return std::binary_search(params.begin(), params.end(), param);
    });
}

CompiledModule compile_module(const Inventory& inventory, const Module& module, Reporter& reporter) {
    return Compiler(inventory, module, reporter).run();
}

Span template_place(const Inventory& inventory, const Piece& piece, const TemplateError& error) {
    if (piece.whole_file) {
        Span place = piece.at;
        place.line = error.line;
        place.column = error.column;
        place.length = error.length;
        return place;
    }
    const auto file = piece.at.file ? inventory.module_files.find(std::string(*piece.at.file))
                                    : inventory.module_files.end();
    if (file == inventory.module_files.end()) return piece.at;
    return place_in_scalar(file->second, piece.at, piece.text, error.line, error.column, error.length);
}

} // namespace lab::spec::detail
