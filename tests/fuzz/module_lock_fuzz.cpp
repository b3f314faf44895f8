// Any bytes as a lab.lock: no crash, bounded time; what is read is written and read again as the same.

#include "spec/module_lock.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

namespace {

/// Does the path stay below the root that it is relative to? A name may well begin with two dots.
bool stays_inside(const std::string& path) {
    const std::filesystem::path parts(path);
    if (parts.is_absolute()) return false;
    for (const std::filesystem::path& part : parts)
        if (part == "..") return false;
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace lab;
    Diagnostics diagnostics;
    const spec::ModuleLock lock =
        spec::read_module_lock(std::string(reinterpret_cast<const char*>(data), size), diagnostics);
    for (const auto& [name, pin] : lock.pins) {
        const bool sound = spec::is_commit_id(pin.commit) && spec::url_problem(pin.git).empty() &&
                           spec::ref_problem(pin.ref).empty() && stays_inside(pin.path);
        if (!sound) std::abort();
    }
    Diagnostics again;
    const std::string text = spec::write_module_lock(lock);
    if (spec::write_module_lock(spec::read_module_lock(text, again)) != text || !again.empty()) std::abort();
    return 0;
}
