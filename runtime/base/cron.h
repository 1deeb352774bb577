#pragma once

#include <bitset>
#include <string_view>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock {

// When something recurs: the five fields of cron in UTC (minute, hour, day of month, month, day of
// week) with lists, ranges, steps and English names, or @hourly, @daily, @weekly, @monthly,
// @yearly. As in a Kubernetes CronJob: with both days restricted, either one matches; "*/2"
// restricts. 7 is a Sunday too. In UTC no hour is missing or twice.
class CronSchedule {
 public:
  // kInvalid names the field that is wrong; a day that never comes (30 February) is wrong too.
  static Result<CronSchedule> parse(std::string_view text);

  // The first moment after `time`, and the last one that is not after it. Milliseconds since 1970.
  Millis next_after(Millis time) const;
  Millis latest_until(Millis time) const;

 private:
  struct Field {
    std::bitset<64> values;
    bool any = false;
  };
  static Result<Field> parse_field(std::string_view text, int which);
  // Counted from 1970-01-01.
  bool has_day(std::int64_t day) const;
  bool ever() const;

  Field minutes_, hours_, days_, months_, weekdays_;
};

}  // namespace penstock
