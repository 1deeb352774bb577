#include "runtime/base/clock.h"

#include <cstdio>

namespace penstock {

Millis SystemClock::now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Duration SystemClock::monotonic() { return std::chrono::steady_clock::now().time_since_epoch(); }

bool SystemClock::sleep(Duration duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

Millis ManualClock::now() {
  std::scoped_lock lock(mutex_);
  return start_ + std::chrono::duration_cast<std::chrono::milliseconds>(passed_).count();
}

Duration ManualClock::monotonic() {
  std::scoped_lock lock(mutex_);
  return passed_;
}

bool ManualClock::sleep(Duration duration, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const Duration until = passed_ + duration;
  moved_.wait(lock, stop, [&] { return passed_ >= until; });
  return !stop.stop_requested();
}

bool ManualClock::sleep_until(Duration deadline, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, stop, [&] { return passed_ >= deadline; });
  return !stop.stop_requested();
}

void ManualClock::advance(Duration duration) {
  {
    std::scoped_lock lock(mutex_);
    passed_ += duration;
  }
  moved_.notify_all();
}

std::string to_rfc3339(Millis time) {
  using namespace std::chrono;
  const sys_time<milliseconds> point{milliseconds{time}};
  const auto day = floor<days>(point);
  const year_month_day date{day};
  const hh_mm_ss clock{point - day};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
                unsigned{date.month()}, unsigned{date.day()}, int(clock.hours().count()),
                int(clock.minutes().count()), int(clock.seconds().count()),
                int(clock.subseconds().count()));
  return text;
}

}  // namespace penstock
