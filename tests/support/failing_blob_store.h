#pragma once

#include <atomic>
#include <functional>

#include "runtime/storage/blob_store.h"

namespace penstock {

// Fails one call, counted from 0 over all functions: before it has any effect, or after it has had
// its whole effect. Counts all calls. Any thread.
class FailingBlobStore : public BlobStore {
 public:
  enum class When { kBefore, kAfter };

  explicit FailingBlobStore(BlobStore& inner, int failing_call = -1, When when = When::kBefore)
      : inner_(inner), failing_call_(failing_call), when_(when) {}

  int calls() const { return calls_; }
  // Before any other thread calls.
  void fail_call(int number) { failing_call_ = number; }
  // Runs `hook` before every call that goes through this store: another process's step.
  void before_each(std::function<void(int call)> hook) { hook_ = std::move(hook); }

  Status put_if_absent(std::string_view name, std::string_view bytes) override {
    return call<Nothing>([&] { return inner_.put_if_absent(name, bytes); });
  }
  Result<std::string> get(std::string_view name) override {
    return call<std::string>([&] { return inner_.get(name); });
  }
  Result<std::string> get_range(std::string_view name, std::uint64_t offset,
                                std::uint64_t size) override {
    return call<std::string>([&] { return inner_.get_range(name, offset, size); });
  }
  Result<std::vector<std::string>> list(std::string_view prefix) override {
    return call<std::vector<std::string>>([&] { return inner_.list(prefix); });
  }
  Status remove(std::string_view name) override {
    return call<Nothing>([&] { return inner_.remove(name); });
  }
  std::string uri() const override { return inner_.uri(); }

 private:
  template <typename T, typename Call>
  Result<T> call(Call&& inner) {
    const int number = calls_++;
    if (hook_) hook_(number);
    const Error injected{Code::kUnavailable, "injected failure"};
    if (number != failing_call_) return inner();
    if (when_ == When::kBefore) return injected;
    static_cast<void>(inner());
    return injected;
  }

  BlobStore& inner_;
  int failing_call_;
  const When when_;
  std::atomic<int> calls_{0};
  std::function<void(int)> hook_;
};

}  // namespace penstock
