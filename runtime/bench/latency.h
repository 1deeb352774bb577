#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/guarded.h"
#include "runtime/bench/measurement.h"
#include "runtime/exec/sink.h"

namespace penstock::bench {

// A row that reached a sink: when, how long after it was due, of which key group, by which subtask.
struct Arrival {
  std::int64_t at = 0;  // monotonic nanoseconds
  std::int64_t late = 0;
  std::uint16_t group = 0;
  std::uint16_t subtask = 0;
};

// What the writers of one sink have noted, a list each. Outlives the job that writes it.
class LatencyLog {
 public:
  std::shared_ptr<std::vector<Arrival>> open();
  // In the order of time. Only when no writer runs.
  std::vector<Arrival> arrivals() const;

 private:
  Guarded<std::vector<std::shared_ptr<std::vector<Arrival>>>> all_;
};

// A sink of (k BIGINT, due BIGINT) that notes the rows of one in `kSampledKeys` keys; those with
// due 0 and retractions are not noted.
inline constexpr std::int64_t kSampledKeys = 16;
std::unique_ptr<Sink> make_latency_sink(LatencyLog& log, std::uint32_t key_groups, Clock& clock);

// From the request of a rescale to its end.
struct Rescaled {
  std::uint32_t from = 0, to = 0;
  std::int64_t began = 0, ended = 0;  // monotonic nanoseconds
};

// How late rows were, in milliseconds: by rescale those of the groups that it moved, until a second
// after it; and all rows from `from` on that lie two seconds and more after any rescale.
struct Lateness {
  struct Near {
    std::vector<double> millis;
    std::size_t moved_groups = 0;
  };
  std::vector<Near> rescales;
  std::vector<double> far;
};
Lateness lateness(const std::vector<Arrival>& arrivals, const std::vector<Rescaled>& rescales,
                  std::int64_t from);

}  // namespace penstock::bench
