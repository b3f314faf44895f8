// What is read as lab.desired/1 must survive being written and read again.

#include "api/desired.h"
#include "api/resource_diff.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto document = lab::api::read_desired({reinterpret_cast<const char*>(data), size});
    if (!document) return 0;
    const std::string text = lab::api::write_desired(*document);
    const auto again = lab::api::read_desired(text);
    LAB_CHECK(again && lab::api::write_desired(*again) == text, "a document that we wrote reads differently");
    LAB_CHECK(lab::api::digest(*again) == lab::api::digest(*document), "its digest is another");
    for (const lab::api::Resource& resource : document->resources) {
        const auto hidden = lab::api::redacted(resource, document->key);
        LAB_CHECK(lab::api::resource_from_value(lab::api::to_value(hidden)).has_value(),
                  "a redacted resource cannot be read");
        static_cast<void>(lab::api::diff_resource(hidden, {}, document->key));
    }
    return 0;
}
