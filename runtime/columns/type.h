#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace penstock {

// SQL types. What a value is in memory (`physical`): see Column.
enum class TypeKind : std::uint8_t {
  kNull,           // the type of a bare NULL; no column of a batch has it
  kBoolean,        // uint8_t, 0 or 1
  kInt,            // int32_t
  kBigint,         // int64_t
  kDouble,         // double
  kDecimal,        // Int128, unscaled; precision 1..38, scale 0..precision
  kString,         // std::string_view, UTF-8
  kDate,           // int32_t, days since 1970-01-01
  kTimestamp,      // int64_t, milliseconds of local time since 1970-01-01 00:00; precision 3
  kTimestampLtz,   // int64_t, milliseconds since 1970-01-01 UTC; precision 3
  kDayInterval,    // int64_t, milliseconds
  kMonthInterval,  // int32_t, months
  kRow,            // children
};

struct Field;

struct Type {
  TypeKind kind = TypeKind::kNull;
  bool nullable = true;
  std::uint8_t precision = 0;                          // kDecimal only
  std::uint8_t scale = 0;                              // kDecimal only
  std::shared_ptr<const std::vector<Field>> fields{};  // kRow only, never null there

  static Type of(TypeKind kind) { return {.kind = kind}; }
  static Type decimal(int precision, int scale);
  static Type row(std::vector<Field> fields);
  Type not_null() const;
  Type as_nullable() const;

  // Flink's spelling: "BIGINT", "DECIMAL(10, 2) NOT NULL", "ROW<`a` INT>".
  std::string to_string() const;
  // Equal but for nullability.
  bool same_kind(const Type& other) const;
  friend bool operator==(const Type& a, const Type& b);
};

struct Field {
  std::string name;
  Type type;
  friend bool operator==(const Field&, const Field&) = default;
};

// The columns of a stream, in order. Names are unique within a table, not within every subquery.
struct Schema {
  std::vector<Field> fields;

  std::size_t size() const { return fields.size(); }
  // Index of the first field of that name, or -1. Names are case-sensitive, as in Flink.
  int find(std::string_view name) const;
  friend bool operator==(const Schema&, const Schema&) = default;
};

// Reads what Type::to_string writes; for snapshot files and records. kInvalid otherwise.
Result<Type> parse_type(std::string_view text);

}  // namespace penstock
