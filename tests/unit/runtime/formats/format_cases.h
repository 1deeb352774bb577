#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/columns/text.h"
#include "runtime/formats/format.h"

namespace penstock {

// "a INT, b STRING NOT NULL"; separated by ';' so that DECIMAL(5, 2) can be a type.
inline Schema schema_of(std::string_view text) {
  Schema schema;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    std::string_view field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (field.starts_with(' ')) field.remove_prefix(1);
    const std::size_t blank = field.find(' ');
    schema.fields.push_back({.name = std::string(field.substr(0, blank)),
                             .type = parse_type(field.substr(blank + 1)).value()});
  }
  return schema;
}

inline std::vector<std::size_t> all_of(const Schema& schema) {
  std::vector<std::size_t> all(schema.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

// Rows as "1|abc|NULL", one per line.
inline std::string shown(const Batch& batch) {
  std::string out;
  for (std::size_t row = 0; row < batch.physical_rows; ++row) {
    for (std::size_t i = 0; i < batch.columns.size(); ++i) {
      if (i > 0) out += '|';
      append_value(out, batch.columns[i].value_at(row), batch.columns[i].type());
    }
    out += '\n';
  }
  return out;
}

// The rows that `records` decode to, or "error: ..." of the first bad one.
inline std::string decoded(std::string_view format, const FormatOptions& options,
                           const Schema& schema, const std::vector<std::string>& records) {
  auto decoder = make_decoder(format, options, schema, all_of(schema));
  if (!decoder) return "error: " + decoder.error().message;
  for (const std::string& record : records)
    if (const Status status = (*decoder)->append(record); !status)
      return "error: " + status.error().message;
  return shown((*decoder)->finish());
}

}  // namespace penstock
