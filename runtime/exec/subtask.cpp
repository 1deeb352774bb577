#include "runtime/exec/subtask.h"

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/overloaded.h"
#include "runtime/exec/partitioner.h"

namespace penstock {
namespace {

constexpr Millis kMemoryPause = 10;
// How long a subtask goes on reading before the slot's others have their turn. One that read a
// single batch per turn would leave its channels full whenever a source shares its slot, and a
// barrier would wait behind them.
constexpr Duration kTurn = std::chrono::milliseconds(5);
constexpr std::uint32_t kRunsPerStateCount = 64;
// Units of a freeze between two batches: tens of microseconds.
constexpr std::size_t kUnitsAtOnce = 16;

}  // namespace

Subtask::Subtask(Config config, ChainDriver driver, std::optional<SourceReader> source,
                 const Layout& layout)
    : config_(std::move(config)),
      driver_(std::move(driver)),
      source_(std::move(source)),
      inputs_(config_.topology, config_.chain, config_.index, config_.handled_barrier),
      outputs_(config_.topology, config_.chain, config_.index) {
  inputs_.adopt(layout);
  outputs_.adopt(layout);
  for (const ChainDriver::Stage& stage : driver_.stages())
    stateful_ |= stage.operate != nullptr && stage.operate->state() != nullptr;
}

void Subtask::await(const std::vector<KeyGroup>& groups, std::uint64_t sequence) {
  Awaiting awaiting{.sequence = sequence};
  std::size_t stages = 0;
  for (const ChainDriver::Stage& stage : driver_.stages()) {
    if (stage.operate == nullptr || stage.operate->state() == nullptr) continue;
    ++stages;
    awaiting.groups.assign(config_.key_groups, false);
  }
  if (stages > 0)
    for (const KeyGroup group : groups) awaiting.groups[group.value] = true;
  awaiting.units = stages * groups.size();
  awaiting_ = std::move(awaiting);
  for (MovedUnit& unit : std::exchange(early_, {})) adopt(std::move(unit));
}

Error Subtask::failed(Error error) {
  if (failed_operator_.empty())
    failed_operator_ = driver_.empty() ? config_.topology.chains[config_.chain.value].name
                                       : driver_.failed_stage();
  return error;
}

Result<Subtask::Progress> Subtask::run(Millis now) {
  read_mail();
  if (!outputs_.drain()) {
    if (!blocked_since_) blocked_since_ = config_.clock.monotonic();
    return freeze_some() ? Progress::kWorked : Progress::kIdle;
  }
  if (blocked_since_) {
    const Duration blocked = config_.clock.monotonic() - *std::exchange(blocked_since_, {});
    config_.counters->blocked_nanos += static_cast<std::uint64_t>(blocked.count());
  }
  if (farewell_) {
    config_.listener.post(std::move(*farewell_));
    return Progress::kGone;
  }
  paused_until_.reset();
  if (stands_still_) return freeze_some() ? Progress::kWorked : Progress::kIdle;
  if (stateful_ && config_.memory.exhausted()) {
    if (config_.frozen.load() == 0) {
      out_of_memory_ = true;
      failed_operator_ = config_.topology.chains[config_.chain.value].name;
      return Error{Code::kUnavailable, "state memory is used up"};
    }
    paused_until_ = now + kMemoryPause;
    return freeze_some() ? Progress::kWorked : Progress::kIdle;
  }
  const Duration began = config_.clock.monotonic();
  auto worked = [&]() -> Result<bool> {
    bool any = false, took = false;
    for (;;) {
      TRY_ASSIGN(const bool stepped, work_off());
      any |= stepped;
      if (outputs_.waiting() || farewell_) return true;
      TRY_ASSIGN(const bool controlled, control());
      any |= controlled;
      if (outputs_.waiting() || farewell_ || stands_still_) return true;
      if (controlled) continue;
      any |= freeze_some();
      if (took && (source_ || config_.clock.monotonic() - began >= kTurn)) return any;
      TRY_ASSIGN(took, take_input(now));
      any |= took;
      if (!took) return any;
    }
  }();
  if (!worked) return failed(worked.error());
  measure(config_.clock.monotonic() - began);
  count();
  return *worked ? Progress::kWorked : Progress::kIdle;
}

// What waits on the way here follows from how fast this subtask takes it in.
void Subtask::measure(Duration busy) {
  InflightBudget* const budget = inputs_.budget();
  if (budget == nullptr) return;
  const std::int64_t bytes = budget->take_taken();
  if (bytes > 0) meter_.note(static_cast<std::uint64_t>(bytes), busy, *budget);
}

void Subtask::count() {
  SubtaskCounters& counters = *config_.counters;
  counters.queued_rows.store(inputs_.queued_rows(), std::memory_order_relaxed);
  counters.watermark.store(watermark_, std::memory_order_relaxed);
  counters.rows_out.fetch_add(driver_.take_rows_written(), std::memory_order_relaxed);
  if (!stateful_ || runs_++ % kRunsPerStateCount != 0) return;
  std::uint64_t bytes = 0;
  for (const ChainDriver::Stage& stage : driver_.stages())
    if (stage.operate != nullptr && stage.operate->state() != nullptr)
      bytes += stage.operate->state()->bytes();
  counters.state_bytes.store(bytes, std::memory_order_relaxed);
}

// Lets the operators work until they have nothing more or the outputs are full.
Result<bool> Subtask::work_off() {
  bool any = false;
  while (!driver_.idle()) {
    any = true;
    TRY_ASSIGN(std::optional<ChainDriver::Output> output, driver_.step());
    if (!output) break;
    if (const auto* mark = std::get_if<Watermark>(&*output)) {
      outputs_.emit_watermark(mark->time);
    } else {
      auto& batch = std::get<Batch>(*output);
      config_.counters->rows_out.fetch_add(batch.rows(), std::memory_order_relaxed);
      outputs_.emit(std::move(batch));
    }
    if (outputs_.waiting()) break;
  }
  return any;
}

Millis Subtask::input_watermark() const {
  return source_ ? source_->watermark() : inputs_.watermark();
}

bool Subtask::input_ended() const { return source_ ? source_->ended() : inputs_.all_ended(); }

// What is due besides rows, in this order: the past of moved state, its arrival and the rows held
// for it, watermarks, the end, barriers.
Result<bool> Subtask::control() {
  if (floor_ > watermark_) {
    watermark_ = floor_;
    TRY(driver_.give_watermark(watermark_));
    return true;
  }
  if (awaiting_) {
    if (awaiting_->units > 0) return false;
    return finish_awaiting();
  }
  if (const Millis time = input_watermark(); time > watermark_) {
    watermark_ = time;
    TRY(driver_.give_watermark(time));
    return true;
  }
  if (!ended_ && input_ended() && watermark_ == kEndOfTime) {
    ended_ = true;
    finish_freezing();
    outputs_.emit_end();
    config_.listener.post(SubtaskEnded{config_.chain, config_.index});
    return true;
  }
  if (const Barrier* aligned = inputs_.aligned()) {
    const Barrier barrier = *aligned;
    TRY(std::visit([this](const auto& is) { return pass(is); }, barrier));
    barrier_seen_.reset();
    return true;
  }
  return false;
}

// All units are here: the rows held for them come first, one batch at a time.
Result<bool> Subtask::finish_awaiting() {
  if (awaiting_->since) {
    awaiting_->pause = config_.clock.monotonic() - *awaiting_->since;
    awaiting_->since.reset();
  }
  if (!awaiting_->held.empty()) {
    Inputs::Rows rows = std::move(awaiting_->held.front());
    awaiting_->held.pop_front();
    TRY(driver_.give(rows.input, std::move(rows.batch)));
    return true;
  }
  config_.listener.post(SubtaskRescaled{.sequence = awaiting_->sequence,
                                        .chain = config_.chain,
                                        .subtask = config_.index,
                                        .pause = awaiting_->pause});
  awaiting_.reset();
  return true;
}

Result<bool> Subtask::take_input(Millis now) {
  if (!awaiting_) {
    const auto timer = driver_.timer();
    if (timer && *timer <= now) {
      TRY(driver_.give_time(now));
      return true;
    }
  }
  if (source_) {
    auto batch = source_->read(now);
    if (!batch) {
      failed_operator_ = config_.topology.chains[config_.chain.value].name;
      return batch.error();
    }
    if (!*batch) return false;
    TRY(driver_.give(0, std::move(**batch)));
    auto& first = config_.counters->first_read;
    if (first.load(std::memory_order_relaxed) == 0) first.store(config_.clock.now());
    return true;
  }
  if (awaits_units() && awaiting_->held_bytes > config_.hold_bytes) return false;
  Inputs::Read read = inputs_.read();
  if (!barrier_seen_ && inputs_.aligning()) barrier_seen_ = config_.clock.monotonic();
  if (read.rows) {
    config_.counters->rows_in.fetch_add(read.rows->batch.rows(), std::memory_order_relaxed);
    TRY(hold_or_give(std::move(*read.rows)));
  }
  return read.any;
}

Status Subtask::hold_or_give(Inputs::Rows rows) {
  if (!awaits_units()) return driver_.give(rows.input, std::move(rows.batch));
  auto [held, ready] = split_by_group(rows.batch, config_.keys[rows.input], awaiting_->groups);
  if (!held.empty()) {
    if (!awaiting_->since) awaiting_->since = config_.clock.monotonic();
    awaiting_->held_bytes += held.bytes();
    awaiting_->held.push_back({rows.input, std::move(held)});
  }
  return driver_.give(rows.input, std::move(ready));
}

void Subtask::read_mail() {
  for (Mail& mail : config_.inbox->take())
    std::visit(Overloaded{
                   [this](const Barrier& barrier) { inputs_.announce(barrier); },
                   [this](MovedUnit& unit) {
                     if (awaits_units())
                       adopt(std::move(unit));
                     else
                       early_.push_back(std::move(unit));
                   },
                   [this](const GoOn& go_on) {
                     stands_still_ = false;
                     gone_on_ = go_on.sequence;
                   },
               },
               mail);
}

void Subtask::adopt(MovedUnit unit) {
  floor_ = std::max(floor_, unit.watermark);
  driver_.stages()[unit.stage].operate->state()->adopt(unit.group, std::move(unit.unit));
  --awaiting_->units;
}

Result<std::vector<PreparedOutput>> Subtask::prepare(CheckpointId checkpoint) {
  std::vector<PreparedOutput> outputs;
  for (ChainDriver::Stage& stage : driver_.stages()) {
    if (stage.write == nullptr) continue;
    auto prepared = stage.write->prepare(checkpoint);
    if (!prepared) {
      failed_operator_ = stage.name;
      return prepared.error();
    }
    for (Committable& committable : *prepared)
      outputs.push_back({stage.id, std::move(committable)});
  }
  return outputs;
}

Status Subtask::pass(const CheckpointBarrier& barrier) {
  finish_freezing();
  SubtaskAck ack{.checkpoint = barrier.id, .chain = config_.chain, .subtask = config_.index};
  for (const ChainDriver::Stage& stage : driver_.stages()) {
    OperatorState* state = stage.operate != nullptr ? stage.operate->state() : nullptr;
    if (state == nullptr || !config_.keeps_state) continue;
    state->begin_freeze(barrier.id, barrier.base);
    ack.states.push_back({stage.id, {}});
  }
  if (source_) ack.splits = source_->record();
  outputs_.emit_barrier(barrier);
  inputs_.release();
  stands_still_ = barrier.stands_still && barrier.sequence > gone_on_;
  if (barrier_seen_) ack.hold = config_.clock.monotonic() - *barrier_seen_;
  TRY_ASSIGN(ack.outputs, prepare(barrier.id));
  freezing_ = std::move(ack);
  if (freezing_->states.empty()) finish_freezing();
  return ok();
}

// Goes on with the pictures that the last checkpoint still wants; false when it wants none.
bool Subtask::freeze_some() {
  if (!freezing_) return false;
  for (const ChainDriver::Stage& stage : driver_.stages())
    if (stage.operate != nullptr && stage.operate->state() != nullptr &&
        stage.operate->state()->freeze_more(kUnitsAtOnce))
      return true;
  finish_freezing();
  return true;
}

void Subtask::finish_freezing() {
  if (!freezing_) return;
  auto part = freezing_->states.begin();
  for (const ChainDriver::Stage& stage : driver_.stages()) {
    OperatorState* state = stage.operate != nullptr ? stage.operate->state() : nullptr;
    if (state != nullptr && config_.keeps_state) (part++)->units = state->take_frozen();
  }
  config_.listener.post(std::move(*std::exchange(freezing_, {})));
}

Status Subtask::pass(const RescaleBarrier& barrier) {
  const auto owned = barrier.plan.lock();
  CHECK(owned != nullptr);
  const RescalePlan& plan = *owned;
  const Layout::ChainPart& after = plan.after->chains[config_.chain.value];
  const bool leaves = config_.index.value >= after.subtasks();
  finish_freezing();
  outputs_.emit_barrier(barrier);
  hand_over(plan);
  if (source_) source_->rescale(config_.index, leaves);
  inputs_.release();
  inputs_.adopt(*plan.after);
  outputs_.adopt(*plan.after);
  if (!leaves) {
    const KeyGroupTable& before = *plan.before->chains[config_.chain.value].table;
    await(arriving_groups(before, *after.table, config_.index), barrier.sequence);
    return ok();
  }
  farewell_ = SubtaskRescaled{.sequence = barrier.sequence,
                              .chain = config_.chain,
                              .subtask = config_.index,
                              .retired = true};
  TRY_ASSIGN(farewell_->outputs, prepare({plan.last_checkpoint.value + 1}));
  return ok();
}

void Subtask::hand_over(const RescalePlan& plan) {
  const Layout::ChainPart& after = plan.after->chains[config_.chain.value];
  for (std::size_t i = 0; i < driver_.stages().size(); ++i) {
    const auto& operate = driver_.stages()[i].operate;
    OperatorState* state = operate != nullptr ? operate->state() : nullptr;
    if (state == nullptr) continue;
    for (const KeyGroup group : state->owned()) {
      const SubtaskIndex owner = after.table->owner_of(group);
      if (owner == config_.index) continue;
      after.inboxes[owner.value]->post(MovedUnit{i, group, state->release(group), watermark_});
    }
  }
}

std::optional<Millis> Subtask::wake_at() const {
  if (paused_until_) return paused_until_;
  if (outputs_.waiting() || stands_still_) return std::nullopt;
  std::optional<Millis> at;
  if (source_) at = source_->again_at();
  const auto timer = awaiting_ ? std::nullopt : driver_.timer();
  if (timer && (!at || *timer < *at)) at = timer;
  return at;
}

}  // namespace penstock
