#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/exec/factories.h"
#include "runtime/exec/messages.h"
#include "runtime/exec/rescale.h"
#include "runtime/exec/slot.h"
#include "runtime/exec/split_coordinator.h"
#include "runtime/exec/topology.h"

namespace penstock {

// State and positions to start from; by operator.
struct RestoredState {
  std::map<std::uint32_t, std::vector<std::pair<KeyGroup, std::unique_ptr<StateUnit>>>> units;
  std::map<std::uint32_t, std::vector<Split>> splits;
};

// Sources and sinks of a job's attempt, by operator.
struct Connected {
  std::map<std::uint32_t, std::unique_ptr<Source>> sources;
  std::map<std::uint32_t, std::unique_ptr<Sink>> sinks;
};
Result<Connected> connect(const StreamGraph& graph, const Factories& factories, Clock& clock);

// All subtasks of one attempt of a job and the slots that run them. Owned by the job and used by
// its thread only; subtasks answer through the listener. Destroying it ends all threads.
class Deployment {
 public:
  struct Config {
    const StreamGraph& graph;
    const Factories& factories;
    ExecListener& listener;
    Clock& clock;
    MemoryBudget& memory;
    const std::atomic<int>& frozen;
    // Counters of (chain, subtask); outlives the deployment.
    std::function<std::shared_ptr<SubtaskCounters>(ChainId, SubtaskIndex)> counters;
    bool keeps_state = false;
    std::uint32_t key_groups = 720;
    std::size_t batch_rows = kMaxBatchRows;
    std::size_t channel_bytes = 4u << 20;
    std::string log_id;
    RecordNumber epoch{};
  };
  static Result<std::unique_ptr<Deployment>> make(Config config, Connected connected,
                                                  const KeyGroupTable& table,
                                                  RestoredState restored);
  explicit Deployment(Config config);
  ~Deployment();

  void start();
  // Ends all threads and subtasks; what is left is sinks() and what the listener was told.
  void stop();
  // Tells every subtask of the barrier; those without inputs act on it.
  void announce(const Barrier& barrier);
  // What stands still at that barrier goes on.
  void go_on(std::uint64_t sequence);

  // Adds slots and subtasks for `table` and tells everybody. The rescale is over when all of
  // participants() have reported and splits_settled(); then finish_rescale().
  Status begin_rescale(const KeyGroupTable& table, std::uint64_t sequence, CheckpointId last);
  std::size_t participants() const { return participants_; }
  bool splits_settled() const;
  void finish_rescale();

  const KeyGroupTable& table() const { return table_; }
  std::size_t subtasks() const;
  Parallelism slots() const { return {static_cast<std::uint32_t>(slots_.size())}; }
  const Topology& topology() const { return topology_; }
  std::map<std::uint32_t, std::unique_ptr<Sink>>& sinks() { return connected_.sinks; }
  // Shared so that reports may outlive the deployment; only report() and watermark() may be called
  // then.
  const std::map<std::uint32_t, std::shared_ptr<SplitCoordinator>>& splits() const {
    return splits_;
  }
  const Layout& layout() const { return *layout_; }

 private:
  Result<std::unique_ptr<Subtask>> make_subtask(ChainId chain, SubtaskIndex index,
                                                const Layout& layout, std::uint64_t handled,
                                                RestoredState* restored);
  Result<ChainDriver::Stage> make_stage(OperatorId id, SubtaskCounters& counters,
                                        std::uint32_t writer);
  std::vector<std::shared_ptr<const KeyGroupTable>> tables_for(const KeyGroupTable& table) const;
  void add_slots(Parallelism wanted);
  void set_wakers(const Layout& layout);

  Config config_;
  Topology topology_;
  Connected connected_;
  std::map<std::uint32_t, std::shared_ptr<SplitCoordinator>> splits_;
  KeyGroupTable table_;
  std::shared_ptr<const Layout> layout_;
  std::shared_ptr<const RescalePlan> plan_;  // of the last rescale
  std::vector<std::uint32_t> writers_;       // made so far, by chain: no two writers share a name
  std::uint64_t rescales_ = 0;
  std::size_t participants_ = 0;
  std::vector<std::unique_ptr<Slot>> ended_slots_;  // others may still wake their gates
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace penstock
