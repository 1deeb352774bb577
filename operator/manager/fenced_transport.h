#pragma once

#include <functional>
#include <utility>

#include "operator/k8s/transport.h"

namespace penstock {

// Passes reads on, and writes while `certain` holds; after that they are kCancelled here and never
// reach the server. It asks at the last moment, so that a process that slept through its Lease does
// not begin by writing. What was sent before is fenced by resourceVersions. Any thread.
class FencedTransport final : public k8s::Transport {
 public:
  // Both outlive it.
  FencedTransport(k8s::Transport& inner, std::function<bool()> certain)
      : inner_(inner), certain_(std::move(certain)) {}

  Result<k8s::Response> call(const k8s::Request& request) override {
    if (request.method != "GET" && !certain_())
      return Error{Code::kCancelled, "another operator may lead by now; nothing was written"};
    return inner_.call(request);
  }
  Result<k8s::Response> stream(const k8s::Request& request, const OnLine& on_line,
                               const std::stop_token& stop) override {
    return inner_.stream(request, on_line, stop);
  }
  void rotate() override { inner_.rotate(); }
  k8s::RequestCounts counts() const override { return inner_.counts(); }

 private:
  k8s::Transport& inner_;
  const std::function<bool()> certain_;
};

}  // namespace penstock
