#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace penstock {

// A value and the lock that protects it: there is no other way in. Any thread. Never call foreign
// code or another `with` inside `use`.
template <typename T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  // Runs `use(value)` under the lock. Returns by value, so that no reference escapes it.
  template <typename Use>
  auto with(Use&& use) {
    std::scoped_lock lock(mutex_);
    return std::invoke(std::forward<Use>(use), value_);
  }
  template <typename Use>
  auto with(Use&& use) const {
    std::scoped_lock lock(mutex_);
    return std::invoke(std::forward<Use>(use), value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace penstock
