#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/guarded.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/exec/messages.h"
#include "runtime/exec/source.h"
#include "runtime/exec/waker.h"

namespace penstock {

// A split that a subtask holds, with its reader once it has been opened.
struct HeldSplit {
  Split split;
  std::unique_ptr<SplitReader> reader{};
  Millis again_at = 0;  // idle until then
  std::uint64_t undecodable_counted = 0;
};

// What one split has delivered since the process started.
struct SplitProgress {
  std::string id;
  std::uint64_t rows = 0;
  std::optional<std::uint64_t> behind;
  bool finished = false;
};

// Who reads what of one source: hands out splits, moves them at a rescale, and knows the source's
// watermark, the smallest of its unfinished splits, handed out or not. Shared by the source's
// subtasks and the job; any thread.
class SplitCoordinator {
 public:
  struct Config {
    Source& source;
    bool has_watermark = false;
    Parallelism subtasks{1};
    ExecListener* listener = nullptr;
  };
  // `restored`: what a checkpoint recorded; splits that it does not name are new.
  static Result<std::unique_ptr<SplitCoordinator>> make(Config config, std::vector<Split> restored);
  explicit SplitCoordinator(Config config);

  // The next split for a subtask that holds `held` unfinished ones and has seen `epoch` rescales;
  // nothing: none for it now. With a watermark (or without end) all splits are handed out evenly;
  // else one at a time, in order. `only_begun`: none that is new.
  std::optional<HeldSplit> take(SubtaskIndex subtask, std::uint64_t epoch, std::size_t held,
                                bool only_begun);
  // Finished splits that nobody records any more.
  std::vector<Split> take_finished(std::uint64_t epoch);

  // Before new subtasks run. They take nothing until every old one has passed the barrier: what an
  // old one says before it (a watermark, the end) reaches receivers that do not see the new
  // channels yet, so it must not follow from rows in those.
  void begin_rescale(Parallelism subtasks);
  // At a rescale's barrier, by every old subtask: how many unfinished splits it may keep, and then,
  // once, the new epoch and what it gives back.
  std::size_t allowance(SubtaskIndex subtask);
  void pass_rescale(std::uint64_t epoch, std::vector<HeldSplit> splits,
                    std::vector<Split> finished);
  // Nothing that was given back waits for a new owner.
  bool settled() const;

  void progress(const HeldSplit& held, std::uint64_t rows);
  void finish(const HeldSplit& held);

  // kEndOfTime when the source has ended.
  Millis watermark() const { return watermark_.load(std::memory_order_acquire); }
  bool ended() const { return ended_.load(std::memory_order_acquire); }
  // Grows when there may be something to take.
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }

  // Looks for new splits; for the job's thread.
  Status discover();
  // Sources read what is there and end.
  void drain();
  bool draining() const { return draining_.load(std::memory_order_acquire); }
  // An endless source that waits for nothing new ends where it is.
  bool cut_at_once() const;

  void set_wakers(std::vector<std::shared_ptr<Waker>> wakers);
  std::vector<SplitProgress> report() const;
  Source& source() { return config_.source; }
  bool has_watermark() const { return config_.has_watermark; }

 private:
  enum class Where : std::uint8_t { kUnassigned, kPooled, kHeld, kFinished };
  struct Entry {
    SplitProgress progress;
    Millis watermark = kNoWatermark;
    Where where = Where::kUnassigned;
  };
  struct Pooled {
    HeldSplit held;
    std::uint64_t epoch = 0;
  };
  struct State {
    std::vector<Entry> entries;  // in the order in which they should be read
    std::map<std::string, std::size_t> by_id;
    std::map<std::string, Split> unassigned;
    std::vector<Pooled> pool;
    std::vector<Split> finished;  // given back
    std::uint64_t finished_epoch = 0;
    Parallelism subtasks{1};
    std::uint32_t old_subtasks = 0;  // of the rescale that goes on
    std::uint32_t not_passed = 0;    // of those
    std::size_t cursor = 0;          // first entry that may be unassigned
    std::vector<std::shared_ptr<Waker>> wakers;
  };
  bool all_at_once() const { return config_.has_watermark || !config_.source.bounded(); }
  std::size_t allowance(const State& state) const;
  void add(State& state, const Split& split, Where where);
  void update(State& state);
  void changed(State& state);

  Config config_;
  Guarded<State> state_;
  std::atomic<Millis> watermark_{kNoWatermark};
  std::atomic<bool> ended_{false};
  std::atomic<bool> draining_{false};
  std::atomic<std::uint64_t> changes_{1};
};

}  // namespace penstock
