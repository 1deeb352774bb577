#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/job/job.h"
#include "tests/component/memory_connectors.h"

namespace penstock::test {

// A join and a window over the same numbers.
extern const char* const kJob;
// Of the same tables, with nothing that keeps state: what kJob has written does not fit.
extern const char* const kOtherJob;

StreamGraph graph_of(const char* text);

// The rows of kJob at the sinks, sorted.
std::vector<std::string> expected_rows(const Numbers& numbers);
void expect_exact(World& world);

// 48 key groups, a checkpoint every 20 ms, batches of 64 rows.
JobOptions options_of(std::uint32_t parallelism);
std::unique_ptr<Job> start(World& world, const JobOptions& options, Clock& clock);

// Releases `rows` of each split and waits until each source has delivered as many; one without a
// watermark reads a split at a time and would wait in its first one for more.
void flow_until(World& world, Job& job, std::uint64_t rows);

// Asks again and again, until it holds.
template <typename Holds>
void await(Holds&& holds) {
  SystemClock clock;
  while (!holds()) clock.sleep(std::chrono::milliseconds(1), {});
}

}  // namespace penstock::test
