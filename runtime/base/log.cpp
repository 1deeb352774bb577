#include "runtime/base/log.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "runtime/base/clock.h"

namespace penstock::log {
namespace {

std::atomic<Level> g_level{Level::kInfo};  // the one process-wide setting of the logger

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "info";
}

// Length of the valid UTF-8 sequence at the front of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

}  // namespace

std::string quote_json(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
  return out;
}

Field::Field(std::string_view name, std::string_view text) : key(name), json(quote_json(text)) {}

Field::Field(std::string_view name, double value) : key(name) {
  if (!std::isfinite(value)) {
    json = "null";
    return;
  }
  char text[32];
  const auto [end, failed] = std::to_chars(text, text + sizeof text, value);
  json.assign(text, failed == std::errc{} ? end : text);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  std::string line = "{\"ts\":\"" + to_rfc3339(SystemClock{}.now()) + "\",\"level\":\"";
  line += name_of(level);
  line += "\",\"msg\":";
  line += quote_json(message);
  for (const Field& field : fields) {
    line += ",\"";
    line += field.key;
    line += "\":";
    line += field.json;
  }
  line += "}\n";
  // A log that cannot be written has nobody to tell.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

void set_level(Level level) { g_level.store(level, std::memory_order_relaxed); }

Result<Level> parse_level(std::string_view text) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError})
    if (text == name_of(level)) return level;
  return Error{Code::kInvalid,
               "not a log level (debug, info, warning, error): " + std::string(text)};
}

}  // namespace penstock::log
