#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/metrics/registry.h"

namespace penstock {

// One thing that has to hold. Answers nothing when it does, else why not. Any thread; must not
// block.
struct HealthCheck {
  std::string name;
  std::function<std::string()> problem;
};

struct HealthAnswer {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

// What GET of `target` answers: /healthz and /readyz (with ?verbose, or /readyz/NAME for one
// check), /metrics, 404 otherwise.
HealthAnswer answer_health(std::string_view target, const std::vector<HealthCheck>& alive,
                           const std::vector<HealthCheck>& ready, const metrics::Registry& metrics);

// Serves that over plain HTTP.
class HealthServer {
 public:
  // `address`: "127.0.0.1:8081" or ":8081" (all addresses); port 0 takes a free one. The registry
  // outlives the server. kInvalid for an address that is none, kUnavailable when it is in use.
  static Result<std::unique_ptr<HealthServer>> start(const std::string& address,
                                                     std::vector<HealthCheck> alive,
                                                     std::vector<HealthCheck> ready,
                                                     const metrics::Registry& metrics);
  virtual ~HealthServer() = default;
  virtual std::uint16_t port() const = 0;
};

}  // namespace penstock
