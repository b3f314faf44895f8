#include "reconciler/detail/pairing.h"

namespace lab::reconciler::detail {

Pairing::Pairing(std::size_t lines, std::size_t found, const Fits& fits) : line_of_(found), taken_by_(lines) {
    for (std::size_t one = 0; one < found; ++one)
        place(one, fits);
}

/// Looks, one move after the other, for a line that is free once others have moved to lines that fit them too
/// (an augmenting path). What has a line keeps one.
void Pairing::place(std::size_t found, const Fits& fits) {
    std::vector<std::optional<std::size_t>> wanted_by(taken_by_.size());
    std::vector<std::size_t> asking{found};
    for (std::size_t next = 0; next < asking.size(); ++next)
        for (std::size_t line = 0; line < taken_by_.size(); ++line) {
            if (wanted_by[line] || !fits(line, asking[next])) continue;
            wanted_by[line] = asking[next];
            if (taken_by_[line]) {
                asking.push_back(*taken_by_[line]);
                continue;
            }
            for (std::optional<std::size_t> free = line; free;) {
                const std::size_t moves = *wanted_by[*free];
                const std::optional<std::size_t> left = line_of_[moves];
                taken_by_[*free] = moves;
                line_of_[moves] = free;
                free = left;
            }
            return;
        }
}

} // namespace lab::reconciler::detail
