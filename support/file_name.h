#pragma once
// The name of a file, as every place in it holds it: four bytes that stand for a text kept once.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lab {

/// Immutable; null where there is no file. A text that has once been a name is kept to the end of the
/// process: a fleet has millions of places, which are copied and dropped far more often than files get new
/// names. May be used by several threads at once.
class FileName {
  public:
    FileName() = default;
    FileName(std::nullptr_t) {}
    explicit FileName(std::string_view path);

    explicit operator bool() const noexcept { return id_ != 0; }
    std::string_view
    operator*() const noexcept; // of one that is not null; ends with a zero, as a string does
    friend bool operator==(FileName, FileName) = default;

  private:
    std::uint32_t id_ = 0;
};

} // namespace lab
