#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/exec/operator.h"
#include "runtime/expr/evaluate.h"

namespace penstock {

// Inner equi-join of two streams (see JoinSpec). A row is stored on its side and meets the rows
// that the other side has stored; the pair has the row's kind. One slot thread.
class Join final : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> make(const OperatorContext& context,
                                                const JoinSpec& spec);
  Join(const OperatorContext& context, const JoinSpec& spec, std::optional<Evaluator> condition);

  Status on_batch(std::size_t input, Batch batch) override;
  Status on_watermark(Millis watermark) override;
  Result<std::optional<Batch>> next() override;
  OperatorState* state() override { return state_.get(); }

 private:
  struct Side {
    std::vector<std::size_t> keys;
    std::optional<std::size_t> window_end;
    std::unique_ptr<PackedRows> packed_keys;
    std::unique_ptr<PackedRows> packed_rows;
    std::vector<Type> types;
  };
  void look_at_state();
  Status keep_joinable(Side& side, Batch& batch);
  void store_rows();
  Result<Batch> collect();
  Millis window(std::size_t row) const { return windows_.empty() ? 0 : windows_[row]; }

  const OperatorContext context_;
  std::unique_ptr<OperatorState> state_;
  std::shared_ptr<const UnitLayout> layout_;
  const Schema& output_;
  std::array<Side, 2> sides_;
  std::optional<Evaluator> condition_;
  Millis done_ = kNoWatermark;  // windows with end - 1 <= done_ are over
  std::uint64_t state_version_ = UINT64_MAX;

  // The dense batch that is being worked off and, by row, its window and key group's unit.
  std::size_t input_ = 0;
  Batch batch_;
  std::vector<Millis> windows_;
  std::vector<std::uint32_t> kept_;     // for one call
  std::vector<const Column*> columns_;  // for one call
  std::vector<std::uint64_t> hashes_;   // of the packed keys
  std::vector<StateUnit*> units_;
  std::size_t next_row_ = 0;
  const BagTable* chain_bag_ = nullptr;  // where the rest of next_row_'s matches lies
  std::uint32_t chain_ = BagTable::kNone;
  std::vector<std::uint32_t> pair_rows_;
  std::vector<StoredBlock> pair_stored_;
};

}  // namespace penstock
