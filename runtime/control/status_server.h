#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/job/job.h"
#include "runtime/metrics/registry.h"

namespace penstock {

// What a job tells over plain HTTP: /healthz (the process answers), /readyz (it processes, it has
// not only started) and /metrics. Serves from start() until it is destroyed; nothing can be changed
// through it.
class StatusServer {
 public:
  // `address` is HOST:PORT; port 0 takes a free one. `job` outlives the server. kInvalid for an
  // address that is none, kUnavailable when the port is in use.
  static Result<std::unique_ptr<StatusServer>> start(Job& job, const std::string& address);
  virtual ~StatusServer() = default;
  virtual std::uint16_t port() const = 0;
};

// The report as metric families, penstock_job_*; labels are job, chain and subtask. Pure.
std::vector<metrics::Family> to_families(const JobReport& report);

}  // namespace penstock
