#include "operator/k8s/memory_transport.h"

namespace penstock::k8s {

Result<Response> MemoryTransport::call(const Request& request) {
  const auto key = classify(request.method, request.target);
  counts_.with([&](RequestCounts& counts) { ++counts[key]; });
  return api_.handle(request);
}

Result<Response> MemoryTransport::stream(const Request& request, const OnLine& on_line,
                                         const std::stop_token& stop) {
  const auto key = classify(request.method, request.target);
  counts_.with([&](RequestCounts& counts) { ++counts[key]; });
  return api_.watch(request, on_line, stop);
}

RequestCounts MemoryTransport::counts() const {
  return counts_.with([](const RequestCounts& counts) { return counts; });
}

}  // namespace penstock::k8s
