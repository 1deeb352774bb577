#pragma once

#include <cstdint>
#include <vector>

#include "runtime/state/packed_rows.h"

namespace penstock {

// The distinct keys among the rows of one batch, numbered in the order in which they first appear.
// What is folded per batch group first reaches the state once per key and batch instead of once per
// row. Memory is used again. One thread.
class BatchGroups {
 public:
  // `windows` is nullptr or has one number per row that belongs to the key. `keys` is read until
  // the next call.
  void group(const PackedRows& keys, const std::int64_t* windows);

  std::size_t size() const { return first_rows_.size(); }
  const std::vector<std::uint32_t>& group_of_row() const { return group_of_row_; }
  const std::vector<std::uint32_t>& first_rows() const { return first_rows_; }
  // keys.hash() of the group's key.
  std::uint64_t hash(std::size_t group) const { return hashes_[first_rows_[group]]; }

 private:
  std::vector<std::uint64_t> hashes_;  // by row
  std::vector<std::uint32_t> slots_;   // group + 1, or 0
  std::vector<std::uint32_t> group_of_row_;
  std::vector<std::uint32_t> first_rows_;
};

}  // namespace penstock
