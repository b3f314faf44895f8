#include "support/mapped_file.h"

#include "support/files.h"
#include "support/text.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace lab {

Result<MappedFile> MappedFile::open(const std::filesystem::path& path, std::size_t max_bytes) {
    const auto failed = [&](int why) {
        return errno_error(fmt::format("cannot read '{}'", escape_controls(path.native())), why);
    };
    // Non-blocking: a FIFO must be refused, not waited for.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.valid()) return failed(errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return failed(errno);
    const auto size = static_cast<std::size_t>(status.st_size);
    if (!S_ISREG(status.st_mode) || size > max_bytes)
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("'{}' is no regular file of at most {} bytes",
                                            escape_controls(path.native()), max_bytes)};
    if (size == 0) return MappedFile({});
    void* const begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (begin == MAP_FAILED) return failed(errno); // NOLINT(performance-no-int-to-ptr): mmap's own constant
    return MappedFile({static_cast<const char*>(begin), size});
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

} // namespace lab
