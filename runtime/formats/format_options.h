#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/formats/format.h"

namespace penstock {

enum class TimestampStandard : std::uint8_t { kSql, kIso8601 };

struct JsonOptions {
  bool ignore_parse_errors = false;
  bool fail_on_missing_field = false;
  TimestampStandard timestamps = TimestampStandard::kSql;
};

struct CsvOptions {
  char delimiter = ',';
  std::optional<char> quote = '"';
  std::optional<std::string> null_literal{};
  bool ignore_parse_errors = false;
  bool allow_comments = false;
  bool header = false;
};

// `prefix` is the format's name: "json", "debezium-json".
Result<JsonOptions> parse_json_options(const FormatOptions& options, std::string_view prefix);
Result<CsvOptions> parse_csv_options(const FormatOptions& options);

}  // namespace penstock
