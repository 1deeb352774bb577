#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock::api {

// Scalars that the API writes as text. JSON forms: "64Mi", "100m", RFC 3339.
struct Bytes {
  std::int64_t value = 0;
  friend auto operator<=>(const Bytes&, const Bytes&) = default;
};

struct MilliCpu {
  std::int64_t value = 0;
  friend auto operator<=>(const MilliCpu&, const MilliCpu&) = default;
};

// A moment in UTC; 0: none.
struct Time {
  Millis millis = 0;
  explicit operator bool() const { return millis != 0; }
  friend auto operator<=>(const Time&, const Time&) = default;
};

// Any JSON object, kept as its text (keys sorted, no blanks); empty: none.
struct RawObject {
  std::string text;
  friend bool operator==(const RawObject&, const RawObject&) = default;
};

// "2026-11-22T18:00:00Z", with milliseconds only where there are any.
std::string format_time(Time time);
Result<Time> parse_time(std::string_view text);

}  // namespace penstock::api
