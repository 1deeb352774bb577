#pragma once

#include <algorithm>

#include "operator/k8s/transport.h"
#include "runtime/base/clock.h"
#include "runtime/base/guarded.h"

namespace penstock::k8s {

// Leaves the server alone for as long as it asked for with a Retry-After: until then calls are
// kUnavailable here and never reach it. Nobody waits in a call, so that a worker can do what needs
// no request, and what failed comes back by its own back-off. Streams pass: who opens them waits
// himself. Any thread.
class PoliteTransport final : public Transport {
 public:
  // Both outlive it.
  PoliteTransport(Transport& inner, Clock& clock) : inner_(inner), clock_(clock) {}

  Result<Response> call(const Request& request) override {
    const Duration now = clock_.monotonic();
    const Duration until = until_.with([](Duration last) { return last; });
    if (now < until) {
      return Error{Code::kUnavailable,
                   "the API server asked to be left alone for a while; nothing was sent"};
    }
    Result<Response> response = inner_.call(request);
    if (response && response->retry_after > Duration{0}) {
      until_.with([&](Duration& last) { last = std::max(last, now + response->retry_after); });
    }
    return response;
  }
  Result<Response> stream(const Request& request, const OnLine& on_line,
                          const std::stop_token& stop) override {
    return inner_.stream(request, on_line, stop);
  }
  void rotate() override { inner_.rotate(); }
  RequestCounts counts() const override { return inner_.counts(); }

 private:
  Transport& inner_;
  Clock& clock_;
  Guarded<Duration> until_{Duration{0}};  // monotonic
};

}  // namespace penstock::k8s
