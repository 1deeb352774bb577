// penstock run: one job in this process, until it ends.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "runtime/arguments.h"
#include "runtime/base/log.h"
#include "runtime/base/units.h"
#include "runtime/commands.h"
#include "runtime/control/server.h"
#include "runtime/control/status_server.h"
#include "runtime/job_file.h"

namespace penstock {
namespace {

constexpr char kUse[] =
    "penstock run FILE [--parallelism N] [--checkpoints URI] [--interval 10s] "
    "[--from latest|none|URI [--start NAME]] [--follow] "
    "[--control HOST:PORT [--control-certificates DIR]] "
    "[--http HOST:PORT] [--termination-message FILE] [--json]";

// What the command line says wins over the file.
Status apply(const Arguments& arguments, JobOptions& options) {
  if (const auto text = arguments.get("parallelism")) {
    std::istringstream stream(*text);
    long long number = 0;
    if (!(stream >> number) || !stream.eof() || number < 1 || number > 32768)
      return Error{Code::kInvalid, "--parallelism is a number from 1, not " + *text};
    options.parallelism = {static_cast<std::uint32_t>(number)};
    options.parallelism_is_explicit = true;
  }
  if (const auto uri = arguments.get("checkpoints")) options.checkpoints = *uri;
  if (const auto text = arguments.get("interval")) {
    TRY_ASSIGN(options.interval, parse_duration(*text));
    if (options.interval <= Duration(0))
      return Error{Code::kInvalid, "--interval is longer than nothing"};
  }
  options.follow = arguments.has("follow");
  if (const auto from = arguments.get("from")) {
    options.from = *from == "latest" ? JobOptions::From::kLatest
                   : *from == "none" ? JobOptions::From::kNone
                                     : JobOptions::From::kUri;
    if (options.from == JobOptions::From::kUri) options.from_uri = *from;
  }
  if (const auto name = arguments.get("start")) options.start_name = *name;
  return ok();
}

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// Turns the first signal into a stop with a last checkpoint and the second into one at once: of
// this process, a follower takes the job over. The signals are blocked in all threads.
void watch_signals(const std::stop_token& stop, Job& job, std::atomic<int>& seen) {
  const sigset_t set = stop_signals();
  const timespec pause{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (!stop.stop_requested()) {
    if (sigtimedwait(&set, nullptr, &pause) < 0) continue;
    ++seen;
    static_cast<void>(job.stop(StopMode::kLeave, ""));
  }
}

// One line a second on a terminal, over itself.
void show_progress(const std::stop_token& stop, Job& job, Clock& clock) {
  std::uint64_t before = 0;
  while (clock.sleep(std::chrono::seconds(1), stop)) {
    const JobReport report = job.report();
    const JobTotals totals = total(report);
    std::ostringstream line;
    line << "\r" << report.phase << "  " << totals.rows_in << " rows in  " << totals.rows_out
         << " rows out  " << (totals.rows_in - std::min(before, totals.rows_in)) << " rows/s  "
         << report.running << " slots  " << report.checkpoints.completed << " checkpoints\x1b[K";
    before = totals.rows_in;
    std::cerr << line.str() << std::flush;
  }
  std::cerr << "\r\x1b[K" << std::flush;
}

std::string ending_json(const Ending& ending) {
  return "{\"kind\": " + log::quote_json(to_string(ending.kind)) +
         ", \"reason\": " + log::quote_json(ending.reason) +
         ", \"message\": " + log::quote_json(ending.message) + "}";
}

void print_summary(const JobReport& report, const Ending& ending, double seconds, bool json) {
  const JobTotals totals = total(report);
  std::ostringstream line;
  line.setf(std::ios::fixed);
  line.precision(3);
  if (json)
    line << "{\"job\": " << log::quote_json(report.job) << ", \"ending\": " << ending_json(ending)
         << ", \"rows_in\": " << totals.rows_in << ", \"rows_out\": " << totals.rows_out
         << ", \"late_rows\": " << totals.late_rows
         << ", \"undecodable_rows\": " << totals.undecodable_rows << ", \"seconds\": " << seconds
         << ", \"checkpoints\": " << report.checkpoints.completed
         << ", \"restarts\": " << report.restarts << "}";
  else
    line << report.job << ": " << to_string(ending.kind) << " (" << ending.message << "), "
         << totals.rows_in << " rows in, " << totals.rows_out << " rows out, " << totals.late_rows
         << " late, " << seconds << " seconds";
  if (!json && totals.undecodable_rows > 0)
    line << "; " << totals.undecodable_rows << " rows could not be decoded and were skipped";
  std::cout << line.str() << std::endl;
}

int exit_code(const Ending& ending, int signals) {
  if (signals > 1) return 130;
  return ending.kind == Ending::Kind::kFinished || ending.kind == Ending::Kind::kStopped ? 0 : 1;
}

// With a termination message the file tells how the job ended, not the exit code: a kubelet would
// restart it.
int leave(const Arguments& arguments, const Ending& ending, int code) {
  const auto path = arguments.get("termination-message");
  if (!path) return code;
  std::ofstream file(*path, std::ios::binary | std::ios::trunc);
  if (!(file << ending_json(ending) << "\n") || !file.flush())
    return complain("run", "cannot write " + *path, code == 0 ? 1 : code);
  return 0;
}

// What may be right the next time (a full disk, a port in use) is no ending of a Pod's job: its
// process fails, and the kubelet starts another one, later and later.
int cannot_run(const Arguments& arguments, const Error& error) {
  complain("run", error.message, 2);
  const auto path = arguments.get("termination-message");
  if (!path || error.code != Code::kUnavailable)
    return leave(arguments, {Ending::Kind::kFailed, "CannotRun", error.message}, 2);
  std::ofstream(*path, std::ios::binary | std::ios::trunc) << error.message << "\n";
  return 1;
}

Result<std::unique_ptr<Job>> make(const Arguments& arguments, Clock& clock) {
  TRY_ASSIGN(JobFile file, read_job_file(arguments.plain[0]));
  TRY(apply(arguments, file.options));
  TRY_ASSIGN(StreamGraph graph, compile_job(file));
  for (const std::string& warning : graph.warnings)
    log::warning("plan", {{"job", file.options.identity.name}, {"reason", warning}});
  return Job::make(std::move(graph), file.options, clock);
}

}  // namespace

int run_command(const std::vector<std::string>& words) {
  const auto arguments =
      parse_arguments(words,
                      {"parallelism", "checkpoints", "interval", "from", "start", "control",
                       "control-certificates", "http", "termination-message"},
                      {"follow", "json"});
  if (!arguments) return complain("run", arguments.error().message + "\n" + kUse, 2);
  if (arguments->plain.size() != 1)
    return complain("run", std::string("give one FILE\n") + kUse, 2);
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  SystemClock clock;
  const Duration began = clock.monotonic();
  auto job = make(*arguments, clock);
  if (!job) return cannot_run(*arguments, job.error());
  // Before the job begins: a process that cannot have its ports must not take the job from one that
  // runs.
  std::unique_ptr<ControlServer> control;
  if (const auto address = arguments->get("control")) {
    auto started = ControlServer::start(
        **job, clock,
        {.address = *address, .certificates = arguments->get("control-certificates").value_or("")});
    if (!started) return cannot_run(*arguments, started.error().within("--control"));
    control = std::move(*started);
    log::info("control", {{"address", control->address()}});
  }
  std::unique_ptr<StatusServer> status;
  if (const auto address = arguments->get("http")) {
    auto started = StatusServer::start(**job, *address);
    if (!started) return cannot_run(*arguments, started.error().within("--http"));
    status = std::move(*started);
  }
  const std::string control_address = control != nullptr ? control->address() : "";
  if (const auto begun = (*job)->begin(control_address); !begun)
    return cannot_run(*arguments, begun.error());
  std::atomic<int> seen{0};
  Ending ending;
  {
    std::jthread watcher([&](const std::stop_token& stop) { watch_signals(stop, **job, seen); });
    std::jthread progress;
    if (::isatty(STDERR_FILENO) != 0 && !arguments->has("json"))
      progress =
          std::jthread([&](const std::stop_token& stop) { show_progress(stop, **job, clock); });
    ending = (*job)->wait();
  }
  const std::chrono::duration<double> seconds = clock.monotonic() - began;
  print_summary((*job)->report(), ending, seconds.count(), arguments->has("json"));
  return leave(*arguments, ending, exit_code(ending, seen.load()));
}

}  // namespace penstock
