#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/state/memory_budget.h"

namespace penstock {

// Memory that counts in the budget for as long as anybody, live or frozen, holds it: the head of
// one block, with the bytes behind it. The last holder, on any thread, gives the block back.
class alignas(16) Segment {
 public:
  std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
  std::size_t size() const { return size_; }

 private:
  friend class SegmentRef;
  Segment(std::size_t size, MemoryBudget& budget) : budget_(budget), size_(size) {}

  MemoryBudget& budget_;
  std::size_t size_;
  std::atomic<std::uint32_t> holders_{1};
};

// Holds a segment, or none. One thread per ref.
class SegmentRef {
 public:
  SegmentRef() = default;
  SegmentRef(std::size_t bytes, MemoryBudget& budget);  // a new one
  SegmentRef(const SegmentRef& other) : segment_(other.segment_) {
    if (segment_ != nullptr) segment_->holders_.fetch_add(1, std::memory_order_relaxed);
  }
  SegmentRef(SegmentRef&& other) noexcept : segment_(std::exchange(other.segment_, nullptr)) {}
  SegmentRef& operator=(SegmentRef other) noexcept {
    std::swap(segment_, other.segment_);
    return *this;
  }
  ~SegmentRef() {
    if (segment_ != nullptr) release();
  }

  explicit operator bool() const { return segment_ != nullptr; }
  Segment* operator->() const { return segment_; }

 private:
  void release();

  Segment* segment_ = nullptr;
};

// Rows of one width, numbered from 0 without gaps, in segments. freeze() shares the segments with a
// picture; the live store then copies a segment before its first write. A segment is written in
// place only if it was made since the last freeze (its epoch is the store's), so no thread ever has
// to ask whether a picture still exists. One thread at a time; a frozen store is never written.
class RowStore {
 public:
  RowStore(std::uint32_t row_bytes, MemoryBudget& budget);
  RowStore(RowStore&&) = default;
  RowStore& operator=(RowStore&&) = default;

  std::uint32_t size() const { return size_; }
  const std::byte* row(std::uint32_t number) const {
    return segments_[number >> shift_].bytes + std::size_t{number & mask_} * row_bytes_;
  }
  // The same for writing; what row() gave before may be gone then. Stays valid until the store
  // grows or is frozen.
  std::byte* writable(std::uint32_t number) {
    if (segments_[number >> shift_].epoch != epoch_) [[unlikely]]
      own_segment(number >> shift_);
    return segments_[number >> shift_].bytes + std::size_t{number & mask_} * row_bytes_;
  }
  // A new row, number size()-1, uninitialised.
  std::byte* append();
  void pop();
  // No rows any more. Memory is kept for the next ones, unless a picture shares it.
  void clear();

  // The rows as they are now. Constant cost.
  RowStore freeze();
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Slot {
    std::byte* bytes = nullptr;
    std::uint64_t epoch = 0;
    SegmentRef segment;
  };
  RowStore(const RowStore&) = default;  // shares everything: freeze()
  void own_list();
  void own_segment(std::size_t number);
  void put_segment(std::size_t number, std::size_t rows, std::size_t rows_kept);

  std::uint32_t row_bytes_;
  std::uint32_t shift_;
  std::uint32_t mask_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint64_t epoch_ = 1;
  std::uint64_t list_epoch_ = 1;
  std::uint64_t bytes_ = 0;
  std::shared_ptr<std::vector<Slot>> list_;
  Slot* segments_ = nullptr;
  MemoryBudget* budget_;
};

// Names a text of a TextStore; 0 is the empty text.
using TextRef = std::uint64_t;

// Texts that rows refer to. Only appended to: what a picture shows is never touched, so freezing
// shares it and copies nothing. Garbage is reclaimed by copying the live texts into a new store.
class TextStore {
 public:
  explicit TextStore(MemoryBudget& budget) : budget_(&budget) {}

  TextRef add(std::string_view text);
  // Valid as long as the store or a picture of it lives.
  std::string_view get(TextRef ref) const;
  // Counts a text that no row refers to any more.
  void drop(TextRef ref);
  // More garbage than live text, and enough to be worth a pass.
  bool wasteful() const { return garbage_ > 4096 && garbage_ > used_ / 2; }

  TextStore freeze();
  std::uint64_t bytes() const { return bytes_; }

 private:
  void open_segment(std::size_t at_least);

  MemoryBudget* budget_;
  std::shared_ptr<std::vector<SegmentRef>> list_;
  bool list_shared_ = false;
  std::size_t tail_used_ = 0;  // of the last segment
  std::uint64_t used_ = 0;
  std::uint64_t garbage_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace penstock
