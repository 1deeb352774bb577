#include "runtime/state/segment.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "runtime/base/check.h"

namespace penstock {
namespace {

// Small enough that a copy before a write costs about a microsecond and that a half-empty last
// segment hardly counts, large enough that the list of segments stays short.
constexpr std::size_t kRowSegmentBytes = 8 * 1024;
constexpr std::uint32_t kFirstRows = 4;

// A TextRef is the offset in the upper 36 bits and the length in the lower 28.
constexpr int kLengthBits = 28;
constexpr std::size_t kTextSegmentBytes = 256 * 1024;
constexpr std::size_t kFirstTextBytes = 64;
constexpr std::size_t kMaxTextBytes = (std::size_t{1} << kLengthBits) - 1;

}  // namespace

SegmentRef::SegmentRef(std::size_t bytes, MemoryBudget& budget) {
  segment_ = new (budget.spare().take(sizeof(Segment) + bytes).release()) Segment(bytes, budget);
  budget.add(static_cast<std::int64_t>(bytes));
}

void SegmentRef::release() {
  if (segment_->holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  MemoryBudget& budget = segment_->budget_;
  const std::size_t bytes = segment_->size_;
  budget.add(-static_cast<std::int64_t>(bytes));
  segment_->~Segment();
  SpareBlocks::Block block(reinterpret_cast<std::byte*>(segment_));
  budget.spare().give_back(std::move(block), sizeof(Segment) + bytes);
}

RowStore::RowStore(std::uint32_t row_bytes, MemoryBudget& budget)
    : row_bytes_(std::max(row_bytes, 1u)),
      shift_(static_cast<std::uint32_t>(
          std::bit_width(std::max<std::size_t>(kRowSegmentBytes / row_bytes_, 1)) - 1)),
      mask_((1u << shift_) - 1),
      budget_(&budget) {}

void RowStore::own_list() {
  if (!list_) {
    list_ = std::make_shared<std::vector<Slot>>();
  } else if (list_epoch_ != epoch_) {
    list_ = std::make_shared<std::vector<Slot>>(*list_);
  }
  list_epoch_ = epoch_;
  segments_ = list_->data();
}

void RowStore::put_segment(std::size_t number, std::size_t rows, std::size_t rows_kept) {
  own_list();
  SegmentRef segment(rows * row_bytes_, *budget_);
  if (number == list_->size()) {
    list_->emplace_back();
  } else {
    bytes_ -= (*list_)[number].segment->size();
    std::memcpy(segment->bytes(), (*list_)[number].bytes, rows_kept * row_bytes_);
  }
  bytes_ += segment->size();
  std::byte* const bytes = segment->bytes();
  (*list_)[number] = {bytes, epoch_, std::move(segment)};
  segments_ = list_->data();
}

void RowStore::own_segment(std::size_t number) {
  const std::size_t rows = segments_[number].segment->size() / row_bytes_;
  const std::size_t first = number << shift_;
  put_segment(number, rows, std::min<std::size_t>(rows, size_ - first));
}

std::byte* RowStore::append() {
  if (size_ == capacity_) {
    const std::uint32_t whole = mask_ + 1;
    if (capacity_ >= whole) {
      put_segment(capacity_ >> shift_, whole, 0);
      capacity_ += whole;
    } else {
      const std::uint32_t rows = std::min(whole, std::max(kFirstRows, capacity_ * 2));
      put_segment(0, rows, size_);
      capacity_ = rows;
    }
  }
  return writable(size_++);
}

void RowStore::pop() {
  CHECK(size_ > 0);
  --size_;
  const std::uint32_t whole = mask_ + 1;
  // One empty segment is kept, so that a row that comes and goes does not allocate.
  if (capacity_ > whole && size_ + 2 * whole <= capacity_) {
    own_list();
    bytes_ -= list_->back().segment->size();
    list_->pop_back();
    capacity_ -= whole;
  }
}

void RowStore::clear() {
  size_ = 0;
  if (list_epoch_ == epoch_) return;
  // Shared with a picture, at least the list: begin anew.
  list_.reset();
  segments_ = nullptr;
  capacity_ = 0;
  bytes_ = 0;
}

RowStore RowStore::freeze() {
  RowStore picture = *this;
  ++epoch_;
  return picture;
}

void TextStore::open_segment(std::size_t at_least) {
  if (!list_) {
    list_ = std::make_shared<std::vector<SegmentRef>>();
  } else if (list_shared_) {
    list_ = std::make_shared<std::vector<SegmentRef>>(*list_);
  }
  list_shared_ = false;
  const std::size_t doubled = kFirstTextBytes << std::min<std::size_t>(list_->size(), 12);
  const std::size_t size = std::max(std::min(doubled, kTextSegmentBytes), at_least);
  list_->emplace_back(size, *budget_);
  bytes_ += size;
  // A text larger than a segment takes the numbers of as many segments as it covers.
  for (std::size_t covered = kTextSegmentBytes; covered < size; covered += kTextSegmentBytes)
    list_->emplace_back();
  tail_used_ = 0;
}

TextRef TextStore::add(std::string_view text) {
  if (text.empty()) return 0;
  CHECK(text.size() <= kMaxTextBytes);
  const bool fits = list_ && list_->back() && tail_used_ + text.size() <= list_->back()->size() &&
                    tail_used_ < kTextSegmentBytes;
  if (!fits) open_segment(text.size());
  std::size_t number = list_->size() - 1;
  while (!(*list_)[number]) --number;
  std::memcpy((*list_)[number]->bytes() + tail_used_, text.data(), text.size());
  const std::uint64_t offset = number * kTextSegmentBytes + tail_used_;
  tail_used_ += text.size();
  used_ += text.size();
  return offset << kLengthBits | text.size();
}

std::string_view TextStore::get(TextRef ref) const {
  if (ref == 0) return {};
  const std::uint64_t offset = ref >> kLengthBits;
  const std::byte* start =
      (*list_)[offset / kTextSegmentBytes]->bytes() + offset % kTextSegmentBytes;
  return {reinterpret_cast<const char*>(start), static_cast<std::size_t>(ref & kMaxTextBytes)};
}

void TextStore::drop(TextRef ref) { garbage_ += ref & kMaxTextBytes; }

TextStore TextStore::freeze() {
  list_shared_ = true;
  return *this;
}

}  // namespace penstock
