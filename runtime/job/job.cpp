#include "runtime/job/job.h"

#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/base/overloaded.h"
#include "runtime/base/random.h"
#include "runtime/job/attempt.h"
#include "runtime/job/cpu_quota.h"
#include "runtime/job/dispose.h"
#include "runtime/job/follower.h"
#include "runtime/job/restart.h"
#include "runtime/job/shared.h"
#include "runtime/job/start.h"

namespace penstock {
namespace {

constexpr std::size_t kFailuresKept = 16;

class RunningJob final : public Job {
 public:
  RunningJob(StreamGraph graph, JobOptions options, Factories factories, OpenStore open_store,
             OpenPeer open_peer, Clock& clock)
      : shared_(std::move(graph), std::move(options), std::move(factories), std::move(open_store),
                std::move(open_peer), clock) {
    shared_.report.with([&](JobReport& report) {
      report.job = shared_.options.identity.name;
      report.uid = shared_.options.identity.uid;
      report.phase = "Starting";
      report.started_at = shared_.clock.now();
      report.cpu_millis = cpu_quota_millis();
      report.wanted = shared_.options.parallelism.value;
    });
  }
  ~RunningJob() override {
    thread_.request_stop();
    shared_.gate.notify();
    if (thread_.joinable()) thread_.join();
  }

  Status begin(const std::string& address) override;
  JobReport report() override;
  Status rescale(Parallelism wanted, std::string reason) override;
  Result<CheckpointId> checkpoint() override { return ask_checkpoint(std::nullopt); }
  Result<CheckpointId> savepoint(const std::string& uri) override;
  Result<CheckpointId> hand_over() override;
  Status take_over(bool now) override;
  Status dispose(const std::string& uri) override {
    return dispose_savepoint(uri, shared_.options.identity, report().log_id);
  }
  Status stop(StopMode mode, const std::string& savepoint_uri) override;
  Ending wait() override { return ended_.get(); }
  std::optional<Ending> ending() override {
    return shared_.report.with([](const JobReport& report) { return report.ending; });
  }

 private:
  void run(const std::stop_token& stop);
  std::optional<Ending> follow(const std::stop_token& stop);
  std::optional<Ending> after(const AttemptEnd& end, const std::stop_token& stop);
  std::optional<Ending> try_again(const AttemptEnd& end, const std::stop_token& stop);
  bool wait_to_restart(Duration delay, const std::stop_token& stop);
  void finish(Ending ending);
  void close(const Error& why);
  Result<CheckpointId> ask_checkpoint(std::optional<std::string> savepoint);
  Status ask(JobRequest request);  // kUnavailable: it has ended

