#pragma once
// A file as a part of memory: only the pages that are looked at are read, and none of them is copied.

#include "support/result.h"

#include <filesystem>
#include <string_view>

namespace lab {

/// For files that are only ever replaced as a whole (write_file_atomic): one that is cut short in place while
/// it is looked at ends the program.
class MappedFile {
  public:
    /// NotFound, Denied, or Invalid where it is no regular file or larger than `max_bytes`.
    static Result<MappedFile> open(const std::filesystem::path& path, std::size_t max_bytes);
    MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();

    /// At the start of a page. Stays where it is when the file is moved.
    std::string_view bytes() const noexcept { return bytes_; }

  private:
    explicit MappedFile(std::string_view bytes) noexcept : bytes_(bytes) {}
    std::string_view bytes_;
};

} // namespace lab
