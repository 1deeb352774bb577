#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/exec/sink.h"
#include "runtime/exec/source.h"
#include "runtime/state/state_unit.h"

namespace penstock {

// What subtasks tell the job.

struct PreparedOutput {
  OperatorId sink{};
  Committable committable;
};

// A subtask has passed a checkpoint's barrier; its part of the checkpoint.
struct SubtaskAck {
  CheckpointId checkpoint{};
  ChainId chain{};
  SubtaskIndex subtask{};
  struct State {
    OperatorId operator_id{};
    std::vector<FrozenUnit> units;
  };
  std::vector<State> states{};
  std::vector<Split> splits{};  // a source's: held or finished here
  std::vector<PreparedOutput> outputs{};
  Duration hold{0};  // first barrier seen to barrier passed on
};

// All inputs have ended and everything that follows from that has been sent.
struct SubtaskEnded {
  ChainId chain{};
  SubtaskIndex subtask{};
};

// A subtask has done its part of a rescale: handed over what it lost, has what it got, replayed
// what it held.
struct SubtaskRescaled {
  std::uint64_t sequence = 0;
  ChainId chain{};
  SubtaskIndex subtask{};
  bool retired = false;                   // it owns nothing any more and is gone
  std::vector<PreparedOutput> outputs{};  // of a retired one
  Duration pause{0};                      // first row held back to first row processed
};

// The last moved split has found its new subtask.
struct SplitsSettled {};

struct SubtaskFailed {
  ChainId chain{};
  SubtaskIndex subtask{};
  std::string operator_name;
  Error error;
  bool out_of_memory = false;  // state memory is used up; another attempt would end the same way
};

using ExecMessage =
    std::variant<SubtaskAck, SubtaskEnded, SubtaskRescaled, SplitsSettled, SubtaskFailed>;

// The job's ear; any thread.
class ExecListener {
 public:
  virtual ~ExecListener() = default;
  virtual void post(ExecMessage message) = 0;
};

}  // namespace penstock
