#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/exec/chain_driver.h"
#include "runtime/exec/counters.h"
#include "runtime/exec/inputs.h"
#include "runtime/exec/messages.h"
#include "runtime/exec/outputs.h"
#include "runtime/exec/rescale.h"
#include "runtime/exec/source_reader.h"

namespace penstock {

// One of the parallel instances of a chain. A slot runs it, a batch at a time; it never waits. All
// its state belongs to the slot's thread; others reach it through its inbox and its channels.
class Subtask {
 public:
  struct Config {
    const Topology& topology;
    ChainId chain{};
    SubtaskIndex index{};
    std::shared_ptr<Inbox> inbox;
    std::shared_ptr<SubtaskCounters> counters;
    ExecListener& listener;
    Clock& clock;
    MemoryBudget& memory;
    const std::atomic<int>&
        frozen;  // checkpoints whose state is being written; their copies will be free again
    bool keeps_state = false;           // checkpoints hold state: else only outputs are prepared
    std::size_t hold_bytes = 4u << 20;  // held rows beyond this stop the reading
    std::uint64_t handled_barrier = 0;
    std::uint32_t key_groups = 720;
    std::vector<std::vector<std::size_t>> keys{};  // by input of the first operator
  };
  Subtask(Config config, ChainDriver driver, std::optional<SourceReader> source,
          const Layout& layout);
  // Groups that will arrive from others, for a subtask that a rescale has made.
  void await(const std::vector<KeyGroup>& groups, std::uint64_t sequence);

  enum class Progress : std::uint8_t {
    kWorked,  // call again soon
    kIdle,    // nothing to do until woken or until wake_at()
    kGone,    // a rescale has taken everything; to be destroyed
  };
  // Handles at most one input batch. An error ends the attempt.
  Result<Progress> run(Millis now);
  std::optional<Millis> wake_at() const;
  // The error that run() returned says that state memory is used up.
  bool out_of_memory() const { return out_of_memory_; }

  const std::shared_ptr<Waker>& waker() const { return config_.inbox->waker(); }
  ChainId chain() const { return config_.chain; }
  SubtaskIndex index() const { return config_.index; }
  const std::string& failed_operator() const { return failed_operator_; }
  SubtaskCounters& counters() { return *config_.counters; }

 private:
  // What a rescale still owes this subtask, until it has reported.
  struct Awaiting {
    std::uint64_t sequence = 0;
    std::vector<bool>
        groups;  // by group: its rows are held until all units are here, so that they stay in order
    std::size_t units = 0;            // that have to arrive
    std::deque<Inputs::Rows> held{};  // rows of those groups, in order
    std::size_t held_bytes = 0;
    std::optional<Duration> since{};  // first row held
    Duration pause{0};
  };
  Result<bool> work_off();
  Result<bool> control();
  Result<bool> finish_awaiting();
  Result<bool> take_input(Millis now);
  Status hold_or_give(Inputs::Rows rows);
  void read_mail();
  void adopt(MovedUnit unit);
  Status pass(const CheckpointBarrier& barrier);
  Status pass(const RescaleBarrier& barrier);
  bool freeze_some();
  void finish_freezing();
  void hand_over(const RescalePlan& plan);
  void measure(Duration busy);
  void count();
  Result<std::vector<PreparedOutput>> prepare(CheckpointId checkpoint);
  bool awaits_units() const { return awaiting_ && awaiting_->units > 0; }
  Millis input_watermark() const;
  bool input_ended() const;
  Error failed(Error error);

  Config config_;
  ChainDriver driver_;
  std::optional<SourceReader> source_;
  Inputs inputs_;
  Outputs outputs_;
  bool stateful_ = false;
  std::optional<Awaiting> awaiting_;
  std::vector<MovedUnit> early_;     // units that came before this subtask's own barrier
  Millis watermark_ = kNoWatermark;  // given to the operators
  Millis floor_ = kNoWatermark;      // that moved state has seen
  std::optional<Duration> barrier_seen_;
  std::optional<Duration> blocked_since_;
  std::optional<Millis> paused_until_;  // state memory is used up for now
  bool stands_still_ = false;           // at a barrier, see CheckpointBarrier
  std::uint64_t gone_on_ = 0;           // newest barrier at which it shall not stand still
  // Has passed its checkpoint's barrier; goes out when all pictures of the state are in it.
  std::optional<SubtaskAck> freezing_;
  std::optional<SubtaskRescaled>
      farewell_;  // this subtask leaves when its output has been delivered
  bool ended_ = false;
  bool out_of_memory_ = false;
  std::uint32_t runs_ = 0;
  InflightMeter meter_;
  std::string failed_operator_;
};

}  // namespace penstock
