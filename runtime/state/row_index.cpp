#include "runtime/state/row_index.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "runtime/base/check.h"

namespace penstock {

RowIndex& RowIndex::operator=(RowIndex&& other) noexcept {
  if (this == &other) return *this;
  release();
  slots_ = std::move(other.slots_);
  mask_ = std::exchange(other.mask_, 0);
  shift_ = std::exchange(other.shift_, 63);
  used_ = std::exchange(other.used_, 0);
  budget_ = other.budget_;
  return *this;
}

void RowIndex::release() {
  if (slots_) budget_->add(-static_cast<std::int64_t>(bytes()));
  slots_.reset();
}

void RowIndex::grow() {
  const std::uint64_t slots = slots_ ? (std::uint64_t{mask_} + 1) * 2 : 8;
  CHECK(slots <= std::uint64_t{1} << 31);
  release();
  slots_ = std::make_unique_for_overwrite<std::uint32_t[]>(slots);
  std::fill_n(slots_.get(), slots, kEmpty);
  mask_ = static_cast<std::uint32_t>(slots - 1);
  shift_ = static_cast<std::uint32_t>(64 - std::bit_width(mask_));
  used_ = 0;
  budget_->add(static_cast<std::int64_t>(bytes()));
}

void RowIndex::clear() {
  if (slots_) std::fill_n(slots_.get(), std::size_t{mask_} + 1, kEmpty);
  used_ = 0;
}

void RowIndex::insert(std::uint64_t hash, std::uint32_t row) {
  std::uint32_t at = home(hash);
  while (slots_[at] != kEmpty) at = (at + 1) & mask_;
  slots_[at] = tag_of(hash) | row;
  ++used_;
}

std::uint32_t RowIndex::locate(std::uint64_t hash, std::uint32_t row) const {
  const std::uint32_t slot = tag_of(hash) | row;
  for (std::uint32_t at = home(hash);; at = (at + 1) & mask_) {
    if (slots_[at] == slot) return at;
    CHECK(slots_[at] != kEmpty);
  }
}

}  // namespace penstock
