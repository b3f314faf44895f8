// Any bytes as a Puppet manifest, and as the condition of an alert: no crash, no hang; places lie in the
// text; a condition that reads is written so that it reads the same.

#include "spec/condition.h"
#include "spec/detail/manifest.h"
#include "spec/detail/manifest_lexer.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lab;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const spec::detail::ManifestTokens lexed = spec::detail::lex_manifest(text);
    for (const spec::detail::ManifestToken& token : lexed.tokens)
        LAB_CHECK(token.at <= size && token.bytes <= size - token.at, "a token lies outside of its manifest");
    Diagnostics diagnostics;
    for (const spec::PuppetClass& one : spec::detail::scan_manifest("x.pp", text, diagnostics))
        LAB_CHECK(!one.name.empty() && one.at.line > 0, "a class without a name or a place");
    LAB_CHECK(lexed.problem.empty() || diagnostics.has_errors(),
              "a manifest that cannot be read is not refused");
    const auto parsed = spec::parse_condition(text);
    if (const auto* condition = std::get_if<spec::Condition>(&parsed)) {
        const std::string written = spec::to_text(*condition);
        // Brackets that one spelling needs can make it longer than what may be read.
        const auto again = spec::parse_condition(written);
        if (const auto* same = std::get_if<spec::Condition>(&again))
            LAB_CHECK(spec::to_text(*same) == written, "a condition reads differently");
    } else {
        LAB_CHECK(!std::get<spec::ConditionProblem>(parsed).message.empty(), "a problem that says nothing");
    }
    return 0;
}
