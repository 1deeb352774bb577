#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "runtime/columns/batch.h"
#include "runtime/exec/source.h"

namespace penstock {

// Rows as values, for tests.
using Rows = std::vector<std::vector<Value>>;

inline void append_rows(const Batch& batch, Rows& rows) {
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    std::vector<Value> row;
    for (const Column& column : batch.columns) row.push_back(column.value_at(batch.row(i)));
    rows.push_back(std::move(row));
  }
}

// Everything that a split holds from its position on. With `reopen` the reader is thrown away after
// every read and a new one goes on from its position.
inline Rows read_split(Source& source, Split split, std::size_t batch_rows, bool reopen = false) {
  Rows rows;
  auto reader = source.open(split).value();
  while (true) {
    const ReadResult result = reader->read(batch_rows).value();
    EXPECT_LE(result.batch.rows(), batch_rows);
    append_rows(result.batch, rows);
    if (result.state != ReadResult::State::kMore) return rows;
    if (!reopen) continue;
    split.position = reader->position();
    reader = source.open(split).value();
  }
}

inline Rows read_all(Source& source, std::size_t batch_rows, bool reopen = false) {
  Rows rows;
  for (const Split& split : source.discover().value())
    for (auto& row : read_split(source, split, batch_rows, reopen)) rows.push_back(std::move(row));
  return rows;
}

}  // namespace penstock
