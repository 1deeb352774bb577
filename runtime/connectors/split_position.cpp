#include "runtime/connectors/split_position.h"

#include <charconv>

namespace penstock {

std::string write_position(const GeneratorPosition& position) {
  return std::to_string(position.base) + "," + std::to_string(position.next);
}

std::optional<GeneratorPosition> parse_position(std::string_view text) {
  GeneratorPosition position;
  const char* const end = text.data() + text.size();
  const auto base = std::from_chars(text.data(), end, position.base);
  if (base.ec != std::errc{} || base.ptr == end || *base.ptr != ',') return std::nullopt;
  const auto next = std::from_chars(base.ptr + 1, end, position.next);
  if (next.ec != std::errc{} || next.ptr != end) return std::nullopt;
  return position;
}

std::string generator_split_id(std::uint64_t index, std::uint64_t splits) {
  return std::to_string(index) + "/" + std::to_string(splits);
}

std::optional<std::uint64_t> parse_generator_split(std::string_view id, std::uint64_t splits) {
  std::uint64_t index = 0;
  std::from_chars(id.data(), id.data() + id.size(), index);
  if (index >= splits || id != generator_split_id(index, splits)) return std::nullopt;
  return index;
}

Result<GeneratorSplit> open_generator_split(const std::string& table, const std::string& id,
                                            const std::string& position, std::uint64_t splits) {
  const auto index = parse_generator_split(id, splits);
  if (!index)
    return Error{Code::kInvalid, "table " + table + ": the restored position is for split " + id +
                                     ", option 'splits' says " + std::to_string(splits) +
                                     "; set it back, or start without the old state"};
  const auto parsed = parse_position(position);
  if (!parsed)
    return Error{Code::kCorrupt, "table " + table + ": not a position: \"" + position + "\""};
  return GeneratorSplit{*index, *parsed};
}

}  // namespace penstock
