#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/state/unit_rows.h"

namespace penstock {

// The bytes of a unit in a file: magic, u32 format, u64 size of the payload, u64 xxh3 of what
// follows (seeded with that size), the zstd-compressed payload. Numbers are little-endian. The
// payload: i64 progress, u32 tables, then each table: name, bag, key types, value types, u64
// windows with (i64 window, u64 rows) each, then the leaves of key and value column by column.
inline constexpr std::string_view kUnitMagic = "PSUN";
inline constexpr std::uint32_t kUnitFormat = 1;

std::string seal_block(std::string_view payload);
// The payload of a sealed block. kCorrupt when magic, format, size or checksum are wrong.
Result<std::string> open_block(std::string_view bytes);
Result<UnitRows> parse_payload(std::string_view payload);
// A unit that holds the rows; as restored, so unchanged. kInvalid when they do not fit the layout.
Result<std::unique_ptr<StateUnit>> make_unit(const UnitRows& saved,
                                             std::shared_ptr<const UnitLayout> layout,
                                             MemoryBudget& memory);

}  // namespace penstock
