#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controllers/api/job_report.h"
#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock {

// Where one process of a job can be asked. A job may have two: the active one and its successor.
struct EngineTarget {
  std::string job;      // the queue key to wake when something changed: "namespace/name"
  std::string uid;      // of the StreamJob
  std::string key;      // names it among all that are followed: the Pod's uid
  std::string address;  // "10.1.2.3:7000"
  std::string
      process;  // restarts of the Pod's containers: with another one, nothing of before holds
  std::string server_name = {};  // that its certificate must have; empty: plain text, on loopback
  friend bool operator==(const EngineTarget&, const EngineTarget&) = default;
};

// What is known of a job's engine now. Without a report, or when `unknown_since` is set, it is
// unknown, which is never the same as empty.
struct EngineView {
  std::optional<api::JobReport> report;  // the latest
  Duration report_age{0};
  std::optional<Millis> unknown_since;  // since when it has not answered; wall clock
  std::string unknown_reason;           // "no answer from 10.1.2.3:7000: connection refused"
};

// An order to an engine. An older (generation, decision) than one that the engine has taken is
// refused by it with kConflict.
struct EngineOrder {
  struct Rescale {
    std::uint32_t parallelism = 0;
    std::string reason;
  };
  struct Checkpoint {};
  struct Savepoint {
    std::string uri;
  };
  // Deletes a savepoint that the job wrote there; kInvalid when it is something else.
  struct Dispose {
    std::string uri;
  };
  struct Stop {
    enum class Mode { kNow, kDrain, kSavepoint } mode = Mode::kNow;
    std::string savepoint_uri;
  };
  struct Configure {
    std::string log_level;
  };
  // To the active process: a last checkpoint, at whose barrier it stops. Done: its successor has
  // claimed the job, and it ends; kUnavailable: none did within 10 s, and it goes on.
  struct HandOver {};
  // To a follower: claims the job once its predecessor has handed over, or after 10 s, or `now`.
  // Done: it runs.
  struct TakeOver {
    bool now = false;  // the predecessor is dead
  };

  std::string id;  // names the order among the job's: giving an id again does not repeat it
  std::uint64_t generation = 0;
  std::uint64_t decision = 0;
  Duration deadline = std::chrono::seconds(60);
  std::variant<Rescale, Checkpoint, Savepoint, Dispose, Stop, Configure, HandOver, TakeOver> what;
};

// How an order is doing. The checkpoint number stands in the outcome of Checkpoint, Savepoint and
// HandOver.
struct OrderOutcome {
  enum class State { kRunning, kDone, kFailed } state = State::kRunning;
  std::optional<Error> error;
  CheckpointId checkpoint;
  std::uint64_t state_bytes = 0;  // in it
};

// What the operator asks of running jobs, whichever engine it is. Nothing here blocks: reports come
// in behind the scenes, orders are sent with deadlines, and one unreachable process cannot slow
// another. `key` is EngineTarget::key. Any thread.
class EngineClient {
 public:
  virtual ~EngineClient() = default;

  // Called on a thread of the client, with EngineTarget::job, when a report changed the picture (a
  // phase, the slots, a checkpoint, an ending), contact was lost or found, or an order ended. Set
  // before the first follow(); an empty one ends the calls: none is under way when this returns.
  // The listener must not call the client.
  virtual void on_change(std::function<void(const std::string& job)> listener) = 0;

  // Follows the target from now on; the same target again changes nothing, another address or
  // process for the key replaces the former. A report every second while `busy`, every ten
  // otherwise.
  virtual void follow(const EngineTarget& target, bool busy) = 0;
  // Drops everything about the process.
  virtual void forget(const std::string& key) = 0;

  // Unknown when it is not followed.
  virtual EngineView view(const std::string& key) = 0;

  // Sends the order to a followed process, unless one with its id was given already.
  virtual void order(const std::string& key, const EngineOrder& order) = 0;
  // Nothing when no order of this id was given to it since it is followed at this address.
  virtual std::optional<OrderOutcome> outcome(const std::string& key, const std::string& id) = 0;
};

}  // namespace penstock
