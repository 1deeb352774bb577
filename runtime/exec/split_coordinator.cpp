#include "runtime/exec/split_coordinator.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace penstock {

SplitCoordinator::SplitCoordinator(Config config) : config_(config) {
  state_.with([&](State& state) { state.subtasks = config.subtasks; });
}

Result<std::unique_ptr<SplitCoordinator>> SplitCoordinator::make(Config config,
                                                                 std::vector<Split> restored) {
  auto made = std::make_unique<SplitCoordinator>(config);
  made->state_.with([&](State& state) {
    for (Split& split : restored) {
      made->add(state, split, split.finished ? Where::kFinished : Where::kPooled);
      if (split.finished)
        state.finished.push_back(std::move(split));
      else
        state.pool.push_back({.held = {.split = std::move(split)}});
    }
  });
  TRY(made->discover());
  return made;
}

void SplitCoordinator::add(State& state, const Split& split, Where where) {
  state.by_id.emplace(split.id, state.entries.size());
  state.entries.push_back({.progress = {.id = split.id, .finished = where == Where::kFinished},
                           .watermark = split.watermark,
                           .where = where});
  if (where == Where::kUnassigned) state.unassigned.emplace(split.id, split);
}

Status SplitCoordinator::discover() {
  if (ended()) return ok();
  TRY_ASSIGN(const std::vector<Split> known, config_.source.discover());
  state_.with([&](State& state) {
    const std::size_t before = state.entries.size();
    for (const Split& split : known)
      if (!state.by_id.contains(split.id)) add(state, split, Where::kUnassigned);
    if (state.entries.size() > before || changes() == 1) {
      update(state);
      changed(state);
    }
  });
  return ok();
}

// Every subtask may hold so many that all find a place.
std::size_t SplitCoordinator::allowance(const State& state) const {
  std::size_t count = 0;
  for (const Entry& entry : state.entries) {
    if (entry.where == Where::kFinished) continue;
    if (entry.where != Where::kUnassigned || all_at_once()) ++count;
  }
  const std::size_t subtasks = state.subtasks.value;
  return (count + subtasks - 1) / subtasks;
}

std::size_t SplitCoordinator::allowance(SubtaskIndex subtask) {
  return state_.with([&](State& state) -> std::size_t {
    return subtask.value < state.subtasks.value ? allowance(state) : 0;
  });
}

std::optional<HeldSplit> SplitCoordinator::take(SubtaskIndex subtask, std::uint64_t epoch,
                                                std::size_t held, bool only_begun) {
  bool settled_now = false;
  auto taken = state_.with([&](State& state) -> std::optional<HeldSplit> {
    if (subtask.value >= state.subtasks.value) return std::nullopt;
    if (state.not_passed > 0 && subtask.value >= state.old_subtasks) return std::nullopt;
    const std::size_t allowed = allowance(state);
    const auto pooled =
        std::ranges::find_if(state.pool, [&](const Pooled& entry) { return entry.epoch <= epoch; });
    if (pooled != state.pool.end() && held < allowed) {
      HeldSplit out = std::move(pooled->held);
      state.pool.erase(pooled);
      state.entries[state.by_id.at(out.split.id)].where = Where::kHeld;
      settled_now = state.pool.empty() && state.finished.empty();
      return out;
    }
    if (only_begun || state.unassigned.empty() || (all_at_once() ? held >= allowed : held > 0))
      return std::nullopt;
    while (state.entries[state.cursor].where != Where::kUnassigned) ++state.cursor;
    Entry& entry = state.entries[state.cursor];
    entry.where = Where::kHeld;
    auto node = state.unassigned.extract(entry.progress.id);
    return HeldSplit{.split = std::move(node.mapped())};
  });
  if (settled_now && config_.listener != nullptr) config_.listener->post(SplitsSettled{});
  return taken;
}

