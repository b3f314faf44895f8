// The vocabulary and the decoders take the same keys: each key of the one is tried on the other.

#include "spec/vocabulary.h"

#include "api/resource_types.h"
#include "spec/detail/module_file.h"
#include "spec/detail/sections.h"
#include "spec/document.h"
#include "support/text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace lab::spec {
namespace {

constexpr std::string_view kNoKey = "zzzunknownzzz";

/// What the decoders say of one document.
std::vector<Diagnostic> problems(const std::string& text, bool module) {
    Diagnostics diagnostics;
    const auto document = Document::parse(module ? "module.yaml" : "lab.yaml", text, diagnostics);
    EXPECT_TRUE(document && diagnostics.empty()) << text;
    if (module)
        detail::decode_module(*document, "modules/x", diagnostics);
    else
        detail::decode_file(*document, /*is_root_file=*/true, diagnostics);
    return diagnostics.sorted();
}

bool is_refusal(const Diagnostic& problem) {
    return problem.code == "spec/unknown-key" || problem.code == "spec/unknown-section";
}

struct Step {
    std::string key;    // "[]": an item of a list
    std::string before; // what else must be in its map, "name: x, "
};

/// A document of braces that has `inner` at `path`.
std::string nested(const std::vector<Step>& path, std::string inner) {
    for (auto step = path.rbegin(); step != path.rend(); ++step)
        inner = step->key == "[]" ? fmt::format("[{}]", inner)
                                  : fmt::format("{{{}\"{}\": {}}}", step->before, step->key, inner);
    return inner;
}

/// A name that the grammar of what is named takes.
std::string a_name(Names names) {
    return names == Names::PuppetClass ? "a" : "x1";
}

struct Check {
    bool module = false;
    std::size_t maps = 0, keys = 0;

    /// What a map must have for the decoders to look at `key`.
    static std::string beginning(const Shape& map, std::string_view key) {
        if (api::find_resource_type(map.what)) return key == map.what ? "" : fmt::format("{}: x, ", map.what);
        const Word* name = map.what == "an alert" && key != "name" ? map.find("name") : nullptr;
        return name ? "name: x, " : "";
    }

    /// Whether the decoders take `key` in a map at `path`.
    bool takes(const std::vector<Step>& path, const Shape& map, std::string_view key) const {
        const std::string inner = fmt::format("{{{}\"{}\": null}}", beginning(map, key), key);
        for (const Diagnostic& problem : problems(nested(path, inner), module))
            if (is_refusal(problem) && problem.message.find(fmt::format("'{}'", key)) != std::string::npos)
                return false;
        return true;
    }

    void map(const Shape& shape, const std::vector<Step>& path) {
        ++maps;
        // Every key is taken, ...
        for (const Word& word : shape.keys) {
            ++keys;
            EXPECT_TRUE(takes(path, shape, word.name)) << word.name << " in " << shape.what;
            EXPECT_FALSE(word.summary.empty()) << word.name;
            EXPECT_EQ(shape.find(word.name), &word) << word.name << " is twice in " << shape.what;
            std::vector<Step> below = path;
            below.push_back({std::string(word.name), beginning(shape, word.name)});
            walk(*word.shape, below);
        }
        // ... and every key that the decoders say they take is known.
        EXPECT_EQ(takes(path, shape, kNoKey), shape.open) << shape.what;
        if (shape.open || api::find_resource_type(shape.what)) return;
        for (const Diagnostic& problem :
             problems(nested(path, fmt::format("{{{}{}: 1}}", beginning(shape, kNoKey), kNoKey)), module)) {
            if (!is_refusal(problem)) continue;
            // "a target takes 'labels', 'environment' and ...", "the sections are ..."
            const auto list = problem.help.find(problem.code == "spec/unknown-section" ? " are " : " takes ");
            const auto quoted =
                split(std::string_view(problem.help).substr(std::min(list, problem.help.size())), '\'');
            for (std::size_t k = 1; k < quoted.size(); k += 2)
                EXPECT_TRUE(shape.find(quoted[k]))
                    << quoted[k] << " is not in the vocabulary of " << shape.what;
            EXPECT_GT(quoted.size(), 1u) << problem.help;
        }
    }

    void walk(const Shape& shape, std::vector<Step> path) {
        switch (shape.kind) {
        case Shape::Kind::Map: return map(shape, path);
        case Shape::Kind::Named: path.push_back({a_name(shape.names), {}}); return walk(*shape.each, path);
        case Shape::Kind::List: path.push_back({"[]", {}}); return walk(*shape.each, path);
        case Shape::Kind::Either:
            for (const Shape* alternative : shape.alternatives)
                walk(*alternative, path);
            return;
        case Shape::Kind::String:
        case Shape::Kind::Integer:
        case Shape::Kind::Number:
        case Shape::Kind::Boolean:
        case Shape::Kind::Any: return;
        }
    }
};

TEST(Vocabulary, IsWhatTheDecodersTake) {
    const Vocabulary vocabulary;
    Check inventory{.module = false};
    inventory.walk(vocabulary.inventory(), {});
    EXPECT_GT(inventory.keys, 40u);
    Check module{.module = true};
    module.walk(vocabulary.module(), {});
    EXPECT_GT(module.maps, api::resource_types().size());
}

std::string shapes_at(const Vocabulary& vocabulary, std::vector<std::string> path) {
    std::string text;
    for (const Shape* shape : vocabulary.at(vocabulary.inventory(), path))
        text += fmt::format("{}{}", shape->what, to_string(shape->names)) + ";";
    return text;
}

TEST(Vocabulary, IsFoundByPath) {
    const Vocabulary vocabulary;
    EXPECT_EQ(shapes_at(vocabulary, {"servers", "x"}), "a server;");
    EXPECT_EQ(shapes_at(vocabulary, {"servers", "x", "labels", "[]"}), "label;");
    EXPECT_EQ(shapes_at(vocabulary, {"groups", "x", "match", "labels"}), "label;;labels of a target;");
    EXPECT_EQ(shapes_at(vocabulary, {"groups", "x", "match", "labels", "all", "[]"}), "label;");
    EXPECT_EQ(shapes_at(vocabulary, {"servers", "x", "params", "motd", "banner"}), ";");
    EXPECT_EQ(shapes_at(vocabulary, {"servers", "x", "nothing"}), "");
    EXPECT_EQ(shapes_at(vocabulary, {"[]"}), "");
}

} // namespace
} // namespace lab::spec