  JobShared shared_;
  std::unique_ptr<Follower> follower_;  // the thread's
  std::unique_ptr<Attempt> attempt_;    // the thread's
  std::atomic<Millis> moved_since_{0};  // see Followed
  int failures_ = 0;                    // in a row
  std::promise<Ending> end_;
  std::shared_future<Ending> ended_ = end_.get_future().share();
  std::jthread thread_;
};

Status RunningJob::begin(const std::string& address) {
  shared_.address = address;
  Random random(static_cast<std::uint64_t>(shared_.clock.now()) * 31 +
                static_cast<std::uint64_t>(::getpid()));
  constexpr char kDigits[] = "0123456789abcdef";
  for (int i = 0; i < 16; ++i) shared_.local_log_id += kDigits[random.below(16)];
  log::info("start", {{"job", shared_.options.identity.name},
                      {"checkpoints", shared_.options.checkpoints.value_or("none")}});
  Status begun = ok();
  if (shared_.options.follow) {
    auto follower = Follower::make(shared_);
    if (follower)
      follower_ = std::move(*follower);
    else
      begun = follower.error();
  } else {
    auto attempt = Attempt::make(shared_);
    if (attempt)
      attempt_ = std::move(*attempt);
    else
      begun = attempt.error();
  }
  if (!begun) {
    close({Code::kUnavailable, "the job could not start"});
    return begun;
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return ok();
}

void RunningJob::run(const std::stop_token& stop) {
  std::optional<Ending> ending;
  if (follower_ != nullptr) ending = follow(stop);
  while (!ending) {
    const AttemptEnd end = attempt_->run(stop);
    attempt_.reset();
    ending = after(end, stop);
  }
  finish(std::move(*ending));
}

std::optional<Ending> RunningJob::after(const AttemptEnd& end, const std::stop_token& stop) {
  using Kind = Ending::Kind;
  switch (end.kind) {
    case AttemptEnd::Kind::kFinished:
      return Ending{Kind::kFinished, "InputEnded", "all input has been processed"};
    case AttemptEnd::Kind::kStopped:
      return Ending{
          Kind::kStopped, "Stopped",
          end.error.message.empty() ? "stopped after a last checkpoint" : end.error.message};
    case AttemptEnd::Kind::kHandedOver:
      return Ending{Kind::kStopped, "HandedOver", end.error.message};
    case AttemptEnd::Kind::kSuperseded:
      return Ending{Kind::kSuperseded, "Superseded", end.error.message};
    case AttemptEnd::Kind::kDestroyed:
      return Ending{Kind::kStopped, "Stopped", "stopped at once, without a last checkpoint"};
    case AttemptEnd::Kind::kFailed:
      break;
  }
  if (end.progressed) failures_ = 0;
  return try_again(end, stop);
}

// Counts the failure and, while the policy allows, starts another attempt.
std::optional<Ending> RunningJob::try_again(const AttemptEnd& end, const std::stop_token& stop) {
  AttemptEnd failed = end;
  for (;;) {
    ++failures_;
    const std::string& message = failed.error.message;
    log::error("attempt failed", {{"job", shared_.options.identity.name},
                                  {"operator", failed.operator_name},
                                  {"code", to_string(failed.error.code)},
                                  {"reason", message}});
    shared_.report.with([&](JobReport& report) {
      report.failures.push_back({shared_.clock.now(), failed.operator_name, message});
      if (report.failures.size() > kFailuresKept) report.failures.erase(report.failures.begin());
      report.phase = "Restarting";
      report.running = 0;
    });
    const std::string where =
        failed.operator_name.empty() ? message : failed.operator_name + ": " + message;
    if (!failed.can_heal) return Ending{Ending::Kind::kFailed, "CannotHeal", where};
    const RestartDecision decision = decide_restart(shared_.options.restart, failures_);
    if (!decision.again) return Ending{Ending::Kind::kFailed, "RestartsExhausted", where};
    if (!wait_to_restart(decision.delay, stop))
      return Ending{Ending::Kind::kStopped, "Stopped",
                    "stopped while waiting to restart after: " + where};
    shared_.report.with([](JobReport& report) { ++report.restarts; });
    auto next = Attempt::make(shared_);
    if (next) {
      attempt_ = std::move(*next);
      return std::nullopt;
    }
    failed = {.error = next.error(), .can_heal = next.error().code != Code::kInvalid};
    if (next.error().code == Code::kConflict)
      return Ending{Ending::Kind::kSuperseded, "Superseded", next.error().message};
  }
}

// Until it is this process's turn; an ending when it never is.
std::optional<Ending> RunningJob::follow(const std::stop_token& stop) {
  Follower::End end = follower_->run(stop);
  follower_.reset();
  std::optional<Ending> ending = std::move(end.ending);
  if (!ending) {
    // Before it runs: who sees it running sees from whom it came.
    moved_since_ = end.followed->since;
    shared_.report.with([&](JobReport& report) {
      report.move = MoveReport{
          .at = shared_.clock.now(), .from = end.followed->from, .reason = end.followed->reason};
    });
    shared_.followed = std::move(end.followed);
    auto attempt = Attempt::make(shared_);
    if (attempt)
      attempt_ = std::move(*attempt);
    else
      ending = try_again(
          {.error = attempt.error(), .can_heal = attempt.error().code != Code::kInvalid}, stop);
  }
  for (TakeOverRequest& waiter : end.waiters)
    waiter.done->set_value(
        ending ? Status(Error{Code::kUnavailable, "it has ended: " + ending->message}) : ok());
  return ending;
}

// False when the job was stopped in the meantime. A rescale asked for now is how the next attempt
// starts; a drain is for the next attempt too, since there is input left.
bool RunningJob::wait_to_restart(Duration delay, const std::stop_token& stop) {
  const Duration until = shared_.clock.monotonic() + delay;
  bool stopped = false, drain = false;
  while (!stopped && !stop.stop_requested()) {
    const Gate::Ticket ticket = shared_.gate.ticket();
    const Error restarting{Code::kUnavailable, "the job is restarting"};
    auto requests = shared_.requests.with([](auto& all) { return all.take(); });
    for (JobRequest& request : requests) {
      if (const auto* rescale = std::get_if<RescaleRequest>(&request))
        shared_.wanted = rescale->wanted;
      if (const auto* is = std::get_if<StopRequest>(&request))
        (is->mode == StopMode::kDrain ? drain : stopped) = true;
      refuse(request, restarting);
    }
    const Duration left = until - shared_.clock.monotonic();
    if (stopped || left <= Duration(0)) break;
    shared_.gate.wait(ticket, left, stop);
  }
  if (drain && !stopped) (void)ask(StopRequest{StopMode::kDrain, ""});
  return !stopped && !stop.stop_requested();
}

void RunningJob::finish(Ending ending) {
  shared_.report.with([&](JobReport& report) {
    report.phase = "Ended";
    report.running = 0;
    report.ending = ending;
  });
  close({Code::kUnavailable, "the job has ended"});
  const JobTotals totals = total(report());
  log::info("ended", {{"job", shared_.options.identity.name},
                      {"ending", to_string(ending.kind)},
                      {"reason", ending.reason},
                      {"message", ending.message},
                      {"rowsIn", totals.rows_in},
                      {"rowsOut", totals.rows_out},
                      {"lateRows", totals.late_rows},
                      {"undecodableRows", totals.undecodable_rows}});
  end_.set_value(std::move(ending));
}

// Nobody answers any more.
void RunningJob::close(const Error& why) {
  auto requests = shared_.requests.with([](auto& all) {
    all.closed = true;
    return all.take();
  });
  for (JobRequest& request : requests) refuse(request, why);
}

Status RunningJob::ask(JobRequest request) {
  const bool taken = shared_.requests.with([&](auto& all) {
    if (!all.closed) all.waiting.push_back(std::move(request));
    return !all.closed;
  });
  if (!taken) return Error{Code::kUnavailable, "the job has ended"};
  shared_.gate.notify();
  return ok();
}

Status RunningJob::rescale(Parallelism wanted, std::string reason) {
  if (wanted.value == 0 || wanted.value > shared_.options.key_groups)
    return Error{Code::kInvalid, "parallelism is from 1 to the number of key groups (" +
                                     std::to_string(shared_.options.key_groups) + "), not " +
                                     std::to_string(wanted.value)};
  auto done = std::make_shared<std::promise<Status>>();
  auto outcome = done->get_future();
  TRY(ask(RescaleRequest{wanted, std::move(reason), shared_.clock.monotonic(), std::move(done)}));
  return outcome.get();
}

Result<CheckpointId> RunningJob::ask_checkpoint(std::optional<std::string> savepoint) {
  auto done = std::make_shared<std::promise<Result<CheckpointId>>>();
  auto outcome = done->get_future();
  TRY(ask(CheckpointRequest{std::move(savepoint), std::move(done)}));
  return outcome.get();
}

Result<CheckpointId> RunningJob::savepoint(const std::string& uri) {
  if (!shared_.options.checkpoints)
    return Error{Code::kInvalid, "a savepoint needs a job with a checkpoint directory"};
  return ask_checkpoint(uri);
}

Result<CheckpointId> RunningJob::hand_over() {
  if (!shared_.options.checkpoints)
    return Error{Code::kInvalid, "a job without a checkpoint directory cannot be handed over"};
  auto done = std::make_shared<std::promise<Result<CheckpointId>>>();
  auto outcome = done->get_future();
  TRY(ask(HandOverRequest{std::move(done)}));
  return outcome.get();
}

Status RunningJob::take_over(bool now) {
  auto done = std::make_shared<std::promise<Status>>();
  auto outcome = done->get_future();
  TRY(ask(TakeOverRequest{now, std::move(done)}));
  return outcome.get();
}

Status RunningJob::stop(StopMode mode, const std::string& savepoint_uri) {
  if (mode == StopMode::kSavepoint && !shared_.options.checkpoints)
    return Error{Code::kInvalid, "a savepoint needs a job with a checkpoint directory"};
  (void)ask(StopRequest{mode, savepoint_uri});  // one that has ended has stopped
  return ok();
}

JobReport RunningJob::report() {
  JobReport report = shared_.report.with([](const JobReport& current) { return current; });
  report.at = shared_.clock.now();
  report.state_bytes = shared_.memory.used();
  report.state_limit = shared_.memory.limit();
  const auto view = shared_.view.with([](const auto& current) { return current; });
  if (view != nullptr)
    for (const ReportView::ChainView& chain : view->chains)
      report.chains.push_back(report_chain(chain));
  if (report.move && view != nullptr) {
    const Millis until = first_read(*view).value_or(report.move->at);
    report.move->pause = std::chrono::milliseconds(std::max<Millis>(0, until - moved_since_));
  }
  return report;
}

}  // namespace

Result<std::unique_ptr<Job>> make_job(StreamGraph graph, JobOptions options, Factories factories,
                                      OpenStore open_store, Clock& clock, OpenPeer open_peer) {
  if (options.follow && !options.checkpoints)
    return Error{Code::kInvalid, "a follower wants the job's checkpoint directory (--checkpoints)"};
  if (options.follow && options.from != JobOptions::From::kLatest)
    return Error{Code::kInvalid, "a follower starts from the latest checkpoint, not from another"};
  if (options.key_groups == 0 || options.parallelism.value == 0 ||
      options.parallelism.value > options.key_groups)
    return Error{Code::kInvalid, "parallelism is from 1 to the number of key groups (" +
                                     std::to_string(options.key_groups) + "), not " +
                                     std::to_string(options.parallelism.value)};
  return std::unique_ptr<Job>(
      std::make_unique<RunningJob>(std::move(graph), std::move(options), std::move(factories),
                                   std::move(open_store), std::move(open_peer), clock));
}

Result<std::unique_ptr<Job>> start_job(StreamGraph graph, JobOptions options, Factories factories,
                                       OpenStore open_store, Clock& clock) {
  TRY_ASSIGN(auto job, make_job(std::move(graph), std::move(options), std::move(factories),
                                std::move(open_store), clock));
  TRY(job->begin());
  return job;
}

std::string_view to_string(Ending::Kind kind) {
  switch (kind) {
    case Ending::Kind::kFinished:
      return "Finished";
    case Ending::Kind::kFailed:
      return "Failed";
    case Ending::Kind::kStopped:
      return "Stopped";
    case Ending::Kind::kSuperseded:
      return "Superseded";
  }
  return "";
}

}  // namespace penstock
