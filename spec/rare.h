#pragma once
// An optional of which there are many and which is mostly absent: it costs a pointer where it is, and the
// value besides where it is not. Copies are copies of the value.

#include <memory>
#include <optional>
#include <utility>

namespace lab::spec {

template <typename T>
class Rare {
  public:
    Rare() = default;
    Rare(std::nullopt_t) {}
    Rare(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Rare(std::optional<T> value) : value_(value ? std::make_unique<T>(*std::move(value)) : nullptr) {}
    Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Rare(Rare&&) noexcept = default;
    Rare& operator=(Rare other) noexcept {
        value_ = std::move(other.value_);
        return *this;
    }
    ~Rare() = default;

    explicit operator bool() const noexcept { return value_ != nullptr; }
    bool has_value() const noexcept { return value_ != nullptr; }
    const T& operator*() const noexcept { return *value_; }
    T& operator*() noexcept { return *value_; }
    const T* operator->() const noexcept { return value_.get(); }
    T* operator->() noexcept { return value_.get(); }
    /// Null where there is none.
    const T* get() const noexcept { return value_.get(); }

  private:
    std::unique_ptr<T> value_;
};

} // namespace lab::spec
