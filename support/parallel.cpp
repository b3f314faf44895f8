#include "support/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace lab {

void in_parallel(std::size_t count, std::size_t chunk,
                 const std::function<void(std::size_t, std::size_t)>& work) {
    constexpr std::size_t kMostThreads = 8; // memory is what more of them would wait for
    std::atomic<std::size_t> next{0};
    const auto take = [&] {
        for (std::size_t begin = next.fetch_add(chunk); begin < count; begin = next.fetch_add(chunk))
            work(begin, std::min(begin + chunk, count));
    };
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    const std::size_t pieces = (count + chunk - 1) / chunk;
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min({cores, kMostThreads, pieces}); ++i)
        others.emplace_back(take);
    take();
}

} // namespace lab
