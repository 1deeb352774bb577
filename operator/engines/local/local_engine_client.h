#pragma once

#include <memory>
#include <string>

#include "operator/engines/engine_client.h"

namespace penstock {

struct LocalEngineOptions {
  // PEM texts, for targets with a server name; all three or none.
  std::string certificate, key, authority;
  std::size_t max_jobs = 1024;                     // followed at a time; more are refused, visibly
  Duration busy_period = std::chrono::seconds(1);  // of reports
  Duration calm_period = std::chrono::seconds(10);
  Duration silence = std::chrono::seconds(5);  // beyond the period: the job is unknown
  // After a lost connection; the first tries come sooner.
  Duration retry = std::chrono::seconds(1);
};

// EngineClient over gRPC to `penstock run`: one connection and one Watch stream per followed job,
// on gRPC's own threads.
std::unique_ptr<EngineClient> make_local_engine_client(Clock& clock,
                                                       LocalEngineOptions options = {});

}  // namespace penstock
