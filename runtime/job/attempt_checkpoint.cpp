// A checkpoint's way through an attempt: barriers, uploads, publication, commit, and what is no
// longer needed.

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/base/log.h"
#include "runtime/base/units.h"
#include "runtime/job/attempt.h"
#include "runtime/job/hand_over.h"
#include "runtime/job/state_files.h"

namespace penstock {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

}  // namespace

void Attempt::start_checkpoint() {
  const CheckpointId id = next_id_;
  ++next_id_.value;
  const KeyGroupTable& table = deployment_->table();
  running_ = Running{.started_at = shared_.clock.now(),
                     .final = all_ended(),
                     .last = stopping_,
                     .hands_over = handing_over_ && !stopping_ &&
                                   handing_over_->step == HandingOver::Step::kStopping,
                     .table = {.version = table.version(),
                               .parallelism = table.parallelism().value,
                               .owners = table.owners()},
                     .waiters = std::exchange(waiting_, {})};
  cycle_.begin(id, deployment_->subtasks(), shared_.clock.monotonic());
  if (keeps_state()) frozen_.store(1);
  ++sequence_;
  if (running_->hands_over) {
    handing_over_->sequence = sequence_;
    handing_over_->until = shared_.clock.monotonic() + kStandStill;
  }
  deployment_->announce(CheckpointBarrier{
      .id = id, .base = base_, .sequence = sequence_, .stands_still = running_->hands_over});
}

std::vector<std::string> Attempt::operator_names() const {
  std::vector<std::string> names;
  for (const OperatorNode& node : shared_.graph.operators) names.push_back(node.name);
  return names;
}

// Barriers have passed everywhere and all state is in the store.
void Attempt::complete_checkpoint() {
  if (!keeps_state()) return finish_checkpoint();
  if (!running_->publication) {
    const auto blocks = base_ == CheckpointId{}
                            ? running_->written
                            : carry_over(blocks_, running_->written, operator_names());
    auto sparse = sparse_blocks(blocks, file_sizes_);
    if (!sparse.empty() && !std::exchange(running_->compacted, true)) {
      cycle_.add_upload();
      uploader_->submit(Uploader::CopyBlocks{cycle_.id(), std::move(sparse)});
      return;
    }
    running_->publication = make_publication();
    running_->publication->blocks = blocks;
  }
  auto number = log_->publish(*running_->publication);
  if (!number && number.error().code == Code::kUnavailable) {
    // The same record again, until its fate is known: nothing else may happen before.
    running_->retry_at = shared_.clock.monotonic() + kRetry;
    return;
  }
  if (!number && number.error().code == Code::kCancelled) return fail_checkpoint(number.error());
  if (!number) return fail(number.error());
  history_.push_back({*number, *running_->publication});
  base_ = cycle_.id();
  blocks_ = running_->publication->blocks;
  finish_checkpoint();
}

PublicationRecord Attempt::make_publication() {
  PublicationRecord publication{.log_id = log_id_,
                                .epoch = epoch_,
                                .checkpoint = cycle_.id(),
                                .start = shared_.options.start_name,
                                .at = shared_.clock.now(),
                                .duration = shared_.clock.now() - running_->started_at,
                                .new_bytes = running_->bytes,
                                .states = describe_states(shared_.graph),
                                .splits = running_->splits,
                                .table = running_->table};
  if (running_->hands_over)
    publication.then = PublicationRecord::Then::kHandsOver;
  else if (running_->last && !leaving_)
    publication.then = PublicationRecord::Then::kEnds;
  for (const Output& output : outputs_)
    if (output.from <= cycle_.id()) publication.committables.push_back(output.record);
  return publication;
}

