#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace penstock::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// One key and its value, already as JSON text. Keys come from a short list: job, operator, subtask,
// checkpoint, generation, from, to, code, reason, path, ...
struct Field {
  std::string_view key;
  std::string json;

  Field(std::string_view name, std::string_view text);
  Field(std::string_view name, const char* text) : Field(name, std::string_view(text)) {}
  Field(std::string_view name, const std::string& text) : Field(name, std::string_view(text)) {}
  Field(std::string_view name, bool value) : key(name), json(value ? "true" : "false") {}
  Field(std::string_view name, double value);
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view name, T value) : key(name), json(std::to_string(value)) {}
};

// Writes one JSON line to stderr: {"ts":..., "level":..., "msg":..., key: value ...}. The message
// is constant text; what varies goes into fields. Any thread; a line is one write.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::kDebug, m, f);
}
inline void info(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::kInfo, m, f);
}
inline void warning(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::kWarning, m, f);
}
inline void error(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::kError, m, f);
}

// Lines below `level` are dropped. Any thread. Default: info.
void set_level(Level level);
Result<Level> parse_level(std::string_view text);

// `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
std::string quote_json(std::string_view text);

}  // namespace penstock::log
