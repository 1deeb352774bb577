#pragma once

#include <atomic>

#include "operator/k8s/transport.h"

namespace penstock::k8s {

// Fails the call numbered `fail_at` (from 0; streams are not counted) and passes on all others.
// `after` fails it after the server did it: the answer is lost. Any thread.
class FailingTransport final : public Transport {
 public:
  enum class When { kBefore, kAfter };
  FailingTransport(Transport& inner, int fail_at, When when)
      : inner_(inner), fail_at_(fail_at), when_(when) {}

  Result<Response> call(const Request& request) override {
    const bool fails = calls_++ == fail_at_;
    if (fails && when_ == When::kBefore) return Error{Code::kUnavailable, "injected"};
    Result<Response> response = inner_.call(request);
    if (fails) return Error{Code::kUnavailable, "injected after the fact"};
    return response;
  }
  Result<Response> stream(const Request& request, const OnLine& on_line,
                          const std::stop_token& stop) override {
    return inner_.stream(request, on_line, stop);
  }
  void rotate() override { inner_.rotate(); }
  RequestCounts counts() const override { return inner_.counts(); }

  int calls() const { return calls_; }

 private:
  Transport& inner_;
  const int fail_at_;
  const When when_;
  std::atomic<int> calls_{0};
};

}  // namespace penstock::k8s
