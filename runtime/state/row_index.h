#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "runtime/state/memory_budget.h"

namespace penstock {

// Row number by hash: open addressing with linear probing, four bytes a slot, at most three
// quarters full. A slot of an index with 2^bits slots holds the row number in its lower `bits` bits
// and a piece of the hash in the others, so that a foreign row is hardly ever looked at. Pictures
// of a table have none. One thread.
class RowIndex {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  explicit RowIndex(MemoryBudget& budget) : budget_(&budget) {}
  ~RowIndex() { release(); }
  RowIndex(RowIndex&& other) noexcept { *this = std::move(other); }
  RowIndex& operator=(RowIndex&& other) noexcept;

  // The row for which `equal(row)` holds, or kNone.
  template <typename Equal>
  std::uint32_t find(std::uint64_t hash, Equal&& equal) const {
    if (used_ == 0) return kNone;
    const std::uint32_t tag = tag_of(hash);
    for (std::uint32_t at = home(hash);; at = (at + 1) & mask_) {
      const std::uint32_t slot = slots_[at];
      if (slot == kEmpty) return kNone;
      if ((slot & ~mask_) == tag && equal(slot & mask_)) return slot & mask_;
    }
  }

  // True when one more row needs a rebuild() first.
  bool full() const {
    return std::uint64_t{used_} + 1 > (std::uint64_t{mask_} + 1) * 3 / 4 || !slots_;
  }
  // A larger empty index; every row must be inserted again.
  void grow();
  // Empty, as large as it is.
  void clear();
  // `row` is not in it yet, and below the number of slots.
  void insert(std::uint64_t hash, std::uint32_t row);
  // Takes out `row`, which is in it; `hash_of` gives the hash of a row.
  template <typename HashOf>
  void erase(std::uint64_t hash, std::uint32_t row, HashOf&& hash_of) {
    std::uint32_t hole = locate(hash, row);
    for (std::uint32_t at = (hole + 1) & mask_; slots_[at] != kEmpty; at = (at + 1) & mask_) {
      const std::uint32_t wanted = home(hash_of(slots_[at] & mask_));
      if (((at - wanted) & mask_) < ((at - hole) & mask_))
        continue;  // it would lie before its home
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = kEmpty;
    --used_;
  }
  // Row `from` is now called `to`.
  void rename(std::uint64_t hash, std::uint32_t from, std::uint32_t to) {
    slots_[locate(hash, from)] = tag_of(hash) | to;
  }
  void prefetch(std::uint64_t hash) const {
    if (slots_) __builtin_prefetch(slots_.get() + home(hash));
  }
  std::uint64_t bytes() const {
    return slots_ ? (std::uint64_t{mask_} + 1) * sizeof(std::uint32_t) : 0;
  }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;

  std::uint32_t home(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash >> shift_);
  }
  std::uint32_t tag_of(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash) & ~mask_;
  }
  std::uint32_t locate(std::uint64_t hash, std::uint32_t row) const;
  void release();

  std::unique_ptr<std::uint32_t[]> slots_;
  std::uint32_t mask_ = 0;
  std::uint32_t shift_ = 63;
  std::uint32_t used_ = 0;
  MemoryBudget* budget_ = nullptr;
};

}  // namespace penstock
