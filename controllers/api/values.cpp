#include "controllers/api/values.h"

#include <charconv>
#include <chrono>

#include "runtime/base/clock.h"

namespace penstock::api {
namespace {

// Reads exactly `digits` digits of `text` from `at`; -1 when they are not digits.
int number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  if (at + digits > text.size()) return -1;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

Error wrong(std::string_view text) {
  return {Code::kInvalid, "expected a time such as 2026-11-22T18:00:00Z, got " + std::string(text)};
}

// Milliseconds of ".123456" at `at`, which moves behind it.
int fraction(std::string_view text, std::size_t& at) {
  if (at >= text.size() || text[at] != '.') return 0;
  int value = 0;
  int scale = 100;
  for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    value += (text[at] - '0') * scale;
    scale /= 10;
  }
  return value;
}

}  // namespace

std::string format_time(Time time) {
  std::string text = to_rfc3339(time.millis);
  if (text.ends_with(".000Z")) text.replace(text.size() - 5, 5, "Z");
  return text;
}

Result<Time> parse_time(std::string_view text) {
  using namespace std::chrono;
  const int y = number(text, 0, 4), mo = number(text, 5, 2), d = number(text, 8, 2);
  const int h = number(text, 11, 2), mi = number(text, 14, 2), s = number(text, 17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0) return wrong(text);
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return wrong(text);
  const year_month_day day{year{y}, month{static_cast<unsigned>(mo)},
                           std::chrono::day{static_cast<unsigned>(d)}};
  if (!day.ok() || h > 23 || mi > 59 || s > 60) return wrong(text);

  std::size_t at = 19;
  const int millis = fraction(text, at);
  minutes offset{0};
  if (text.substr(at) != "Z") {
    const int oh = number(text, at + 1, 2), om = number(text, at + 4, 2);
    if (text.size() != at + 6 || oh < 0 || om < 0 || text[at + 3] != ':') return wrong(text);
    if (text[at] != '+' && text[at] != '-') return wrong(text);
    offset = hours{oh} + minutes{om};
    if (text[at] == '-') offset = -offset;
  }
  const auto moment = sys_days{day} + hours{h} + minutes{mi} + seconds{s} - offset;
  return Time{duration_cast<milliseconds>(moment.time_since_epoch()).count() + millis};
}

}  // namespace penstock::api
