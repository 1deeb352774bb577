#include "runtime/base/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace penstock {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::array kTimeUnits = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", kSecond},
    Unit{"sec", kSecond},
    Unit{"second", kSecond},
    Unit{"seconds", kSecond},
    Unit{"m", 60 * kSecond},
    Unit{"min", 60 * kSecond},
    Unit{"minute", 60 * kSecond},
    Unit{"minutes", 60 * kSecond},
    Unit{"h", 3600 * kSecond},
    Unit{"hour", 3600 * kSecond},
    Unit{"hours", 3600 * kSecond},
    Unit{"d", 86400 * kSecond},
    Unit{"day", 86400 * kSecond},
    Unit{"days", 86400 * kSecond},
};

constexpr std::array kByteUnits = {
    Unit{"", 1},
    Unit{"k", 1'000},
    Unit{"M", 1'000'000},
    Unit{"G", 1'000'000'000},
    Unit{"T", 1'000'000'000'000},
    Unit{"Ki", 1LL << 10},
    Unit{"Mi", 1LL << 20},
    Unit{"Gi", 1LL << 30},
    Unit{"Ti", 1LL << 40},
};

template <typename Units>
const Unit* find_unit(const Units& units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// Reads a non-negative decimal number from the front of `text`.
bool take_number(std::string_view& text, double& number) {
  if (text.empty() || (text.front() != '.' && (text.front() < '0' || text.front() > '9')))
    return false;
  const auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failed != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && ((text[length] | 32) >= 'a' && (text[length] | 32) <= 'z'))
    ++length;
  const std::string_view letters = text.substr(0, length);
  text.remove_prefix(length);
  return letters;
}

bool fits(double value) { return value >= 0 && value < 9.2e18; }

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const Error bad{Code::kInvalid, "not a duration (write 10s, 5m or 250ms): " + std::string(text)};
  std::string_view rest = text;
  double total = 0;
  skip_spaces(rest);
  if (rest.empty()) return bad;
  while (!rest.empty()) {
    double number = 0;
    if (!take_number(rest, number)) return bad;
    skip_spaces(rest);
    const std::string_view name = take_letters(rest);
    skip_spaces(rest);
    const Unit* unit = find_unit(kTimeUnits, name);
    if (unit == nullptr && !(name.empty() && number == 0)) return bad;
    total += number * static_cast<double>(unit == nullptr ? 0 : unit->factor);
  }
  if (!fits(total)) return bad;
  return Duration{static_cast<std::int64_t>(std::llround(total))};
}

std::string format_duration(Duration duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text;
  if (left < 0) {
    text = "-";
    left = -left;
  }
  constexpr std::array kParts = {Unit{"h", 3600 * kSecond}, Unit{"m", 60 * kSecond},
                                 Unit{"s", kSecond},        Unit{"ms", 1'000'000},
                                 Unit{"us", 1'000},         Unit{"ns", 1}};
  for (const Unit& part : kParts) {
    if (left < part.factor) continue;
    text += std::to_string(left / part.factor);
    text += part.name;
    left %= part.factor;
  }
  return text;
}

Result<std::int64_t> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  double number = 0;
  const Error bad{Code::kInvalid, "not a size in bytes (write 64Mi or 1Gi): " + std::string(text)};
  if (!take_number(rest, number)) return bad;
  const Unit* unit = find_unit(kByteUnits, rest);
  if (unit == nullptr) return bad;
  const double bytes = number * static_cast<double>(unit->factor);
  if (!fits(bytes)) return bad;
  return static_cast<std::int64_t>(std::llround(bytes));
}

std::string format_bytes(std::int64_t bytes) {
  constexpr std::array kParts = {Unit{"Ti", 1LL << 40}, Unit{"Gi", 1LL << 30},
                                 Unit{"Mi", 1LL << 20}, Unit{"Ki", 1LL << 10}};
  for (const Unit& part : kParts)
    if (bytes != 0 && bytes % part.factor == 0)
      return std::to_string(bytes / part.factor) + std::string(part.name);
  return std::to_string(bytes);
}

Result<std::int64_t> parse_millicpu(std::string_view text) {
  std::string_view rest = text;
  double number = 0;
  const Error bad{Code::kInvalid, "not a quantity of CPU (write 500m or 2): " + std::string(text)};
  if (!take_number(rest, number)) return bad;
  if (!rest.empty() && rest != "m") return bad;
  const double milli = rest == "m" ? number : number * 1000;
  if (!fits(milli)) return bad;
  return static_cast<std::int64_t>(std::ceil(milli));
}

std::string format_millicpu(std::int64_t millicpu) {
  if (millicpu % 1000 == 0) return std::to_string(millicpu / 1000);
  return std::to_string(millicpu) + "m";
}

}  // namespace penstock
