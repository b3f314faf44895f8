#pragma once
// Which expected line stands for which thing that was found, one to one.

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace lab::reconciler::detail {

/// As many pairs as there can be, whatever order the lines stand in: a line that fits anything leaves to one
/// that fits little what only that fits. What comes earlier among the things found is served first.
class Pairing {
  public:
    using Fits = std::function<bool(std::size_t line, std::size_t found)>;
    Pairing(std::size_t lines, std::size_t found, const Fits& fits);

    std::optional<std::size_t> line_of(std::size_t found) const { return line_of_[found]; }
    std::optional<std::size_t> taken_by(std::size_t line) const { return taken_by_[line]; }

  private:
    void place(std::size_t found, const Fits& fits);

    std::vector<std::optional<std::size_t>> line_of_, taken_by_;
};

} // namespace lab::reconciler::detail
