#include "runtime/exec/operators/union_all.h"

#include "runtime/exec/operators/batch_columns.h"

namespace penstock {

Status UnionAll::on_batch(std::size_t, Batch batch) {
  if (batch.empty()) return ok();
  retype(batch.columns, output_);
  batch_ = std::move(batch);
  return ok();
}

}  // namespace penstock
