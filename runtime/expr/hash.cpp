#include <bit>
#include <cmath>
#include <cstring>

#include "runtime/expr/evaluate.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace penstock {
namespace {

__extension__ using Uint128 = unsigned __int128;

// The constants and every step below are part of the state format.
constexpr std::uint64_t kFirst = 0xa0761d6478bd642fu;
constexpr std::uint64_t kSecond = 0xe7037ed1a0b428dbu;
constexpr std::uint64_t kNull = 0x8ebc6af09c88c6e3u;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Mixes `value` into `hash`; the order of calls matters. 0 values and 0 hashes are no fixed points.
std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return fold(fold(hash ^ kFirst, value ^ kSecond) ^ value, kFirst ^ std::rotl(hash, 32));
}

std::uint64_t word(std::uint8_t value) { return value != 0 ? 1 : 0; }
std::uint64_t word(std::int32_t value) { return static_cast<std::uint64_t>(std::int64_t{value}); }
std::uint64_t word(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::uint64_t word(double value) {
  if (value == 0) value = 0;  // -0.0 equals 0.0
  if (std::isnan(value)) return 0x7ff8000000000000u;
  return std::bit_cast<std::uint64_t>(value);
}
std::uint64_t word(std::string_view value) {
  return XXH3_64bits_withSeed(value.data() == nullptr ? "" : value.data(), value.size(), kFirst);
}

template <typename T>
void mix_values(const Column& column, const std::uint8_t* nulls, std::size_t rows,
                std::uint64_t* out) {
  const T* values = column.values<T>().data();
  const auto mixed = [&](std::size_t row) {
    if constexpr (std::is_same_v<T, Int128>) {
      const std::uint64_t low = mix(out[row], static_cast<std::uint64_t>(values[row]));
      return mix(low, static_cast<std::uint64_t>(values[row] >> 64));
    } else {
      return mix(out[row], word(values[row]));
    }
  };
  if (nulls == nullptr) {
    for (std::size_t row = 0; row < rows; ++row) out[row] = mixed(row);
  } else {
    for (std::size_t row = 0; row < rows; ++row)
      out[row] = nulls[row] != 0 ? mix(out[row], kNull) : mixed(row);
  }
}

void mix_column(const Column& column, const std::uint8_t* nulls, std::size_t rows,
                std::uint64_t* out) {
  switch (column.type().kind) {
    case TypeKind::kBoolean:
      return mix_values<std::uint8_t>(column, nulls, rows, out);
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kMonthInterval:
      return mix_values<std::int32_t>(column, nulls, rows, out);
    case TypeKind::kBigint:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
    case TypeKind::kDayInterval:
      return mix_values<std::int64_t>(column, nulls, rows, out);
    case TypeKind::kDouble:
      return mix_values<double>(column, nulls, rows, out);
    case TypeKind::kDecimal:
      return mix_values<Int128>(column, nulls, rows, out);
    case TypeKind::kString:
      return mix_values<std::string_view>(column, nulls, rows, out);
    case TypeKind::kNull:
      return;
    case TypeKind::kRow:
      break;
  }
  // A NULL row is not a row of NULLs; below it, the children are NULL whatever they hold.
  for (std::size_t row = 0; row < rows; ++row)
    out[row] = mix(out[row], nulls != nullptr && nulls[row] != 0 ? kNull : kFirst);
  for (const Column& child : column.children()) {
    std::vector<std::uint8_t> merged(rows);
    for (std::size_t row = 0; row < rows; ++row)
      merged[row] = (nulls != nullptr && nulls[row] != 0) || child.is_null(row) ? 1 : 0;
    mix_column(child, merged.data(), rows, out);
  }
}

}  // namespace

void hash_rows(const std::vector<const Column*>& columns, std::size_t rows, std::uint64_t* out) {
  std::memset(out, 0, rows * sizeof(*out));
  for (const Column* column : columns) mix_column(*column, column->nulls(), rows, out);
}

}  // namespace penstock
