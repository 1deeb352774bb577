#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/exec/counters.h"
#include "runtime/exec/split_coordinator.h"
#include "runtime/expr/evaluate.h"

namespace penstock {

// One subtask's part of a source: the splits that it holds, read the furthest-behind first. The
// subtask's thread only, but for take_recorded(), which the thread that starts the job calls
// before.
class SourceReader {
 public:
  struct Config {
    SplitCoordinator& splits;
    SubtaskIndex subtask{};
    std::optional<Expr> watermark{};  // over the decoded columns
    std::size_t batch_rows = kMaxBatchRows;
    std::uint64_t epoch = 0;  // rescales that lie before
    Clock& clock;
    SubtaskCounters& counters;
  };
  static Result<SourceReader> make(Config config);

  // Takes its share of the splits that a checkpoint has recorded.
  void take_recorded();
  // The next rows; an empty batch: go on asking; nothing: idle (see again_at) or ended.
  Result<std::optional<Batch>> read(Millis now);
  std::optional<Millis> again_at() const;
  Millis watermark() const { return config_.splits.watermark(); }
  bool ended() const { return config_.splits.ended() && held_.empty(); }

  // Held and finished splits, as of now.
  std::vector<Split> record() const;
  // At a rescale's barrier: gives back what this subtask may not keep.
  void rescale(SubtaskIndex subtask, bool leaves);

 private:
  SourceReader(Config config, std::optional<Evaluator> watermark)
      : config_(std::move(config)), watermark_(std::move(watermark)) {}
  void take_all();
  bool take_one(bool only_pooled);
  std::size_t pick(Millis now);
  Status note(HeldSplit& held, const Batch& batch);
  void finish(std::size_t index);

  Config config_;
  std::optional<Evaluator> watermark_;
  std::vector<HeldSplit> held_;
  std::vector<Split> finished_;
  std::uint64_t seen_changes_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace penstock
