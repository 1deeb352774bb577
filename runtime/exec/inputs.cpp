#include "runtime/exec/inputs.h"

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/base/overloaded.h"

namespace penstock {

Inputs::Inputs(const Topology& topology, ChainId chain, SubtaskIndex subtask,
               std::uint64_t handled_barrier)
    : chain_(chain), subtask_(subtask), alignment_(handled_barrier) {
  for (std::size_t i = 0; i < topology.edges.size(); ++i)
    if (topology.edges[i].to == chain) edges_.emplace_back(i, topology.edges[i].input);
}

void Inputs::adopt(const Layout& layout) {
  std::vector<In> wanted;
  for (const auto& [edge, input] : edges_)
    for (const auto& row : layout.edges[edge].channels)
      if (subtask_.value < row.size() && row[subtask_.value] != nullptr)
        wanted.push_back({.channel = row[subtask_.value], .input = input});

  std::vector<std::size_t> kept;
  std::vector<In> next;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const bool stays = std::ranges::any_of(
        wanted, [&](const In& in) { return in.channel == channels_[i].channel; });
    if (!stays) continue;
    kept.push_back(i);
    next.push_back(channels_[i]);
  }
  alignment_.keep_only(kept);
  for (In& in : wanted) {
    const bool known =
        std::ranges::any_of(next, [&](const In& old) { return old.channel == in.channel; });
    if (known) continue;
    next.push_back(std::move(in));
    alignment_.add_input();
  }
  channels_ = std::move(next);
  next_ = 0;
  if (!channels_.empty()) budget_ = channels_.front().channel->budget();
  update_watermark();
}

void Inputs::update_watermark() {
  if (channels_.empty()) return;
  Millis least = kEndOfTime;
  for (std::size_t i = 0; i < channels_.size(); ++i)
    if (!alignment_.ended(i)) least = std::min(least, channels_[i].watermark);
  watermark_ = std::max(watermark_, least);
}

Inputs::Read Inputs::read() {
  for (std::size_t tried = 0; tried < channels_.size(); ++tried) {
    const std::size_t i = next_;
    next_ = (next_ + 1) % channels_.size();
    if (alignment_.closed(i)) continue;
    In& in = channels_[i];
    std::optional<Event> event = in.channel->pop();
    if (!event) continue;
    Read read{.any = true};
    std::visit(Overloaded{
                   [&](Batch& batch) {
                     read.rows = Rows{in.input, std::move(batch)};
                     wake_senders();
                   },
                   [&](Watermark mark) {
                     in.watermark = mark.time;
                     update_watermark();
                   },
                   [&](Barrier& barrier) {
                     alignment_.on_barrier(i, sequence_of(barrier));
                     in.channel->block();
                     announce(barrier);
                     wake_senders();
                   },
                   [&](EndOfInput) {
                     alignment_.on_end(i);
                     update_watermark();
                   },
               },
               *event);
    return read;
  }
  return {};
}

void Inputs::announce(const Barrier& barrier) {
  alignment_.announce(sequence_of(barrier));
  if (!alignment_.pending(sequence_of(barrier))) return;
  const bool known = std::ranges::any_of(
      barriers_, [&](const Barrier& other) { return sequence_of(other) == sequence_of(barrier); });
  if (!known) barriers_.push_back(barrier);
  std::ranges::sort(barriers_, {}, sequence_of);
}

const Barrier* Inputs::aligned() const {
  const auto sequence = alignment_.complete();
  if (!sequence) return nullptr;
  for (const Barrier& barrier : barriers_)
    if (sequence_of(barrier) == *sequence) return &barrier;
  return nullptr;
}

void Inputs::release() {
  const std::uint64_t handled = *alignment_.complete();
  for (std::size_t i = 0; i < channels_.size(); ++i)
    if (alignment_.closed(i) && !alignment_.ended(i)) channels_[i].channel->unblock();
  alignment_.release();
  std::erase_if(barriers_, [&](const Barrier& barrier) { return sequence_of(barrier) <= handled; });
  wake_senders();
}

void Inputs::wake_senders() {
  if (budget_ == nullptr || !budget_->take_want()) return;
  for (In& in : channels_) in.channel->wake_sender();
}

std::uint64_t Inputs::queued_rows() const {
  std::uint64_t rows = 0;
  for (const In& in : channels_) rows += in.channel->queued_rows();
  return rows;
}

}  // namespace penstock
