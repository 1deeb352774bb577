#include "runtime/exec/outputs.h"

#include <algorithm>
#include <utility>

#include "runtime/exec/partitioner.h"

namespace penstock {

Outputs::Outputs(const Topology& topology, ChainId chain, SubtaskIndex subtask)
    : chain_(chain), subtask_(subtask) {
  for (std::size_t i = 0; i < topology.edges.size(); ++i)
    if (topology.edges[i].from == chain) edges_.push_back({.number = i, .edge = topology.edges[i]});
}

void Outputs::adopt(const Layout& layout) {
  for (EdgeOut& out : edges_) {
    out.table = layout.chains[out.edge.to.value].table;
    const auto& all = layout.edges[out.number].channels;
    const bool leaving = subtask_.value >= all.size();
    std::vector<std::shared_ptr<Target>> targets;
    for (std::size_t to = 0; !leaving && to < all[subtask_.value].size(); ++to) {
      const auto& channel = all[subtask_.value][to];
      if (channel == nullptr) {
        targets.push_back(nullptr);
        continue;
      }
      if (to < out.targets.size() && out.targets[to] && out.targets[to]->channel == channel) {
        targets.push_back(std::move(out.targets[to]));
        continue;
      }
      targets.push_back(std::make_shared<Target>(Target{.channel = channel}));
      if (last_watermark_ != kNoWatermark) send(*targets.back(), Watermark{last_watermark_});
      if (ended_) send(*targets.back(), EndOfInput{});
    }
    for (auto& target : out.targets)
      if (target != nullptr && !target->overflow.empty()) leaving_.push_back(std::move(target));
    out.targets = std::move(targets);
    out.next = 0;
  }
}

void Outputs::send(Target& target, Event event) {
  if (target.overflow.empty()) {
    auto* batch = std::get_if<Batch>(&event);
    if (batch == nullptr) {
      target.channel->push_control(std::move(event));
      return;
    }
    if (target.channel->try_push(*batch)) return;
  }
  target.overflow.push_back(std::move(event));
  ++waiting_;
}

void Outputs::emit(Batch batch) {
  if (batch.empty()) return;
  for (EdgeOut& out : edges_) {
    if (out.edge.keyed && !out.edge.keys.empty() && out.table->parallelism().value > 1) {
      for (auto& [owner, part] : split_by_owner(batch, out.edge.keys, *out.table))
        send(*out.targets[owner.value], std::move(part));
      continue;
    }
    std::size_t to = out.next;
    if (out.edge.keyed) {
      to = out.table->owner_of({0}).value;
    } else if (out.edge.forward) {
      to = subtask_.value;
    } else {
      out.next = (out.next + 1) % out.targets.size();
    }
    Batch given = &out == &edges_.back() ? std::exchange(batch, {}) : batch;
    send(*out.targets[to], std::move(given));
  }
}

void Outputs::send_to_all(const Event& event) {
  for (EdgeOut& out : edges_)
    for (auto& target : out.targets)
      if (target != nullptr) send(*target, event);
}

void Outputs::emit_watermark(Millis time) {
  last_watermark_ = time;
  send_to_all(Watermark{time});
}

void Outputs::emit_barrier(const Barrier& barrier) {
  if (!ended_) send_to_all(barrier);
}

void Outputs::emit_end() {
  ended_ = true;
  send_to_all(EndOfInput{});
}

bool Outputs::drain(Target& target) {
  while (!target.overflow.empty()) {
    Event& event = target.overflow.front();
    auto* batch = std::get_if<Batch>(&event);
    if (batch != nullptr && !target.channel->try_push(*batch)) return false;
    if (batch == nullptr) target.channel->push_control(std::move(event));
    target.overflow.pop_front();
    --waiting_;
  }
  return true;
}

bool Outputs::drain() {
  if (waiting_ == 0) return true;
  for (EdgeOut& out : edges_)
    for (auto& target : out.targets)
      if (target != nullptr) drain(*target);
  std::erase_if(leaving_, [&](auto& target) { return drain(*target); });
  return waiting_ == 0;
}

}  // namespace penstock
