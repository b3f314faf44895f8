#pragma once
// Work that falls into independent pieces, done side by side.

#include <cstddef>
#include <functional>

namespace lab {

/// Calls `work(begin, end)` for ranges of at most `chunk` that make up the numbers below `count`, each once,
/// in any order and by as many threads as there are ranges and processors for, the caller's among them.
/// Returns when all is done. `work` must bear being called by several threads, and throws nothing.
void in_parallel(std::size_t count, std::size_t chunk,
                 const std::function<void(std::size_t begin, std::size_t end)>& work);

} // namespace lab
