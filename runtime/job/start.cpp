// Binds a job to the real connectors, operators and stores.

#include "runtime/job/start.h"

#include "runtime/connectors/registry.h"
#include "runtime/exec/operator.h"

namespace penstock {

Result<std::unique_ptr<Job>> Job::make(StreamGraph graph, JobOptions options, Clock& clock) {
  return make_job(std::move(graph), std::move(options),
                  {.source = make_source, .sink = make_sink, .operate = make_operator},
                  open_blob_store, clock);
}

Result<std::unique_ptr<Job>> Job::start(StreamGraph graph, JobOptions options, Clock& clock) {
  TRY_ASSIGN(auto job, make(std::move(graph), std::move(options), clock));
  TRY(job->begin());
  return job;
}

}  // namespace penstock
