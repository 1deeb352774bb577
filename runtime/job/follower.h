#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/checkpoint/log_reader.h"
#include "runtime/job/hand_over.h"
#include "runtime/job/peer.h"
#include "runtime/job/restore.h"
#include "runtime/job/shared.h"

namespace penstock {

// What a follower knows of its predecessor. Times are monotonic.
struct FollowState {
  struct Order {
    bool now = false;  // the predecessor is dead
    Duration at{};
  };
  std::optional<Order> order{};  // to take over
  Duration newest_at{};          // when the newest publication was seen
  bool handed_over = false;      // the last record is one whose process stands still
  bool held = false;             // the newest publication is here wholly
  bool ended = false;            // the predecessor was ordered to end
  Peer::Presence predecessor = Peer::Presence::kUnknown;
};
struct FollowStep {
  enum class Kind { kFollow, kTakeOver, kEnd } kind = Kind::kFollow;
  std::string reason{};  // of MoveReport
};
// What a follower does next. Pure.
FollowStep decide_follow(const FollowState& state, Duration now);

// Holds the newest publication of a job ready while another process runs it: claims nothing, writes
// nothing, opens no sink. The job's thread.
class Follower {
 public:
  // Opens the store and reads the log: what is wrong with either is told at once.
  static Result<std::unique_ptr<Follower>> make(JobShared& shared);
  Follower(JobShared& shared, std::unique_ptr<BlobStore> store, StateImage image);

  struct End {
    std::optional<Ending> ending{};          // of this process; else its turn has come
    std::unique_ptr<Followed> followed{};    // what it has
    std::vector<TakeOverRequest> waiters{};  // to be told how that went
  };
  End run(const std::stop_token& stop);

 private:
  void take_requests();
  void look();
  void note_newest();
  void note_trouble(const Error& error);
  void watch(const ClaimRecord& claim);
  void fetch(const std::stop_token& stop);
  void report(std::uint64_t bytes_behind);
  FollowState state();
  End take_over(const std::string& reason);
  End end(Ending ending);

  JobShared& shared_;
  std::unique_ptr<BlobStore> store_;
  LogReader log_;
  StateImage image_;
  std::unique_ptr<Peer> peer_;        // of the newest claim; nullptr: it names no address
  std::optional<ClaimRecord> claim_;  // the newest
  // This process has the newest claim's address: a container that was started again. So that one is
  // gone.
  bool own_place_ = false;
  const LogEntry* newest_ = nullptr;  // publication; in log_, until more is read
  RecordNumber newest_number_{};
  std::optional<RecordNumber> held_;         // publication that is here wholly
  std::optional<RecordNumber> unfetchable_;  // a file of it is gone or damaged
  CheckpointId held_checkpoint_{};
  Millis held_at_ = 0;
  Duration newest_at_{};
  int rounds_ = 0;  // large ones in a row
  std::optional<FollowState::Order> order_;
  std::vector<TakeOverRequest> waiters_;
  std::optional<Ending> ending_;
  std::string trouble_;  // as logged last
};

}  // namespace penstock
