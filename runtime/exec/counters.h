#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/base/ids.h"
#include "runtime/exec/operator.h"

namespace penstock {

// What one subtask counts; written by its slot, read by anyone. Lives as long as the job, so that
// totals never go back.
struct SubtaskCounters {
  std::atomic<std::uint64_t> rows_in{0};
  std::atomic<std::uint64_t> rows_out{0};
  std::atomic<std::uint64_t> busy_nanos{0};
  std::atomic<std::uint64_t> blocked_nanos{0};
  std::atomic<std::uint64_t> queued_rows{0};
  std::atomic<std::uint64_t> state_bytes{0};
  std::atomic<std::uint64_t> undecodable_rows{0};
  std::atomic<Millis> watermark{kNoWatermark};
  std::atomic<Millis> first_read{0};  // a source: when it had first read a split; 0: not yet
  OperatorCounters operators;
};

}  // namespace penstock
