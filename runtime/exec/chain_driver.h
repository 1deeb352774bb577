#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/exec/event.h"
#include "runtime/exec/operator.h"
#include "runtime/exec/sink.h"

namespace penstock {

// Moves rows through the fused operators of one subtask: it is given one input, then step() is
// called until it is idle, each output going to the following stage first. So work is resumable, in
// steps of at most one output batch. The subtask's thread only.
class ChainDriver {
 public:
  struct Stage {
    OperatorId id{};
    std::string name;
    std::unique_ptr<Operator> operate{};  // one of the two
    std::unique_ptr<SinkWriter> write{};
  };
  explicit ChainDriver(std::vector<Stage> stages);

  // Only while idle().
  Status give(std::size_t input, Batch batch);
  Status give_watermark(Millis time);
  Status give_time(Millis now);
  bool idle() const { return !busy_any_ && !direct_; }

  // What leaves the chain next; nothing: idle. A sink's rows leave here as nothing but are counted.
  using Output = std::variant<Batch, Watermark>;
  Result<std::optional<Output>> step();

  std::optional<Millis> timer() const;
  std::vector<Stage>& stages() { return stages_; }
  // Rows that the sink got since the last call.
  std::uint64_t take_rows_written() { return std::exchange(rows_written_, 0); }
  // The stage that failed last, for the message.
  const std::string& failed_stage() const { return stages_[failed_].name; }
  bool empty() const { return stages_.empty(); }

 private:
  Status deliver(std::size_t stage, std::size_t input, Batch batch);
  Status advance(std::size_t stage, Millis time);

  std::vector<Stage> stages_;
  std::vector<bool> busy_;
  std::vector<std::optional<Millis>> watermark_;  // taken by the stage, not yet passed on
  std::optional<Output> direct_;                  // of a chain without stages: a source alone
  bool busy_any_ = false;
  std::size_t failed_ = 0;
  std::uint64_t rows_written_ = 0;
};

}  // namespace penstock
