#pragma once

#include <vector>

#include "runtime/exec/operators/aggregate_fold.h"

namespace penstock {

// GROUP BY a window: both the form that makes windows (TUMBLE, HOP; one table per slice, combined
// when a window fires) and the one over rows that carry a window's end. A window fires once, when
// the watermark reaches its end - 1 ms (processing time: when the clock reaches its end; at the end
// of the input too, so that bounded input loses nothing). One slot thread.
class WindowAggregate final : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> make(const OperatorContext& context,
                                                const WindowAggregateSpec& spec);
  static Result<std::unique_ptr<Operator>> make(const OperatorContext& context,
                                                const AttachedWindowAggregateSpec& spec);

  Status on_batch(std::size_t input, Batch batch) override;
  Status on_watermark(Millis watermark) override;
  Result<std::optional<Batch>> next() override;
  std::optional<Millis> timer() const override;
  Status on_processing_time(Millis now) override;
  OperatorState* state() override { return &fold_.state(); }

  struct Plan {
    std::optional<WindowSpec> window{};  // absent: `end_column` holds the window's end
    std::size_t end_column = 0;
    bool emit_window = false;  // window_start and window_end after the aggregates
    bool emit_window_time = false;
  };
  WindowAggregate(const OperatorContext& context, Plan plan, AggregateFold fold);

 private:
  Millis size() const { return plan_.window ? plan_.window->size : 0; }
  Millis slide() const { return plan_.window ? plan_.window->slide : 0; }
  bool processing_time() const { return plan_.window && plan_.window->processing_time; }
  // End of the last window that a slice is part of.
  Millis last_end(Millis slice) const { return slice + size() - slide(); }

  Status find_slices(Batch& batch);
  void drop_late(Batch& batch);
  void look_at_state();
  std::optional<Millis> next_end() const;
  void fire(StateUnit& unit, Millis end);
  void combine(StateUnit& unit, Millis end);
  void combine_distinct(StateUnit& unit, Millis end, const AggregateFold::Counted& counted,
                        KeyedTable& into);
  void finish_window(Millis end);
  void note_progress();
  Batch collect(Millis end);

  const OperatorContext context_;
  Plan plan_;
  AggregateFold fold_;
  const Schema& output_;

  Millis done_ = kNoWatermark;    // every window with end - 1 <= done_ has been emitted
  Millis target_ = kNoWatermark;  // and shall be emitted
  Millis noted_ = kNoWatermark;   // what the units have been told of done_
  std::uint64_t state_version_ = UINT64_MAX;
  std::optional<Millis> earliest_;  // slice with rows
  std::vector<Millis> slices_;      // of the rows of a batch

  // The window that is being emitted: which unit is next, and rows that wait for a full batch.
  std::optional<Millis> firing_;
  std::uint32_t next_unit_ = 0;
  std::vector<const KeyedTable*> tables_;
  std::size_t next_table_ = 0;
  std::uint32_t next_row_ = 0;
  std::size_t waiting_ = 0;
  std::vector<StoredBlock> keys_, values_;  // for one call
  KeyedTable combined_;                     // of all units: no two hold the same key
  std::uint32_t next_combined_ = 0;
};

}  // namespace penstock
