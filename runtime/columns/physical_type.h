#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/check.h"
#include "runtime/columns/column.h"

namespace penstock {

// Calls `use` with a null pointer of the physical type of `kind`, which has one (not kRow, kNull).
template <typename Use>
decltype(auto) with_physical_type(TypeKind kind, Use&& use) {
  switch (kind) {
    case TypeKind::kBoolean:
      return use(static_cast<std::uint8_t*>(nullptr));
    case TypeKind::kInt:
    case TypeKind::kDate:
    case TypeKind::kMonthInterval:
      return use(static_cast<std::int32_t*>(nullptr));
    case TypeKind::kBigint:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
    case TypeKind::kDayInterval:
      return use(static_cast<std::int64_t*>(nullptr));
    case TypeKind::kDouble:
      return use(static_cast<double*>(nullptr));
    case TypeKind::kDecimal:
      return use(static_cast<Int128*>(nullptr));
    case TypeKind::kString:
      return use(static_cast<std::string_view*>(nullptr));
    case TypeKind::kNull:
    case TypeKind::kRow:
      break;
  }
  CHECK(!"a type without physical values");
}

}  // namespace penstock
