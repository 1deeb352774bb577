#pragma once

#include <ostream>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/bench/measurement.h"

namespace penstock::bench {

struct NexmarkSettings {
  std::string program;                           // the `penstock` that is measured
  std::string queries = "tests/golden/nexmark";  // folder of tables.sql, q0.sql, ...
  int runs = 5;
  double seconds = 12;  // of wall-clock time that a run should take: longer than a checkpoint
};

// `sql` with `option` of its first table set to `value`; kInvalid when the option does not stand
// there.
Result<std::string> with_option(std::string sql, const std::string& option,
                                const std::string& value);

// Events per CPU second of `penstock run`, whole process, with exactly-once checkpoints every 10 s;
// allocations per row; kernel ceilings measured between. `progress` gets a line per step.
Result<Measurements> bench_nexmark(const NexmarkSettings& settings, Clock& clock,
                                   std::ostream& progress);

// Process start to first row out of a small job.
Result<Measurements> bench_start(const std::string& program, int runs, Clock& clock,
                                 std::ostream& progress);

}  // namespace penstock::bench
