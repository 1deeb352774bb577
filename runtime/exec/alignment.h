#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace penstock {

// Which of a subtask's inputs may be read, so that everything before a barrier is processed before
// anything after it. Pure; inputs are numbered as they are added, numbers are used again after
// compact(). Without inputs that have not ended, an announced barrier is complete at once: that is
// how sources and ended subtasks take part.
class Alignment {
 public:
  // `handled`: the newest barrier that lies before everything this subtask will see.
  explicit Alignment(std::uint64_t handled) : handled_(handled) {}

  std::size_t add_input();
  // After a rescale: keeps the inputs listed, renumbered in that order. Not while aligning.
  void keep_only(const std::vector<std::size_t>& inputs);

  // May not be read: it is at the barrier, or has ended.
  bool closed(std::size_t input) const { return at_[input] != At::kOpen; }
  bool ended(std::size_t input) const { return at_[input] == At::kEnded; }
  bool all_ended() const;
  std::size_t inputs() const { return at_.size(); }
  bool aligning() const { return sequence_.has_value(); }

  // The job tells every subtask of every barrier beside the channels, which may be faster or
  // slower. A second time does nothing.
  void announce(std::uint64_t sequence);
  // Not handled yet.
  bool pending(std::uint64_t sequence) const { return sequence > handled_; }
  void on_barrier(std::size_t input, std::uint64_t sequence);
  void on_end(std::size_t input);

  // The barrier that all inputs have reached, once; the caller acts on it and then calls release().
  std::optional<std::uint64_t> complete() const;
  void release();

 private:
  enum class At : std::uint8_t { kOpen, kBarrier, kEnded };
  std::vector<At> at_;
  std::optional<std::uint64_t> sequence_;  // that at least one input has reached
  std::vector<std::uint64_t> announced_;   // and not handled, ascending
  std::uint64_t handled_;
};

}  // namespace penstock
