#include "tests/component/number_job.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/sql/compile.h"

namespace penstock::test {

const char* const kJob = R"(
CREATE TABLE a (k BIGINT, id BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'datagen', 'number-of-rows' = '1');
CREATE TABLE b (k BIGINT, id BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'datagen', 'number-of-rows' = '1');
CREATE TABLE pairs (k BIGINT, a_id BIGINT, b_id BIGINT) WITH ('connector' = 'blackhole');
CREATE TABLE windows (k BIGINT, n BIGINT, w TIMESTAMP(3)) WITH ('connector' = 'blackhole');
INSERT INTO pairs SELECT a.k, a.id, b.id FROM a JOIN b ON a.k = b.k AND a.id = b.id;
INSERT INTO windows SELECT k, COUNT(*), window_start
  FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY k, window_start, window_end;
)";

const char* const kOtherJob = R"(
CREATE TABLE a (k BIGINT, id BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
  WITH ('connector' = 'datagen', 'number-of-rows' = '1');
CREATE TABLE pairs (k BIGINT, a_id BIGINT, b_id BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO pairs SELECT k, id, id FROM a;
)";

StreamGraph graph_of(const char* text) {
  auto graph = sql::compile(text).to_result();
  EXPECT_TRUE(graph) << graph.error().message;
  return std::move(graph).value();
}

std::vector<std::string> expected_rows(const Numbers& numbers) {
  std::vector<std::string> rows;
  std::map<std::pair<std::uint64_t, std::uint64_t>, int> windows;
  for (std::uint64_t g = 0; g < numbers.rows(); ++g) {
    const std::uint64_t k = g * 7919 % numbers.keys;
    rows.push_back("pairs|" + std::to_string(k) + "|" + std::to_string(g) + "|" +
                   std::to_string(g));
    ++windows[{k, g * 100 / 10'000 * 10'000}];
  }
  for (const auto& [window, count] : windows)
    rows.push_back("windows|" + std::to_string(window.first) + "|" + std::to_string(count) + "|" +
                   std::to_string(window.second));
  std::ranges::sort(rows);
  return rows;
}

// Only the first differences: thousands of rows help nobody.
void expect_exact(World& world) {
  const auto want = expected_rows(world.numbers);
  const auto got = world.sorted_rows();
  std::vector<std::string> missing, extra;
  std::ranges::set_difference(want, got, std::back_inserter(missing));
  std::ranges::set_difference(got, want, std::back_inserter(extra));
  EXPECT_EQ(got.size(), want.size());
  EXPECT_TRUE(missing.empty()) << missing.size() << " missing, the first " << missing[0];
  EXPECT_TRUE(extra.empty()) << extra.size() << " too many, the first " << extra[0];
}

JobOptions options_of(std::uint32_t parallelism) {
  JobOptions options;
  options.identity.name = "test";
  options.parallelism = {parallelism};
  options.parallelism_is_explicit = true;
  options.key_groups = 48;
  options.checkpoints = "memory";
  options.interval = std::chrono::milliseconds(20);
  options.restart.initial_delay = std::chrono::milliseconds(1);
  options.batch_rows = 64;
  return options;
}

std::unique_ptr<Job> start(World& world, const JobOptions& options, Clock& clock) {
  auto job = start_job(graph_of(kJob), options, factories_of(world), store_of(world), clock);
  EXPECT_TRUE(job) << job.error().message;
  return job ? std::move(*job) : nullptr;
}

void flow_until(World& world, Job& job, std::uint64_t rows) {
  world.released = rows;
  SystemClock clock;
  for (;;) {
    const JobReport report = job.report();
    std::uint64_t least = UINT64_MAX;
    for (const ChainReport& chain : report.chains) {
      std::uint64_t read = 0;
      for (const SubtaskReport& subtask : chain.subtasks) read += subtask.rows_in;
      if (chain.source) least = std::min(least, read);
    }
    if (least >= rows || report.ending) return;
    clock.sleep(std::chrono::milliseconds(1), {});
  }
}

}  // namespace penstock::test
