#pragma once
// The name of a file, shared by all places in it: a copy costs a count, not a text.

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

namespace lab {

/// Immutable; null where there is no file. May be copied by several threads at once.
class FileName {
  public:
    FileName() = default;
    FileName(std::nullptr_t) {}
    explicit FileName(std::string path) : shared_(new Shared(std::move(path))) {}
    FileName(const FileName& other) noexcept : shared_(other.shared_) {
        if (shared_) shared_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    FileName(FileName&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    FileName& operator=(FileName other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~FileName() {
        if (shared_ && shared_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared_;
    }

    explicit operator bool() const noexcept { return shared_ != nullptr; }
    const std::string& operator*() const noexcept { return shared_->path; }
    const std::string* operator->() const noexcept { return &shared_->path; }
    friend bool operator==(const FileName& name, std::nullptr_t) noexcept { return !name; }

  private:
    struct Shared {
        explicit Shared(std::string text) : path(std::move(text)) {}
        std::atomic<std::uint32_t> owners{1};
        const std::string path;
    };
    Shared* shared_ = nullptr;
};

} // namespace lab
