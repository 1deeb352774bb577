#pragma once

#include <optional>
#include <vector>

#include "runtime/exec/operator.h"
#include "runtime/expr/evaluate.h"

namespace penstock {

// Filter and projections (see CalcSpec). Columns that are only passed on are not copied; what is
// computed is computed for the rows that pass the filter. One slot thread.
class Calc final : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> make(const OperatorContext& context,
                                                const CalcSpec& spec);
  explicit Calc(const Schema& output) : output_(output) {}

  Status on_batch(std::size_t input, Batch batch) override;
  Result<std::optional<Batch>> next() override;

 private:
  struct Projection {
    std::optional<std::size_t> column{};   // passed on
    std::optional<Evaluator> evaluator{};  // or computed
  };
  Result<Batch> filtered(Batch batch);
  Result<Batch> projected(const Batch& batch);

  const Schema& output_;
  std::optional<Evaluator> filter_;
  std::vector<std::size_t> filter_columns_;
  std::vector<Projection> projections_;
  std::vector<std::size_t> projected_columns_;
  bool computes_ = false;  // a projection that is worth picking rows out for
  std::optional<Batch> result_;
};

}  // namespace penstock
