#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/exec/channel.h"
#include "runtime/exec/event.h"
#include "runtime/exec/rescale.h"
#include "runtime/exec/topology.h"

namespace penstock {

// Where a subtask's output goes: every edge that leaves its chain, split by key or dealt out. What
// a channel cannot take waits here, in order. The subtask's thread only.
class Outputs {
 public:
  Outputs(const Topology& topology, ChainId chain, SubtaskIndex subtask);

  // Takes the channels of `layout`. Channels that are new to this subtask begin with its last
  // watermark and, if it has ended, the end; those that are gone are kept until what waits for them
  // is delivered.
  void adopt(const Layout& layout);

  void emit(Batch batch);
  void emit_watermark(Millis time);
  void emit_barrier(const Barrier& barrier);
  void emit_end();

  // Delivers what waits, as far as there is room; true when nothing waits any more.
  bool drain();
  bool waiting() const { return waiting_ > 0; }
  bool any() const { return !edges_.empty(); }
  Millis last_watermark() const { return last_watermark_; }

 private:
  struct Target {
    std::shared_ptr<Channel> channel;
    std::deque<Event> overflow{};
  };
  struct EdgeOut {
    std::size_t number;  // in Topology::edges
    Edge edge;
    std::shared_ptr<const KeyGroupTable> table{};
    std::vector<std::shared_ptr<Target>> targets{};  // by receiver; nullptr where there is none
    std::size_t next = 0;                            // round robin
  };
  void send(Target& target, Event event);
  void send_to_all(const Event& event);
  bool drain(Target& target);

  const ChainId chain_;
  const SubtaskIndex subtask_;
  std::vector<EdgeOut> edges_;
  std::vector<std::shared_ptr<Target>> leaving_;
  std::size_t waiting_ = 0;  // events in all overflows
  Millis last_watermark_ = kNoWatermark;
  bool ended_ = false;
};

}  // namespace penstock
