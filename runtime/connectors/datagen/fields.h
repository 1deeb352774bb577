#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/columns/column.h"
#include "runtime/graph/graph.h"

namespace penstock::datagen {

// How the values of one column are made from the row's number. A value.
struct FieldRule {
  Type type;
  bool sequence = false;
  std::int64_t start = 0, end = 0;  // of a sequence, both included
  // Of random values: numbers within [low, high]; decimals unscaled; text of `length` hex digits.
  std::int64_t low = 0, high = 0;
  double low_number = 0, high_number = 0;
  std::size_t length = 100;
  Millis max_past = 0;  // times are up to this much before the row's own time
  double null_rate = 0;
  std::uint64_t salt = 0;           // tells the columns apart
  std::vector<FieldRule> children;  // of a ROW

  // Rows that a sequence has.
  std::optional<std::uint64_t> rows() const;
};

// One rule per declared column; kInvalid names the table and the option.
Result<std::vector<FieldRule>> read_rules(const SourceSpec& spec);

struct Row {
  std::uint64_t number = 0;
  Millis time = 0;
};
// Appends the value of `row`. The same seed and row give the same value.
void append_value(const FieldRule& rule, std::uint64_t seed, Row row, ColumnBuilder& out);

}  // namespace penstock::datagen
