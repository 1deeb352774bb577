#include "runtime/exec/operators/calc.h"

#include <utility>

#include "runtime/exec/operators/batch_columns.h"

namespace penstock {
namespace {

// A selection of fewer than one row in so many is gathered: later operators then touch, and queues
// hold, what is needed only.
constexpr std::size_t kSparse = 8;

}  // namespace

Result<std::unique_ptr<Operator>> Calc::make(const OperatorContext& context, const CalcSpec& spec) {
  auto calc = std::make_unique<Calc>(context.graph.at(context.id).output);
  if (spec.filter) {
    TRY_ASSIGN(Evaluator filter, Evaluator::make(*spec.filter, context.clock));
    calc->filter_ = std::move(filter);
    collect_columns(*spec.filter, calc->filter_columns_);
  }
  for (const Expr& expr : spec.projections) {
    collect_columns(expr, calc->projected_columns_);
    Projection projection;
    if (expr.kind == Expr::Kind::kColumn) {
      projection.column = expr.column;
    } else {
      TRY_ASSIGN(Evaluator evaluator, Evaluator::make(expr, context.clock));
      calc->computes_ |= !evaluator.cheap();
      projection.evaluator = std::move(evaluator);
    }
    calc->projections_.push_back(std::move(projection));
  }
  return std::unique_ptr<Operator>(std::move(calc));
}

Status Calc::on_batch(std::size_t, Batch batch) {
  if (batch.empty()) return ok();
  if (filter_) {
    TRY_ASSIGN(batch, filtered(std::move(batch)));
    if (batch.empty()) return ok();
  }
  TRY_ASSIGN(Batch result, projected(batch));
  result_ = std::move(result);
  return ok();
}

Result<std::optional<Batch>> Calc::next() { return std::exchange(result_, std::nullopt); }

Result<Batch> Calc::filtered(Batch batch) {
  TRY_ASSIGN(std::vector<std::uint32_t> rows,
             filter_->select(dense_columns(batch, filter_columns_)));
  if (rows.size() == batch.rows()) return batch;
  if (batch.selection)
    for (std::uint32_t& row : rows) row = (*batch.selection)[row];
  batch.selection = std::make_shared<const std::vector<std::uint32_t>>(std::move(rows));
  return batch;
}

Result<Batch> Calc::projected(const Batch& batch) {
  const bool sparse = batch.rows() * kSparse < batch.physical_rows;
  Batch all = computes_ || sparse ? dense_columns(batch, projected_columns_) : batch;
  // Cheap projections see all physical rows, and the result keeps the selection.
  const auto selection = std::exchange(all.selection, nullptr);
  Batch out{.physical_rows = all.physical_rows, .selection = selection, .kinds = all.kinds};
  out.columns.reserve(projections_.size());
  for (Projection& projection : projections_) {
    if (projection.column) {
      out.columns.push_back(all.columns[*projection.column]);
    } else {
      TRY_ASSIGN(Column column, projection.evaluator->evaluate(all));
      out.columns.push_back(std::move(column));
    }
  }
  retype(out.columns, output_);
  return out;
}

}  // namespace penstock
