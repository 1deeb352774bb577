#pragma once

#include "runtime/exec/operators/aggregate_fold.h"

namespace penstock {

// GROUP BY without windows (see GroupAggregateSpec). Emits at most one change per key and batch: +I
// for a new key, -U +U when a result changed, -D when no row is left. One slot thread.
class GroupAggregate final : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> make(const OperatorContext& context,
                                                const GroupAggregateSpec& spec);
  GroupAggregate(AggregateFold fold, const Schema& output)
      : fold_(std::move(fold)), output_(output) {}

  Status on_batch(std::size_t input, Batch batch) override;
  Result<std::optional<Batch>> next() override;
  OperatorState* state() override { return &fold_.state(); }

 private:
  void update(std::size_t group);
  void emit(std::size_t group, RowKind kind, const std::byte* values, const TextStore& texts);
  Batch collect();

  AggregateFold fold_;
  const Schema& output_;
  std::size_t next_group_ = 0;
  std::size_t groups_ = 0;

  // The output batch that is being made: for each row its group, its kind and its value block.
  std::vector<std::uint32_t> rows_;
  std::vector<RowKind> kinds_;
  std::vector<std::byte> blocks_;
  std::vector<const TextStore*> texts_;
};

}  // namespace penstock
