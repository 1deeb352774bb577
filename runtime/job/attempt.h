#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/checkpoint/log.h"
#include "runtime/job/checkpoint_cycle.h"
#include "runtime/job/restore.h"
#include "runtime/job/shared.h"
#include "runtime/job/uploader.h"

namespace penstock {

// How an attempt ended.
struct AttemptEnd {
  enum class Kind {
    kFinished,
    kStopped,
    kHandedOver,
    kSuperseded,
    kFailed,
    kDestroyed
  } kind = Kind::kFailed;
  std::string operator_name{};  // that failed
  Error error{};
  bool can_heal = true;     // another attempt may do better
  bool progressed = false;  // a checkpoint was completed
};

// One life of a job: from a claim and a restored checkpoint to the end, a failure or a stop. Used
// by the job's thread; subtasks and the uploader leave their messages from theirs. Destroying it
// joins all threads.
class Attempt final : public ExecListener {
 public:
  // Claims, restores, commits what is published, discards the rest, deploys and starts.
  static Result<std::unique_ptr<Attempt>> make(JobShared& shared);
  explicit Attempt(JobShared& shared);
  ~Attempt() override;

  AttemptEnd run(const std::stop_token& stop);
  void post(ExecMessage message) override;  // any thread

 private:
  using Message = std::variant<ExecMessage, Uploaded>;
  struct Output {
    CheckpointId from{};  // belongs to this checkpoint or a later one
    CommittableRecord record;
  };
  struct Running {  // the checkpoint that is under way
    Millis started_at = 0;
    bool final = false;       // at the end of the input
    bool last = false;        // before a stop
    bool hands_over = false;  // everything stands still at its barrier
    bool compacted = false;
    TableRecord table;
    std::vector<SplitRecord> splits;
    std::vector<StateBlock> written;
    std::uint64_t bytes = 0;
    Duration hold{0};
    std::vector<CheckpointRequest> waiters;
    std::optional<PublicationRecord> publication{};  // decided, its outcome unknown
    Duration retry_at{0};
  };
  struct HandingOver {
    // First checkpoints while the rows flow, so that little is left for the one at which they stop.
    enum class Step { kCopying, kStopping, kWaiting } step = Step::kCopying;
    int rounds = 0;
    std::uint64_t sequence = 0;  // of the barrier at which everything stands still
    CheckpointId checkpoint{};   // that was handed over
    Duration until{};            // it goes on then
    Duration look_at{};          // for a claim
    std::vector<HandOverRequest> waiters;
  };
  struct Rescaling {
    std::uint64_t sequence = 0;
    std::size_t reported = 0;
    Duration pause{0};
    std::uint32_t from = 0;
    std::uint32_t moved = 0;
    std::string reason;
    Duration began{};
    std::vector<RescaleRequest> waiters;
  };

  Status prepare();
  Status claim();
  Result<Restored> choose_start();
  using Sinks = std::map<std::uint32_t, std::unique_ptr<Sink>>;
  Status settle_outputs(const Restored& restored, const Connected& connected);
  Status withdraw_newer(const Restored& restored, const Sinks& sinks);
  Status withdraw_unknown(const Restored& restored, const Sinks& sinks);
  Status commit(const Sinks& sinks, const std::vector<CommittableRecord>& records);
  Sink* sink_of(const Sinks& sinks, const std::string& operator_name) const;
  Status deploy(Restored restored);
  void publish_view();

  void handle(ExecMessage& message);
  void on_ack(SubtaskAck& ack);
  void on_rescaled(SubtaskRescaled& rescaled);
  void on_failed(SubtaskFailed& failed);
  void on_uploaded(Uploaded& uploaded);
  void take_requests();
  void on_stop(const StopRequest& request);

  void decide();
  void start_checkpoint();
  void complete_checkpoint();
  void finish_checkpoint();
  void discard_of_older();
  void fail_checkpoint(const Error& error);
  PublicationRecord make_publication();
  Status write_savepoint(const std::string& uri, const PublicationRecord& publication);
  void collect_garbage();
  void on_hand_over(HandOverRequest& request);
  bool stands_still() const;
  void continue_hand_over(std::uint64_t copied);
  void await_claim();
  void abandon_hand_over(const Error& why);
  void tell_hand_over(const Result<CheckpointId>& outcome);
  void start_rescale();
  void finish_rescale();
  void discover();
  Duration until_next() const;
  void end(AttemptEnd end);
  void withdraw_unpublished();
  void fail(Error error, std::string operator_name = {}, bool can_heal = true);
  bool keeps_state() const { return store_ != nullptr; }
  bool all_ended() const { return ended_.size() == deployment_->subtasks(); }
  std::vector<std::string> operator_names() const;

  JobShared& shared_;
  Guarded<std::deque<Message>> messages_;
  std::optional<AttemptEnd> end_;
  std::unique_ptr<BlobStore> store_;    // nullptr: without checkpoints
  std::unique_ptr<Followed> followed_;  // what there is already of what is to be restored
  std::optional<CheckpointLog> log_;
  std::string log_id_;
  RecordNumber epoch_{};
  std::vector<CheckpointLog::Entry> history_;
  std::vector<CheckpointLog::Unreadable> unreadable_;  // of the log, when it was claimed
  CheckpointId next_id_{1};
  CheckpointId base_{};             // newest published in store_
  std::vector<StateBlock> blocks_;  // of base_
  std::map<std::string, std::uint64_t> file_sizes_;
  std::vector<Output> outputs_;  // prepared, not published
  std::uint64_t sequence_ = 0;   // of barriers
  CheckpointCycle cycle_;
  std::optional<Running> running_;
  std::optional<Rescaling> rescaling_;
  std::optional<HandingOver> handing_over_;
  std::deque<RescaleRequest> rescales_;
  std::vector<CheckpointRequest> waiting_;  // for the next checkpoint
  std::set<std::pair<ChainId, SubtaskIndex>> ended_;
  std::map<std::uint32_t, Duration> discover_at_;
  bool stopping_ = false;
  bool leaving_ = false;  // the process, not the job
  bool draining_ = false;
  bool progressed_ = false;
  Duration final_after_{0};  // a failed final checkpoint is tried again then
  std::atomic<int> frozen_{0};
  std::unique_ptr<Uploader> uploader_;
  std::unique_ptr<Deployment> deployment_;
};

}  // namespace penstock
