#include "runtime/exec/operators/batch_groups.h"

#include <algorithm>
#include <bit>

namespace penstock {

void BatchGroups::group(const PackedRows& keys, const std::int64_t* windows) {
  const std::size_t rows = keys.rows();
  keys.hash_all(hashes_);
  const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(rows * 2, 16));
  slots_.assign(capacity, 0);
  group_of_row_.resize(rows);
  first_rows_.clear();
  const std::size_t mask = capacity - 1;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint64_t salt =
        windows == nullptr ? 0 : static_cast<std::uint64_t>(windows[row]) * 0x9e3779b97f4a7c15u;
    for (std::size_t at = (hashes_[row] ^ salt >> 32) & mask;; at = (at + 1) & mask) {
      if (slots_[at] == 0) {
        first_rows_.push_back(static_cast<std::uint32_t>(row));
        slots_[at] = static_cast<std::uint32_t>(first_rows_.size());
      } else {
        const std::uint32_t first = first_rows_[slots_[at] - 1];
        if (hashes_[first] != hashes_[row] ||
            (windows != nullptr && windows[first] != windows[row]) || !keys.equal(first, row))
          continue;
      }
      group_of_row_[row] = slots_[at] - 1;
      break;
    }
  }
}

}  // namespace penstock
