#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/graph/graph.h"

namespace penstock {

// One part of a source's input that is read in order by one subtask at a time: a file, a
// generator's share, a partition.
struct Split {
  std::string id;  // unique within the source, stable across restarts: "flights.jsonl", "3/16"
  std::string
      position{};  // where to go on, as SplitReader::position wrote it; empty: from the start
  Millis watermark = kNoWatermark;  // of the rows before `position`
  bool finished = false;
  friend bool operator==(const Split&, const Split&) = default;
};

struct ReadResult {
  enum class State : std::uint8_t {
    kMore,  // ask again at once
    kIdle,  // nothing to read now; ask again at `again_at` (wall clock)
    kEnd,   // the split has been read to its end
  };
  Batch batch{};  // dense; may be empty with any state
  State state = State::kMore;
  Millis again_at = 0;
};

// Reads one split. One thread at a time, but it may move between slots (rescale). Never blocks
// longer than reading one batch from a local disk.
class SplitReader {
 public:
  virtual ~SplitReader() = default;
  // At most `max_rows` rows (1..kMaxBatchRows): SourceSpec::columns in that order.
  virtual Result<ReadResult> read(std::size_t max_rows) = 0;
  // Exactly after the last row that `read` returned.
  virtual std::string position() const = 0;
  // Rows that could be read now and were not yet (the lag), when known.
  virtual std::optional<std::uint64_t> rows_behind() const { return std::nullopt; }
  // Rows that could not be decoded and were skipped, so far, by this reader.
  virtual std::uint64_t undecodable_rows() const { return 0; }
};

// A table that can be read. Shared by all subtasks of the source: every function from any thread.
class Source {
 public:
  virtual ~Source() = default;
  virtual bool bounded() const = 0;
  // All splits known now, in the order in which they should be read. Called at start and, if
  // monitor_interval() is set, again and again: new ids are new splits, known ids are ignored.
  virtual Result<std::vector<Split>> discover() = 0;
  virtual std::optional<Duration> monitor_interval() const { return std::nullopt; }
  virtual Result<std::unique_ptr<SplitReader>> open(const Split& split) = 0;
};

}  // namespace penstock
