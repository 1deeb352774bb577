#include "runtime/bench/load_job.h"

#include "runtime/exec/operator.h"
#include "runtime/job/start.h"
#include "runtime/sql/compile.h"

namespace penstock::bench {
namespace {

// The connectors named here only make the text compile; the factories below decide.
constexpr char kJob[] = R"(
CREATE TABLE keyed_load (k BIGINT, due BIGINT) WITH ('connector' = 'datagen');
CREATE TABLE latest (k BIGINT, due BIGINT, n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO latest SELECT k, MAX(due), COUNT(*) FROM keyed_load GROUP BY k;
)";

std::uint64_t rows_read(Job& job) {
  std::uint64_t rows = 0;
  for (const ChainReport& chain : job.report().chains)
    if (chain.source)
      for (const SubtaskReport& subtask : chain.subtasks) rows += subtask.rows_in;
  return rows;
}

}  // namespace

Result<std::unique_ptr<Job>> make_load_job(const LoadJob& settings, LatencyLog& log, Clock& clock) {
  TRY_ASSIGN(StreamGraph graph, sql::compile(kJob).to_result());
  JobOptions options;
  options.identity.name = "load";
  options.parallelism = settings.parallelism;
  options.parallelism_is_explicit = true;
  options.key_groups = kKeyGroups;
  options.checkpoints = settings.checkpoints;
  options.interval = std::chrono::hours(1);
  options.state_memory = settings.state_memory;
  options.follow = settings.follow;
  Factories factories{
      .source = [load = settings.load](const SourceSpec&, Clock& time)
          -> Result<std::unique_ptr<Source>> { return make_keyed_load(load, time); },
      .sink = [&log](const SinkSpec&, Clock& time) -> Result<std::unique_ptr<Sink>> {
        return make_latency_sink(log, kKeyGroups, time);
      },
      .operate = make_operator};
  return make_job(std::move(graph), options, std::move(factories), open_blob_store, clock);
}

Result<std::unique_ptr<Job>> start_load_job(const LoadJob& settings, LatencyLog& log,
                                            Clock& clock) {
  TRY_ASSIGN(auto job, make_load_job(settings, log, clock));
  TRY(job->begin());
  while (rows_read(*job) < settings.load.keys) {
    if (const auto ending = job->ending()) return Error{Code::kInternal, ending->message};
    clock.sleep(std::chrono::milliseconds(20), {});
  }
  return job;
}

std::uint64_t rows_behind(Job& job) {
  std::uint64_t rows = 0;
  for (const ChainReport& chain : job.report().chains) rows += chain.behind.value_or(0);
  return rows;
}

}  // namespace penstock::bench
