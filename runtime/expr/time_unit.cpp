#include "runtime/expr/time_unit.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock {

std::optional<TimeUnit> parse_time_unit(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, TimeUnit>, 14> kNames = {{
      {"MILLISECOND", TimeUnit::kMillisecond},
      {"SECOND", TimeUnit::kSecond},
      {"MINUTE", TimeUnit::kMinute},
      {"HOUR", TimeUnit::kHour},
      {"DAY", TimeUnit::kDay},
      {"WEEK", TimeUnit::kWeek},
      {"MONTH", TimeUnit::kMonth},
      {"QUARTER", TimeUnit::kQuarter},
      {"YEAR", TimeUnit::kYear},
      {"DOW", TimeUnit::kDayOfWeek},
      {"ISODOW", TimeUnit::kIsoDayOfWeek},
      {"DOY", TimeUnit::kDayOfYear},
      {"ISOYEAR", TimeUnit::kIsoYear},
      {"EPOCH", TimeUnit::kEpoch},
  }};
  const auto same = [](char a, char b) {
    return a == (b >= 'a' && b <= 'z' ? static_cast<char>(b - 32) : b);
  };
  std::string_view singular = text;
  if (text.ends_with('S') || text.ends_with('s')) singular.remove_suffix(1);
  for (const auto& [name, unit] : kNames)
    if (std::ranges::equal(name, text, same) || std::ranges::equal(name, singular, same))
      return unit;
  return std::nullopt;
}

}  // namespace penstock
