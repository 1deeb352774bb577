#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/graph/graph.h"
#include "runtime/state/operator_state.h"

namespace penstock {

// Counters that an operator itself keeps; read by other threads for reports.
struct OperatorCounters {
  std::atomic<std::uint64_t> late_rows{0};  // dropped because their window had fired
};

// The running form of one operator inside a chain of one subtask; built from its spec (see
// make_operator). Used by one slot thread at a time. The chain alone owns the loop: it gives one
// input, then calls `next` until that yields nothing, and only then gives the next input; so
// emission is resumable in steps of at most one output batch and no operator calls another one or
// waits.
class Operator {
 public:
  virtual ~Operator() = default;

  // Takes a batch of input number `input`. Not called while `next` still has output.
  virtual Status on_batch(std::size_t input, Batch batch) = 0;
  // Event time of all inputs together has reached `watermark` (never goes back). Outputs it causes
  // come from `next`; the chain forwards the watermark after them.
  virtual Status on_watermark(Millis watermark) { return static_cast<void>(watermark), ok(); }
  // The next output batch, at most kMaxBatchRows rows; nothing when the last input has been worked
  // off.
  virtual Result<std::optional<Batch>> next() = 0;

  // When on_processing_time wants to be called next (wall clock), if ever.
  virtual std::optional<Millis> timer() const { return std::nullopt; }
  virtual Status on_processing_time(Millis now) { return static_cast<void>(now), ok(); }

  // Keyed state, or nullptr. Key groups come and go through it between two inputs (restore,
  // rescale).
  virtual OperatorState* state() { return nullptr; }
};

struct OperatorContext {
  const StreamGraph& graph;  // outlives the operator
  OperatorId id{};
  Clock& clock;
  OperatorCounters& counters;
  MemoryBudget& memory;
  std::uint32_t key_groups = 720;
};

// The operator for graph.at(id), which is not a source or sink. Its state (if any) owns no key
// group yet. exec/operators/.
Result<std::unique_ptr<Operator>> make_operator(const OperatorContext& context);

}  // namespace penstock
