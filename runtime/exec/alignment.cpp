#include "runtime/exec/alignment.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace penstock {

std::size_t Alignment::add_input() {
  at_.push_back(At::kOpen);
  return at_.size() - 1;
}

void Alignment::keep_only(const std::vector<std::size_t>& inputs) {
  std::vector<At> kept;
  for (const std::size_t input : inputs) kept.push_back(at_[input]);
  at_ = std::move(kept);
}

bool Alignment::all_ended() const {
  return std::ranges::all_of(at_, [](At at) { return at == At::kEnded; });
}

void Alignment::announce(std::uint64_t sequence) {
  if (sequence <= handled_) return;  // the channels were faster
  const auto place = std::ranges::lower_bound(announced_, sequence);
  if (place == announced_.end() || *place != sequence) announced_.insert(place, sequence);
}

void Alignment::on_barrier(std::size_t input, std::uint64_t sequence) {
  CHECK(at_[input] == At::kOpen);
  CHECK(!sequence_ || *sequence_ == sequence);
  at_[input] = At::kBarrier;
  sequence_ = sequence;
}

void Alignment::on_end(std::size_t input) {
  CHECK(at_[input] == At::kOpen);
  at_[input] = At::kEnded;
}

std::optional<std::uint64_t> Alignment::complete() const {
  const bool open = std::ranges::any_of(at_, [](At at) { return at == At::kOpen; });
  if (open) return std::nullopt;
  if (sequence_) return sequence_;
  if (!announced_.empty()) return announced_.front();
  return std::nullopt;
}

void Alignment::release() {
  handled_ = *complete();
  std::erase_if(announced_, [&](std::uint64_t sequence) { return sequence <= handled_; });
  for (At& at : at_)
    if (at == At::kBarrier) at = At::kOpen;
  sequence_.reset();
}

}  // namespace penstock
