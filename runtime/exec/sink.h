#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/graph/graph.h"

namespace penstock {

// Who writes: the parts of every file name, so that nothing is ever overwritten and a process
// deletes only its own (design: the log).
struct WriterIdentity {
  std::string log_id;    // of the job's checkpoint log; random hex when there is no log
  RecordNumber epoch{};  // of this process
  std::string operator_name;
  SubtaskIndex subtask{};
};

// Something written but not yet visible; text that only its sink understands. It survives in the
// checkpoint.
struct Committable {
  std::string text;
  friend bool operator==(const Committable&, const Committable&) = default;
};

// One subtask's end of a sink. One thread at a time.
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  virtual Status write(const Batch& batch) = 0;  // may have a selection and row kinds
  // Everything written so far becomes durable but not visible; later rows go elsewhere. At a
  // checkpoint's barrier and at the end.
  virtual Result<std::vector<Committable>> prepare(CheckpointId checkpoint) = 0;
};

// A table that can be written. Shared by all subtasks: every function from any thread.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<std::unique_ptr<SinkWriter>> open(const WriterIdentity& writer) = 0;
  // Makes it visible. Idempotent: a second time succeeds; kCorrupt when neither the pending nor the
  // final form exists.
  virtual Status commit(const Committable& committable) = 0;
  // Deletes what writers of `log_id` with an epoch up to `epoch` left uncommitted. After a claim
  // has committed what is published.
  virtual Status discard(std::string_view log_id, RecordNumber epoch) = 0;
  // Takes back what was committed, for a restore older than the newest publication; false when the
  // sink cannot.
  virtual Result<bool> withdraw(const Committable& committable) {
    return static_cast<void>(committable), false;
  }
  // The same where no record tells what was committed: all of `log_id` that was prepared for
  // `checkpoint` or a later one, but `kept`. What is visible at once cannot be taken back and may
  // be there twice after any restart.
  virtual Result<bool> withdraw_since(std::string_view log_id, CheckpointId checkpoint,
                                      const std::vector<Committable>& kept) {
    return static_cast<void>(log_id), static_cast<void>(checkpoint), static_cast<void>(kept), true;
  }
};

}  // namespace penstock