std::vector<Split> SplitCoordinator::take_finished(std::uint64_t epoch) {
  bool settled_now = false;
  auto taken = state_.with([&](State& state) -> std::vector<Split> {
    if (state.finished.empty() || state.finished_epoch > epoch) return {};
    settled_now = state.pool.empty();
    return std::exchange(state.finished, {});
  });
  if (settled_now && config_.listener != nullptr) config_.listener->post(SplitsSettled{});
  return taken;
}

void SplitCoordinator::begin_rescale(Parallelism subtasks) {
  state_.with([&](State& state) {
    state.old_subtasks = state.not_passed = state.subtasks.value;
    state.subtasks = subtasks;
  });
}

void SplitCoordinator::pass_rescale(std::uint64_t epoch, std::vector<HeldSplit> splits,
                                    std::vector<Split> finished) {
  state_.with([&](State& state) {
    for (HeldSplit& held : splits) {
      state.entries[state.by_id.at(held.split.id)].where = Where::kPooled;
      state.pool.push_back({std::move(held), epoch});
    }
    if (!finished.empty()) state.finished_epoch = epoch;
    for (Split& split : finished) state.finished.push_back(std::move(split));
    CHECK(state.not_passed > 0);
    --state.not_passed;
    if (!splits.empty() || !state.finished.empty() || state.not_passed == 0) changed(state);
  });
}

bool SplitCoordinator::settled() const {
  return state_.with(
      [](const State& state) { return state.pool.empty() && state.finished.empty(); });
}

void SplitCoordinator::progress(const HeldSplit& held, std::uint64_t rows) {
  state_.with([&](State& state) {
    Entry& entry = state.entries[state.by_id.at(held.split.id)];
    entry.watermark = std::max(entry.watermark, held.split.watermark);
    entry.progress.rows += rows;
    entry.progress.behind = held.reader->rows_behind();
    update(state);
  });
}

void SplitCoordinator::finish(const HeldSplit& held) {
  state_.with([&](State& state) {
    Entry& entry = state.entries[state.by_id.at(held.split.id)];
    entry.where = Where::kFinished;
    entry.progress.finished = true;
    entry.progress.behind = 0;
    update(state);
    changed(state);
  });
}

// The smallest watermark of the unfinished splits; of none it stays, unless the source has ended.
void SplitCoordinator::update(State& state) {
  Millis least = kEndOfTime;
  bool unfinished = false;
  for (const Entry& entry : state.entries) {
    if (entry.where == Where::kFinished) continue;
    unfinished = true;
    least = std::min(least, entry.watermark);
  }
  const bool over = !unfinished && (config_.source.bounded() || draining());
  if (over) least = kEndOfTime;
  if (!unfinished && !over) return;
  const bool advanced = least > watermark_.load(std::memory_order_relaxed);
  if (advanced) watermark_.store(least, std::memory_order_release);
  if (over) ended_.store(true, std::memory_order_release);
  if (advanced || over)
    for (const auto& waker : state.wakers) waker->wake();
}

void SplitCoordinator::changed(State& state) {
  changes_.fetch_add(1, std::memory_order_release);
  for (const auto& waker : state.wakers) waker->wake();
}

void SplitCoordinator::drain() {
  draining_.store(true, std::memory_order_release);
  state_.with([&](State& state) {
    update(state);
    changed(state);
  });
}

bool SplitCoordinator::cut_at_once() const {
  return draining() && !config_.source.bounded() && !config_.source.monitor_interval();
}

void SplitCoordinator::set_wakers(std::vector<std::shared_ptr<Waker>> wakers) {
  state_.with([&](State& state) { state.wakers = std::move(wakers); });
}

std::vector<SplitProgress> SplitCoordinator::report() const {
  return state_.with([](const State& state) {
    std::vector<SplitProgress> all;
    for (const Entry& entry : state.entries) all.push_back(entry.progress);
    return all;
  });
}

}  // namespace penstock
