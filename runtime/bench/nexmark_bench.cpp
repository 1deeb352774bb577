#include "runtime/bench/nexmark_bench.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/bench/child_run.h"
#include "runtime/bench/kernels.h"

namespace penstock::bench {
namespace {

struct Query {
  std::string name;
  double target = 0;               // events per CPU second
  std::uint64_t event_rate = 0;    // events per second of event time
  bool counts_allocations = true;  // once per query
};

// Nexmark names two rates: windows close a hundred times as often, per event, at the lower one,
// which is the harder of the two for q5.
std::vector<Query> queries() {
  return {{.name = "q0", .target = 4e6, .event_rate = 10'000},
          {.name = "q1", .target = 4e6, .event_rate = 10'000},
          {.name = "q2", .target = 4e6, .event_rate = 10'000},
          {.name = "q5", .target = 2.5e6, .event_rate = 10'000},
          {.name = "q5", .target = 2.5e6, .event_rate = 100'000, .counts_allocations = false},
          {.name = "q12", .target = 2.5e6, .event_rate = 10'000}};
}

constexpr std::uint64_t kTrialEvents = 4'000'000;
// Tables and queues grow for a while at first, so that what a row costs shows only after that.
constexpr std::uint64_t kFewEvents = 4'000'000, kManyEvents = 12'000'000;
constexpr double kBidShare = 46.0 / 50;

struct Runner {
  const NexmarkSettings& settings;
  Clock& clock;

  Result<ChildRun> run(const Query& query, std::uint64_t events,
                       const std::vector<std::string>& environment = {}) const {
    std::stringstream text;
    for (const std::string& name : {std::string("tables"), query.name}) {
      const std::string path = settings.queries + "/" + name + ".sql";
      std::ifstream file(path, std::ios::binary);
      if (!file || !(text << file.rdbuf()))
        return Error{Code::kNotFound,
                     "cannot read " + path + ": give the folder of the queries with --queries"};
    }
    TRY_ASSIGN(std::string sql,
               with_option(std::move(text).str(), "events.num", std::to_string(events)));
    for (const char* option : {"first-event.rate", "next-event.rate"}) {
      TRY_ASSIGN(sql, with_option(std::move(sql), option, std::to_string(query.event_rate)));
    }
    const TemporaryFolder folder;
    TRY(folder.write("job.sql", sql));
    return run_child({settings.program, "run", folder.path() + "/job.sql", "--checkpoints",
                      folder.path() + "/checkpoints", "--interval", "10s", "--json"},
                     environment, clock);
  }

  Result<double> allocations(const Query& query, std::uint64_t events) const {
    const TemporaryFolder folder;
    const std::string counted = folder.path() + "/allocations";
    const std::string library =
        std::filesystem::path(own_path()).replace_filename("libpenstock_count_allocations.so");
    if (!std::filesystem::exists(library))
      return Error{Code::kNotFound, "no " + library + ": build target penstock_count_allocations"};
    TRY(run(query, events, {"LD_PRELOAD=" + library, "PENSTOCK_ALLOCATIONS=" + counted}));
    std::ifstream file(counted);
    double number = 0;
    if (!(file >> number)) return Error{Code::kInternal, "no count in " + counted};
    return number;
  }
};

// The number behind "name": in a flat JSON text; 0 when it is not there.
double number_in(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"" + name + "\": ");
  double value = 0;
  if (at != std::string::npos)
    std::from_chars(json.data() + at + name.size() + 4, json.data() + json.size(), value);
  return value;
}

Result<Measurement> throughput(const Runner& runner, const Query& query, std::ostream& progress) {
  TRY_ASSIGN(const ChildRun trial, runner.run(query, kTrialEvents));
  const double millions = std::ceil(static_cast<double>(kTrialEvents) * runner.settings.seconds /
                                    trial.wall_seconds / 1e6);
  const std::uint64_t events = static_cast<std::uint64_t>(millions) * 1'000'000;
  std::vector<double> rates, walls;
  double checkpoints = 1e9, megabytes = 0;
  for (int i = 0; i < runner.settings.runs; ++i) {
    TRY_ASSIGN(const ChildRun run, runner.run(query, events));
    rates.push_back(static_cast<double>(events) / run.cpu_seconds);
    walls.push_back(static_cast<double>(events) / run.wall_seconds);
    checkpoints = std::min(checkpoints, number_in(run.output, "checkpoints"));
    megabytes = std::max(megabytes, run.peak_megabytes);
    progress << query.name << " at " << short_number(static_cast<double>(query.event_rate))
             << "/s, run " << i + 1 << " of " << runner.settings.runs << ": "
             << short_number(rates.back()) << " events per CPU second" << std::endl;
  }
  return Measurement{
      .name = query.name + ", " + short_number(static_cast<double>(query.event_rate)) +
              " events/s of event time",
      .value = median(rates),
      .unit = "events/CPU s",
      .target = Target{query.target},
      .note = short_number(static_cast<double>(events)) + " events, " +
              short_number(quantile(rates, 0)) + " to " + short_number(quantile(rates, 1)) +
              ", wall clock " + short_number(median(walls)) + "/s, at least " +
              short_number(checkpoints) + " checkpoints, " + short_number(megabytes) +
              " MB resident"};
}

// The difference of two runs, so that starting and ending do not count.
Result<Measurement> allocations(const Runner& runner, const Query& query) {
  TRY_ASSIGN(const double few, runner.allocations(query, kFewEvents));
  TRY_ASSIGN(const double many, runner.allocations(query, kManyEvents));
  const double rows = static_cast<double>(kManyEvents - kFewEvents) * kBidShare;
  return Measurement{.name = query.name + ", allocations per row",
                     .value = (many - few) / rows,
                     .unit = "",
                     .target = Target{0.01, false},
                     .note = "malloc, calloc, realloc and their like, per bid"};
}

}  // namespace

Result<std::string> with_option(std::string sql, const std::string& option,
                                const std::string& value) {
  const std::string quoted = "'" + option + "' = '";
  const std::size_t at = sql.find(quoted);
  const std::size_t end = at == std::string::npos ? at : sql.find('\'', at + quoted.size());
  if (end == std::string::npos)
    return Error{Code::kInvalid, "the query does not set option '" + option + "'"};
  return sql.replace(at + quoted.size(), end - at - quoted.size(), value);
}

Result<Measurements> bench_nexmark(const NexmarkSettings& settings, Clock& clock,
                                   std::ostream& progress) {
  const Runner runner{settings, clock};
  Measurements all;
  progress << "kernels" << std::endl;
  const std::vector<Kernel> kernels = run_kernels();
  for (const Query& query : queries()) {
    TRY_ASSIGN(Measurement rate, throughput(runner, query, progress));
    const double ceiling = ceiling_of(query.name, kernels);
    rate.note += "; kernels alone " + short_number(ceiling) + ", " +
                 short_number(ceiling / rate.value) + " times as fast";
    all.push_back(std::move(rate));
  }
  for (const Query& query : queries()) {
    if (!query.counts_allocations) continue;
    progress << query.name << ", allocations" << std::endl;
    TRY_ASSIGN(Measurement one, allocations(runner, query));
    all.push_back(std::move(one));
  }
  for (const Kernel& kernel : kernels)
    all.push_back({.name = "kernel: " + kernel.name,
                   .value = 1e9 / kernel.nanos,
                   .unit = "bids/CPU s",
                   .note = short_number(kernel.nanos) + " ns"});
  return all;
}

Result<Measurements> bench_start(const std::string& program, int runs, Clock& clock,
                                 std::ostream& progress) {
  static constexpr char kJob[] = R"(
CREATE TABLE t (event_type INT, bid ROW<auction BIGINT, price BIGINT>)
WITH ('connector' = 'nexmark', 'events.num' = '1000');
CREATE TABLE out (auction BIGINT, price BIGINT) WITH ('connector' = 'print');
INSERT INTO out SELECT bid.auction, bid.price FROM t WHERE event_type = 2;
)";
  const TemporaryFolder folder;
  TRY(folder.write("small.sql", kJob));
  std::vector<double> first, cpu;
  for (int i = 0; i < runs; ++i) {
    TRY_ASSIGN(const ChildRun run,
               run_child({program, "run", folder.path() + "/small.sql"}, {}, clock));
    first.push_back(run.first_output * 1000);
    cpu.push_back(run.cpu_seconds * 1000);
    progress << "start, run " << i + 1 << " of " << runs << ": " << short_number(first.back())
             << " ms" << std::endl;
  }
  return Measurements{{.name = "process start to first row out",
                       .value = median(first),
                       .unit = "ms",
                       .target = Target{100, false},
                       .note = "median of " + std::to_string(runs) + ", " +
                               short_number(quantile(first, 0)) + " to " +
                               short_number(quantile(first, 1)) + " ms; " +
                               short_number(median(cpu)) + " ms of CPU time in all"}};
}

}  // namespace penstock::bench
