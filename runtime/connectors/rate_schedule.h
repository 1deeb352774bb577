#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/connectors/options.h"

namespace penstock {

// When each event of a generator happens, in milliseconds after the first: a constant rate, or
// steps of a rate that repeat for ever. A value; any thread.
class RateSchedule {
 public:
  struct Step {
    std::int64_t millis = 0;  // > 0
    std::int64_t rate = 0;    // events per second, >= 0; 0 only beside other rates
  };

  static RateSchedule constant(std::int64_t rate);
  // "20s:20000,20s:120000". kInvalid says what was expected.
  static Result<RateSchedule> parse(std::string_view steps);

  Millis time_of(std::uint64_t event) const;
  // Adds `base` and the time of each event to `out`; `events` ascend.
  void times_of(std::span<const std::uint64_t> events, Millis base, std::int64_t* out) const;
  // How many events happen up to and including `time`.
  std::uint64_t events_by(Millis time) const;

 private:
  // A stretch of constant rate within one cycle.
  struct Segment {
    std::uint64_t first = 0;  // number of its first event in the cycle
    std::uint64_t count = 0;
    Millis start = 0;  // in the cycle
    std::uint64_t rate = 0;
  };
  // One segment's part of the line of events, in absolute numbers.
  struct Stretch {
    std::uint64_t first = 0, end = 0;
    Millis start = 0;
    std::uint64_t rate = 1;
  };
  Stretch stretch_of(std::uint64_t event) const;

  std::vector<Segment> segments_;
  std::uint64_t cycle_events_ = 0;  // 0: a constant rate without cycle
  Millis cycle_ = 0;
};

// A paced reader that has read all that is due waits at least this long, so that rows of slow rates
// do not come one by one.
constexpr Millis kLinger = 5;

// Of a table's options: 'rate-steps' where it is set, else the constant rate that `rate` names.
Result<RateSchedule> read_rate(const OptionReader& options, std::string_view rate);

}  // namespace penstock