void Attempt::finish_checkpoint() {
  const CheckpointId id = cycle_.id();
  std::vector<CommittableRecord> ready;
  for (const Output& output : outputs_)
    if (output.from <= id) ready.push_back(output.record);
  if (auto status = commit(deployment_->sinks(), ready); !status) return fail(status.error());
  std::erase_if(outputs_, [&](const Output& output) { return output.from <= id; });

  frozen_.store(0);
  const Duration now = shared_.clock.monotonic();
  const Duration took = now - cycle_.started();
  cycle_.succeed(now);
  progressed_ = true;
  Running done = std::move(*running_);
  running_.reset();
  std::uint64_t all_bytes = 0;
  for (const StateBlock& block : blocks_) all_bytes += block.size;
  shared_.report.with([&](JobReport& report) {
    CheckpointReport& checkpoints = report.checkpoints;
    ++checkpoints.completed;
    checkpoints.last_id = id.value;
    checkpoints.last_at = shared_.clock.now();
    checkpoints.last_duration = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    checkpoints.last_new_bytes = done.bytes;
    checkpoints.last_bytes = all_bytes;
    checkpoints.longest_hold = done.hold;
  });
  for (CheckpointRequest& waiter : done.waiters) {
    if (waiter.savepoint) {
      if (auto status = write_savepoint(*waiter.savepoint, *done.publication); !status) {
        log::warning("savepoint failed",
                     {{"job", shared_.options.identity.name}, {"reason", status.error().message}});
        waiter.done->set_value(status.error().within("savepoint"));
        continue;
      }
    }
    waiter.done->set_value(id);
  }
  if (handing_over_) continue_hand_over(done.bytes);
  if (keeps_state()) collect_garbage();
  if (done.final || done.last) discard_of_older();
  if (done.final)
    end({.kind = AttemptEnd::Kind::kFinished});
  else if (done.last)
    end({.kind = AttemptEnd::Kind::kStopped});
}

// A process that this one superseded may have begun files after the claim had tidied up.
void Attempt::discard_of_older() {
  if (epoch_ == RecordNumber{}) return;
  for (const auto& [id, sink] : deployment_->sinks())
    if (const Status status = sink->discard(log_id_, {epoch_.value - 1}); !status)
      log::warning("files of an older process were left",
                   {{"job", shared_.options.identity.name}, {"reason", status.error().message}});
}

void Attempt::fail_checkpoint(const Error& error) {
  log::warning("checkpoint failed", {{"job", shared_.options.identity.name},
                                     {"checkpoint", cycle_.id().value},
                                     {"reason", error.message}});
  frozen_.store(0);
  Running failed = std::move(*running_);
  running_.reset();
  for (CheckpointRequest& waiter : failed.waiters)
    waiter.done->set_value(error.within("checkpoint"));
  shared_.report.with([&](JobReport& report) {
    ++report.checkpoints.failed;
    report.checkpoints.last_error = error.message;
  });
  final_after_ = shared_.clock.monotonic() + kRetry;
  abandon_hand_over(error.within("checkpoint"));
  if (failed.last)
    return end({.kind = AttemptEnd::Kind::kStopped,
                .error = {Code::kUnavailable, "the last checkpoint failed: " + error.message}});
  if (cycle_.fail(shared_.clock.monotonic()))
    fail({Code::kUnavailable, "more checkpoints failed in a row than tolerated: " + error.message});
}

// Whole files, under their names: what they hold needs nothing of the first store.
Status Attempt::write_savepoint(const std::string& uri, const PublicationRecord& publication) {
  TRY_ASSIGN(const auto target, shared_.open_store(uri));
  TRY_ASSIGN(auto target_log,
             CheckpointLog::claim(*target, shared_.options.identity, shared_.clock.now()));
  std::set<std::string> files;
  for (const StateBlock& block : publication.blocks) files.insert(block.file);
  for (const std::string& file : files) {
    TRY_ASSIGN(const std::string bytes, store_->get(file));
    auto put = target->put_if_absent(file, bytes);
    if (!put && put.error().code != Code::kAlreadyExists) return put.error();
  }
  PublicationRecord copy = publication;
  copy.log_id = target_log.log_id();
  copy.epoch = target_log.epoch();
  copy.savepoint = true;
  copy.start.clear();
  copy.committables.clear();  // they were committed here
  TRY(target_log.publish(copy));
  return ok();
}

void Attempt::collect_garbage() {
  auto files = store_->list("state/");
  if (!files) return;  // the next checkpoint looks again
  const auto retained = static_cast<std::size_t>(std::max(1, shared_.options.retained));
  for (const std::string& name : choose_garbage(history_, *files, log_id_, epoch_, retained)) {
    if (auto status = store_->remove(name); !status) {
      log::warning("old checkpoint file not deleted",
                   {{"path", name}, {"reason", status.error().message}});
      return;
    }
    file_sizes_.erase(name);
  }
}

}  // namespace penstock
