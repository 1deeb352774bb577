#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/state/state_unit.h"

namespace penstock {

// The rows of one table of an encoded unit, as columns.
struct TableRows {
  StateTableShape shape;
  std::vector<std::pair<Millis, std::uint64_t>>
      windows;  // and how many rows, in order; windows ascend
  std::vector<Column> key;
  std::vector<Column> value;
  std::uint64_t rows = 0;

  // One dense batch of at most kMaxBatchRows rows each: window, key fields, value fields.
  std::vector<Batch> batches() const;
  // "window", "key-0", ..., "value-0", ...
  std::vector<std::string> column_names() const;
};

struct UnitRows {
  Millis progress = kNoWatermark;
  std::vector<TableRows> tables;
};

// What encode_unit wrote, without knowing the shapes (snapshot cat). kCorrupt for damaged bytes.
Result<UnitRows> read_unit(std::string_view bytes);

}  // namespace penstock
