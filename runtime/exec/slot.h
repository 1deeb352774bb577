#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/gate.h"
#include "runtime/base/guarded.h"
#include "runtime/exec/subtask.h"

namespace penstock {

// One thread and the subtasks that run on it, in turns, each for one batch. Sleeps when none has
// anything to do.
class Slot {
 public:
  Slot(Clock& clock, ExecListener& listener) : clock_(clock), listener_(listener) {}

  // Any thread. The subtask belongs to the slot's thread from here on.
  void add(std::unique_ptr<Subtask> subtask);
  void start();
  // Ends the thread and returns the subtasks it had; they may go to another slot.
  std::vector<std::unique_ptr<Subtask>> stop();
  Gate& gate() { return gate_; }

 private:
  void run(const std::stop_token& stop);
  bool run_once();
  bool run_subtask(Subtask& subtask, bool& gone);
  Duration until_next();

  Clock& clock_;
  ExecListener& listener_;
  Gate gate_;
  std::atomic<bool> has_arrivals_{false};
  Guarded<std::vector<std::unique_ptr<Subtask>>> arrivals_;
  std::vector<std::unique_ptr<Subtask>> subtasks_;
  bool failed_ = false;
  std::jthread thread_;
};

}  // namespace penstock
