#pragma once

#include <atomic>
#include <memory>

#include "runtime/base/gate.h"

namespace penstock {

// Wakes the slot on which a subtask runs, wherever that is now. Shared by all who have something
// for the subtask; any thread.
class Waker {
 public:
  void wake() {
    if (Gate* gate = gate_.load(std::memory_order_acquire)) gate->notify();
  }
  // `gate` outlives every wake: gates live as long as the attempt.
  void move_to(Gate& gate) { gate_.store(&gate, std::memory_order_release); }

 private:
  std::atomic<Gate*> gate_{nullptr};
};

}  // namespace penstock
