#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock {

// Where a generator's split stands: the time of the job's first start and the number of the next
// row, "1436918400000,42". The time is in the position so that a restart goes on from the same one.
struct GeneratorPosition {
  Millis base = 0;
  std::uint64_t next = 0;
};
std::string write_position(const GeneratorPosition& position);
std::optional<GeneratorPosition> parse_position(std::string_view text);

// "3/16": split 3 (from 0) of 16. parse: nothing when `id` is not a split of `splits`.
std::string generator_split_id(std::uint64_t index, std::uint64_t splits);
std::optional<std::uint64_t> parse_generator_split(std::string_view id, std::uint64_t splits);

// A split as a table that is cut into `splits` opens it, from its id and its written position.
// kInvalid: a split of another number of splits; kCorrupt: not a position.
struct GeneratorSplit {
  std::uint64_t index = 0;
  GeneratorPosition position;
};
Result<GeneratorSplit> open_generator_split(const std::string& table, const std::string& id,
                                            const std::string& position, std::uint64_t splits);

}  // namespace penstock
