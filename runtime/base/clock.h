#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>

#include "runtime/base/ids.h"

namespace penstock {

using Duration = std::chrono::nanoseconds;

// Time as a port. Implementations may be used from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall-clock time, for what people read and for processing-time windows.
  virtual Millis now() = 0;
  // Never goes back; for durations and deadlines. The origin means nothing.
  virtual Duration monotonic() = 0;
  // Sleeps until `duration` has passed or `stop` is requested; true when it slept to the end.
  virtual bool sleep(Duration duration, const std::stop_token& stop) = 0;
  // The same until monotonic() has reached `deadline`: nothing can pass between reading the time
  // and falling asleep.
  virtual bool sleep_until(Duration deadline, const std::stop_token& stop) {
    return sleep(deadline - monotonic(), stop);
  }
};

class SystemClock final : public Clock {
 public:
  Millis now() override;
  Duration monotonic() override;
  bool sleep(Duration duration, const std::stop_token& stop) override;
};

// Stands still until advanced. A sleeper wakes when the time it waits for has been reached.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Millis start = 0) : start_(start) {}

  Millis now() override;
  Duration monotonic() override;
  bool sleep(Duration duration, const std::stop_token& stop) override;
  bool sleep_until(Duration deadline, const std::stop_token& stop) override;
  void advance(Duration duration);

 private:
  const Millis start_;
  std::mutex mutex_;
  std::condition_variable_any moved_;
  Duration passed_{0};
};

// "2013-01-01T05:00:00.123Z"
std::string to_rfc3339(Millis time);

}  // namespace penstock
