#pragma once

#include <optional>
#include <vector>

#include "runtime/exec/operator.h"

namespace penstock {

// The TUMBLE and HOP table functions: each row once per window that it belongs to, with
// window_start, window_end and window_time. Stateless. One slot thread.
class WindowAssign final : public Operator {
 public:
  static Result<std::unique_ptr<Operator>> make(const OperatorContext& context,
                                                const WindowAssignSpec& spec);
  WindowAssign(const OperatorContext& context, const WindowSpec& window)
      : clock_(context.clock), window_(window), output_(context.graph.at(context.id).output) {}

  Status on_batch(std::size_t input, Batch batch) override;
  Result<std::optional<Batch>> next() override;

 private:
  Clock& clock_;
  const WindowSpec window_;
  const Schema& output_;
  Batch batch_;
  std::vector<Millis> slices_;  // by row of the batch
  std::size_t next_ = 0;        // row * windows per row + window
};

}  // namespace penstock
