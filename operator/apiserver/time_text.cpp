#include "operator/apiserver/time_text.h"

#include <charconv>
#include <chrono>

#include "runtime/base/clock.h"

namespace penstock::apiserver {

namespace {

int digits(std::string_view text, std::size_t from, std::size_t count) {
  int value = 0;
  if (from + count > text.size()) return 0;
  std::from_chars(text.data() + from, text.data() + from + count, value);
  return value;
}

// "3m4s", or "3m" when the smaller part is 0.
std::string two_parts(Millis big, const char* big_unit, Millis small, const char* small_unit) {
  std::string text = std::to_string(big) + big_unit;
  if (small != 0) text += std::to_string(small) + small_unit;
  return text;
}

}  // namespace

std::string to_timestamp(Millis time) {
  const std::string text = to_rfc3339(time);  // with milliseconds
  return text.substr(0, 19) + "Z";
}

Millis from_timestamp(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 20 || text[4] != '-' || text[10] != 'T') return 0;
  const auto day =
      year_month_day{year(digits(text, 0, 4)), month(static_cast<unsigned>(digits(text, 5, 2))),
                     std::chrono::day(static_cast<unsigned>(digits(text, 8, 2)))};
  if (!day.ok()) return 0;
  const auto time = sys_days(day).time_since_epoch() + hours(digits(text, 11, 2)) +
                    minutes(digits(text, 14, 2)) + seconds(digits(text, 17, 2));
  Millis fraction = 0;
  if (text[19] == '.')
    fraction = digits(std::string(text.substr(20, text.size() - 21)) + "00", 0, 3);
  return duration_cast<milliseconds>(time).count() + fraction;
}

std::string human_age(Millis milliseconds) {
  const Millis seconds = milliseconds / 1000;
  if (seconds < 0) return seconds >= -1 ? "0s" : "<invalid>";
  if (seconds < 120) return std::to_string(seconds) + "s";
  const Millis minutes = seconds / 60;
  if (minutes < 10) return two_parts(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return std::to_string(minutes) + "m";
  const Millis hours = minutes / 60;
  if (hours < 8) return two_parts(hours, "h", minutes % 60, "m");
  if (hours < 48) return std::to_string(hours) + "h";
  const Millis days = hours / 24;
  if (hours < 24 * 8) return two_parts(days, "d", hours % 24, "h");
  if (days < 365 * 2) return std::to_string(days) + "d";
  if (days < 365 * 8) return two_parts(days / 365, "y", days % 365, "d");
  return std::to_string(days / 365) + "y";
}

}  // namespace penstock::apiserver
