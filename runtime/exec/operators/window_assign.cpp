#include "runtime/exec/operators/window_assign.h"

#include <algorithm>

#include "runtime/exec/operators/batch_columns.h"
#include "runtime/exec/operators/window_times.h"

namespace penstock {

Result<std::unique_ptr<Operator>> WindowAssign::make(const OperatorContext& context,
                                                     const WindowAssignSpec& spec) {
  if (spec.window.slide <= 0 || spec.window.size < spec.window.slide ||
      spec.window.size % spec.window.slide != 0)
    return Error{Code::kInvalid, "the size of a window must be a multiple of its slide"};
  return std::unique_ptr<Operator>(std::make_unique<WindowAssign>(context, spec.window));
}

Status WindowAssign::on_batch(std::size_t, Batch batch) {
  if (window_.processing_time) {
    slices_.assign(batch.rows(), clock_.now());
  } else {
    TRY(row_times(batch, window_.time_column, "the event time", slices_));
  }
  for (Millis& slice : slices_) slice = slice_end(window_, slice);
  batch_ = std::move(batch);
  next_ = 0;
  return ok();
}

Result<std::optional<Batch>> WindowAssign::next() {
  const auto per_row = static_cast<std::size_t>(window_.size / window_.slide);
  const std::size_t end = std::min(slices_.size() * per_row, next_ + kMaxBatchRows);
  if (next_ >= end) return std::optional<Batch>();
  std::vector<std::uint32_t> rows;
  std::vector<Millis> ends;
  for (; next_ < end; ++next_) {
    rows.push_back(static_cast<std::uint32_t>(batch_.row(next_ / per_row)));
    ends.push_back(slices_[next_ / per_row] + static_cast<Millis>(next_ % per_row) * window_.slide);
  }
  const bool unchanged = !batch_.selection && rows.size() == batch_.physical_rows && per_row == 1;
  Batch out = unchanged ? batch_ : batch_.gather(rows);
  const auto add = [&](Millis offset) {
    std::vector<Millis> times = ends;
    for (Millis& time : times) time += offset;
    out.columns.push_back(time_column(output_.fields[out.columns.size()].type, times));
  };
  add(-window_.size);
  add(0);
  add(-1);
  retype(out.columns, output_);
  return std::optional(std::move(out));
}

}  // namespace penstock
