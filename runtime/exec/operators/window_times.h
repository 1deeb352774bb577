#pragma once

#include <vector>

#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/graph/graph.h"

namespace penstock {

// End of the slice (a window of TUMBLE, a slide of HOP) that a time belongs to: the slice is [end -
// slide, end).
Millis slice_end(const WindowSpec& window, Millis time);

// The values of a TIMESTAMP or TIMESTAMP_LTZ column for the rows of `batch`, in order. kInvalid
// when one is NULL, naming `what`.
Status row_times(const Batch& batch, std::size_t column, const char* what,
                 std::vector<Millis>& times);

// A column of `type` (TIMESTAMP or TIMESTAMP_LTZ).
Column time_column(const Type& type, const std::vector<Millis>& times);

}  // namespace penstock
