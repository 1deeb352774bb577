#include "runtime/job/attempt.h"

#include <algorithm>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/base/overloaded.h"
#include "runtime/base/units.h"

namespace penstock {
namespace {

constexpr Duration kLongestWait = std::chrono::seconds(1);

// The answer to an order to take over that has been carried out, or never could be.
Status runs_already(const JobShared& shared) {
  if (shared.options.follow) return ok();
  return Error{Code::kInvalid, "this process runs the job: it was not started to follow"};
}

}  // namespace

void Attempt::post(ExecMessage message) {
  messages_.with([&](auto& all) { all.push_back(std::move(message)); });
  shared_.gate.notify();
}

void Attempt::end(AttemptEnd how) {
  if (end_) return;
  how.progressed = progressed_;
  end_ = std::move(how);
}

void Attempt::fail(Error error, std::string operator_name, bool can_heal) {
  // What is wrong with the input or the job is wrong the next time too.
  if (error.code == Code::kInvalid) can_heal = false;
  end({.kind = error.code == Code::kConflict ? AttemptEnd::Kind::kSuperseded
                                             : AttemptEnd::Kind::kFailed,
       .operator_name = std::move(operator_name),
       .error = std::move(error),
       .can_heal = can_heal});
}

AttemptEnd Attempt::run(const std::stop_token& stop) {
  while (!end_) {
    if (stop.stop_requested()) {
      end({.kind = AttemptEnd::Kind::kDestroyed});
      break;
    }
    const Gate::Ticket ticket = shared_.gate.ticket();
    auto messages = messages_.with([](auto& all) { return std::exchange(all, {}); });
    for (Message& message : messages)
      std::visit(Overloaded{[this](ExecMessage& is) { handle(is); },
                            [this](Uploaded& is) { on_uploaded(is); }},
                 message);
    take_requests();
    if (!end_) decide();
    if (!end_ && messages.empty()) shared_.gate.wait(ticket, until_next(), stop);
  }
  const Error ended{Code::kUnavailable, "the job ended or starts again"};
  for (RescaleRequest& request : rescales_) request.done->set_value(ended);
  if (rescaling_)
    for (RescaleRequest& request : rescaling_->waiters) request.done->set_value(ended);
  for (CheckpointRequest& request : waiting_) request.done->set_value(ended);
  if (running_)
    for (CheckpointRequest& request : running_->waiters) request.done->set_value(ended);
  tell_hand_over(ended);
  if (end_->kind == AttemptEnd::Kind::kSuperseded) withdraw_unpublished();
  return std::move(*end_);
}

// What was prepared for a checkpoint that will never be published: the successor computes it again.
// It may have ended long ago, so nobody else would tidy up.
void Attempt::withdraw_unpublished() {
  deployment_->stop();
  auto messages = messages_.with([](auto& all) { return std::exchange(all, {}); });
  for (Message& message : messages)
    if (auto* told = std::get_if<ExecMessage>(&message)) handle(*told);
  for (const Output& output : outputs_) {
    Sink* sink = sink_of(deployment_->sinks(), output.record.operator_name);
    const auto withdrawn = sink->withdraw({output.record.text});
    if (!withdrawn)
      log::warning("uncommitted output was left",
                   {{"job", shared_.options.identity.name}, {"reason", withdrawn.error().message}});
  }
}

void Attempt::handle(ExecMessage& message) {
  std::visit(Overloaded{
                 [this](SubtaskAck& ack) { on_ack(ack); },
                 [this](SubtaskEnded& is) { ended_.insert({is.chain, is.subtask}); },
                 [this](SubtaskRescaled& is) { on_rescaled(is); },
                 [](SplitsSettled) {},  // decide() looks itself
                 [this](SubtaskFailed& is) { on_failed(is); },
             },
             message);
}

void Attempt::on_ack(SubtaskAck& ack) {
  for (PreparedOutput& output : ack.outputs)
    outputs_.push_back(
        {ack.checkpoint, {shared_.graph.at(output.sink).name, std::move(output.committable.text)}});
  if (!running_ || cycle_.id() != ack.checkpoint) return;
  running_->hold = std::max(running_->hold, ack.hold);
  const std::string& source =
      shared_.graph.at(deployment_->topology().chains[ack.chain.value].chain.operators.front())
          .name;
  for (Split& split : ack.splits)
    running_->splits.push_back(
        {source, std::move(split.id), std::move(split.position), split.watermark, split.finished});
  for (SubtaskAck::State& state : ack.states) {
    if (state.units.empty()) continue;
    cycle_.add_upload();
    uploader_->submit(
        Uploader::WriteUnits{.checkpoint = ack.checkpoint,
                             .operator_name = shared_.graph.at(state.operator_id).name,
                             .subtask = ack.subtask.value,
                             .units = std::move(state.units)});
  }
  cycle_.on_ack(ack.checkpoint);
}

void Attempt::on_rescaled(SubtaskRescaled& rescaled) {
  for (PreparedOutput& output : rescaled.outputs)
    outputs_.push_back(
        {next_id_, {shared_.graph.at(output.sink).name, std::move(output.committable.text)}});
  if (rescaled.retired) ended_.erase({rescaled.chain, rescaled.subtask});
  if (!rescaling_ || rescaling_->sequence != rescaled.sequence) return;
  ++rescaling_->reported;
  rescaling_->pause = std::max(rescaling_->pause, rescaled.pause);
}

void Attempt::on_failed(SubtaskFailed& failed) {
  if (!failed.out_of_memory) {
    fail(std::move(failed.error), std::move(failed.operator_name));
    return;
  }
  std::map<ChainId, std::uint64_t> bytes;
  for (const auto& [place, counters] : shared_.counters)
    bytes[place.first] += counters->state_bytes.load(std::memory_order_relaxed);
  const auto most = std::ranges::max_element(bytes, {}, [](const auto& is) { return is.second; });
  const std::string& name = deployment_->topology().chains[most->first.value].name;
  fail({Code::kUnavailable, "state memory is used up: " + format_bytes(shared_.memory.used()) +
                                " of " + format_bytes(shared_.memory.limit()) + "; operator " +
                                name + " holds most of it (" +
                                format_bytes(static_cast<std::int64_t>(most->second)) +
                                "): raise the state memory, or keep less state"},
       name, false);
}

void Attempt::on_uploaded(Uploaded& uploaded) {
  if (!running_ || cycle_.id() != uploaded.checkpoint) return;
  if (uploaded.error) {
    fail_checkpoint(*uploaded.error);
    return;
  }
  running_->bytes += uploaded.bytes;
  // A block that was copied replaces where it was carried over from.
  running_->written.insert(running_->written.end(), uploaded.blocks.begin(), uploaded.blocks.end());
  file_sizes_.merge(uploaded.file_sizes);
  cycle_.on_upload(uploaded.checkpoint);
}

void Attempt::take_requests() {
  auto requests = shared_.requests.with([](auto& all) { return all.take(); });
  for (JobRequest& request : requests)
    std::visit(Overloaded{
                   [this](RescaleRequest& is) { rescales_.push_back(std::move(is)); },
                   [this](CheckpointRequest& is) { waiting_.push_back(std::move(is)); },
                   [this](StopRequest& is) { on_stop(is); },
                   [this](HandOverRequest& is) { on_hand_over(is); },
                   [this](TakeOverRequest& is) { is.done->set_value(runs_already(shared_)); },
               },
               request);
}

void Attempt::on_stop(const StopRequest& request) {
  abandon_hand_over({Code::kUnavailable, "the job was told to stop instead"});
  shared_.report.with([](JobReport& report) { report.phase = "Stopping"; });
  if (request.mode == StopMode::kDrain) {
    if (std::exchange(draining_, true)) return;
    for (const auto& [id, splits] : deployment_->splits()) {
      if (auto status = splits->discover(); !status) return fail(status.error());
      splits->drain();
    }
    return;
  }
  if (stopping_) {  // asked twice: at once
    end({.kind = AttemptEnd::Kind::kStopped,
         .error = {Code::kCancelled, "stopped at once, without a last checkpoint"}});
    return;
  }
  stopping_ = true;
  leaving_ = request.mode == StopMode::kLeave;
  if (request.mode == StopMode::kSavepoint && !request.savepoint.empty())
    waiting_.push_back({.savepoint = request.savepoint,
                        .done = std::make_shared<std::promise<Result<CheckpointId>>>()});
}

// What to do next, given all that is known; each step returns here.
void Attempt::decide() {
  const Duration now = shared_.clock.monotonic();
  if (cycle_.running()) {
    if (cycle_.timed_out(now)) {
      const std::string after = format_duration(shared_.options.timeout);
      if (running_->publication)
        return fail(
            {Code::kUnavailable, "whether a checkpoint was published is not known after " + after});
      fail_checkpoint({Code::kUnavailable, "not complete after " + after});
    } else if (cycle_.complete() && now >= running_->retry_at) {
      complete_checkpoint();
    }
  }
  if (handing_over_) await_claim();
  if (end_) return;
  if (rescaling_ && rescaling_->reported == deployment_->participants() &&
      deployment_->splits_settled())
    finish_rescale();
  // One barrier at a time: a rescale waits for an aligning checkpoint, a checkpoint for moved
  // state.
  if (!rescaling_ && !rescales_.empty() && !cycle_.aligning() && !stopping_ && !stands_still())
    start_rescale();
  if (end_) return;
  if (!rescaling_ && !cycle_.running() && !stands_still()) {
    const bool over = all_ended() && now >= final_after_;
    if (over || stopping_ || handing_over_ || !waiting_.empty() ||
        (cycle_.due(now) && !all_ended()))
      start_checkpoint();
  }
  discover();
}

void Attempt::start_rescale() {
  RescaleRequest request = std::move(rescales_.front());
  rescales_.pop_front();
  const KeyGroupTable& current = deployment_->table();
  if (request.wanted == current.parallelism()) {
    request.done->set_value(ok());
    return;
  }
  const TablePlan plan = plan_table(current, request.wanted, {});
  rescaling_ = Rescaling{
      .sequence = ++sequence_,
      .from = current.parallelism().value,
      .moved = static_cast<std::uint32_t>(current.moves_to(plan.table).size()),
      .reason = request.reason.empty() ? plan.reason : request.reason + "; " + plan.reason,
      .began = request.at};
  shared_.wanted = request.wanted;
  shared_.report.with([&](JobReport& report) {
    report.phase = "Rescaling";
    report.wanted = request.wanted.value;
  });
  rescaling_->waiters.push_back(std::move(request));
  auto begun = deployment_->begin_rescale(plan.table, rescaling_->sequence, {next_id_.value - 1});
  if (!begun) fail(begun.error().within("rescale"));
}

void Attempt::finish_rescale() {
  deployment_->finish_rescale();
  Rescaling done = std::move(*rescaling_);
  rescaling_.reset();
  const std::uint32_t to = deployment_->table().parallelism().value;
  const Duration took = shared_.clock.monotonic() - done.began;
  publish_view();
  shared_.report.with([&](JobReport& report) {
    report.phase = "Running";
    report.running = to;
    report.table_version = deployment_->table().version();
    RescaleReport& rescales = report.rescales;
    ++rescales.count;
    rescales.at = shared_.clock.now();
    rescales.from = done.from;
    rescales.to = to;
    rescales.moved_groups = done.moved;
    rescales.longest_pause = done.pause;
    rescales.duration = took;
    rescales.reason = done.reason;
  });
  log::info("rescaled", {{"job", shared_.options.identity.name},
                         {"from", done.from},
                         {"to", to},
                         {"moved", done.moved},
                         {"pause", format_duration(done.pause)},
                         {"duration", format_duration(took)},
                         {"reason", done.reason}});
  for (RescaleRequest& waiter : done.waiters) waiter.done->set_value(ok());
}

void Attempt::discover() {
  const Duration now = shared_.clock.monotonic();
  for (auto& [id, at] : discover_at_) {
    if (now < at || draining_) continue;
    const auto& splits = deployment_->splits().at(id);
    if (auto status = splits->discover(); !status)
      return fail(status.error(), shared_.graph.operators[id].name);
    at = now + *splits->source().monitor_interval();
  }
}

Duration Attempt::until_next() const {
  const Duration now = shared_.clock.monotonic();
  Duration next = now + kLongestWait;
  if (cycle_.running())
    next = std::min(next, cycle_.complete() ? running_->retry_at : cycle_.deadline());
  else if (all_ended())
    next = std::min(next, final_after_);
  else
    next = std::min(next, cycle_.due_at());
  if (handing_over_ && handing_over_->step == HandingOver::Step::kWaiting)
    next = handing_over_->look_at;
  else if (stands_still())
    next = std::min(next, handing_over_->until);
  for (const auto& [id, at] : discover_at_)
    if (!draining_) next = std::min(next, at);
  return std::max(Duration(0), next - now);
}

}  // namespace penstock
