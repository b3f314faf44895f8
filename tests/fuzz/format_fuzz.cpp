// Any bytes through the formatter: what comes out means the same, and laying it out again changes nothing.

#include "spec/document.h"
#include "spec/format.h"
#include "support/json.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 1u << 14) return 0;
    const std::string text(reinterpret_cast<const char*>(data), size);
    lab::Diagnostics diagnostics;
    const auto once = lab::spec::format_yaml("fuzz.yaml", text, diagnostics);
    if (!once) {
        if (!diagnostics.has_errors()) std::abort();
        return 0;
    }
    if (!once->left.empty() && once->text != text) std::abort();
    const auto before = lab::spec::Document::parse("fuzz.yaml", text, diagnostics);
    const auto after = lab::spec::Document::parse("fuzz.yaml", once->text, diagnostics);
    if (!before || !after || diagnostics.has_errors()) std::abort();
    if (lab::write_json(before->root().as_value()) != lab::write_json(after->root().as_value())) std::abort();
    const auto twice = lab::spec::format_yaml("fuzz.yaml", once->text, diagnostics);
    if (!twice || twice->text != once->text) std::abort();
    return 0;
}
