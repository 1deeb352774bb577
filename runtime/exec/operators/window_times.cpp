#include "runtime/exec/operators/window_times.h"

#include <algorithm>
#include <string>

namespace penstock {

Millis slice_end(const WindowSpec& window, Millis time) {
  Millis past = (time - window.offset) % window.slide;
  if (past < 0) past += window.slide;
  return time - past + window.slide;
}

Status row_times(const Batch& batch, std::size_t column, const char* what,
                 std::vector<Millis>& times) {
  const Column& from = batch.columns[column];
  const Millis* values = from.values<Millis>().data();
  times.resize(batch.rows());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::size_t row = batch.row(i);
    if (from.is_null(row))
      return Error{Code::kInvalid,
                   std::string(what) + " of a row is NULL; filter such rows out before the window"};
    times[i] = values[row];
  }
  return ok();
}

Column time_column(const Type& type, const std::vector<Millis>& times) {
  auto values = allocate_values<Millis>(times.size());
  std::ranges::copy(times, values.get());
  return Column(type, times.size(), values, nullptr);
}

}  // namespace penstock
