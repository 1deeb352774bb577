#pragma once

#include "operator/k8s/memory_api.h"
#include "operator/k8s/transport.h"
#include "runtime/base/guarded.h"

namespace penstock::k8s {

// A Transport straight into a MemoryApi. Any thread.
class MemoryTransport final : public Transport {
 public:
  explicit MemoryTransport(MemoryApi& api) : api_(api) {}

  Result<Response> call(const Request& request) override;
  Result<Response> stream(const Request& request, const OnLine& on_line,
                          const std::stop_token& stop) override;
  void rotate() override {}
  RequestCounts counts() const override;

 private:
  MemoryApi& api_;
  Guarded<RequestCounts> counts_;
};

}  // namespace penstock::k8s
