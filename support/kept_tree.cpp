#include "support/kept_tree.h"

#include <fmt/format.h>

namespace lab {

Result<std::string> KeptTree::read(std::string_view path, std::size_t max_bytes) const {
    const auto within = [&](const Result<std::string>& text) -> Result<std::string> {
        if (!text || text->size() <= max_bytes) return text;
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' has {} bytes, more than the {} that are read", path,
                                            text->size(), max_bytes)};
    };
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = kept_.find(path); found != kept_.end()) return within(found->second);
    }
    auto text = base_->read(path, max_bytes);
    if (!text && text.error().code != ErrorCode::NotFound) return text;
    const std::lock_guard lock(mutex_);
    return within(kept_.try_emplace(std::string(path), std::move(text)).first->second); // the first stays
}

} // namespace lab
