#include "runtime/base/utf8.h"

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

struct CaseRange {
  std::uint32_t first_upper;
  std::uint32_t last_upper;
  std::uint32_t distance;  // lower - upper; 1: upper and lower alternate
};

// Latin-1, Latin Extended-A (two runs), Greek, Cyrillic.
constexpr CaseRange kRanges[] = {
    {'A', 'Z', 32},     {0xC0, 0xD6, 32},   {0xD8, 0xDE, 32},   {0x100, 0x137, 1},
    {0x14A, 0x177, 1},  {0x391, 0x3A1, 32}, {0x3A3, 0x3AB, 32}, {0x400, 0x40F, 80},
    {0x410, 0x42F, 32}, {0x460, 0x481, 1},
};

// U+0130 and U+0131, the Turkish i, have no partner here.
bool has_partner(std::uint32_t code) { return code != 0x130 && code != 0x131; }

}  // namespace

bool is_ascii(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080u) != 0) return false;
  }
  for (; at < text.size(); ++at)
    if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
  return true;
}

std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t wanted = lead < 0xC0   ? 1
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF8 ? 4
                                           : 1;
  if (wanted > text.size()) return 1;
  for (std::size_t i = 1; i < wanted; ++i)
    if (!continues(text[i])) return 1;
  return wanted;
}

std::size_t count_characters(std::string_view text) {
  if (is_ascii(text)) return text.size();
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(character_length(text));
  return count;
}

std::size_t offset_of_character(std::string_view text, std::size_t index) {
  if (index >= text.size()) return text.size();
  if (is_ascii(text)) return index;
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += character_length(text.substr(at));
  return at;
}

std::string_view characters(std::string_view text, std::size_t first, std::size_t count) {
  text.remove_prefix(offset_of_character(text, first));
  return text.substr(0, offset_of_character(text, count));
}

std::uint32_t decode_character(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  switch (character_length(text)) {
    case 2:
      return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
      return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    case 4:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 |
             (byte(3) & 0x3F);
    default:
      return byte(0);
  }
}

void append_character(std::string& out, std::uint32_t code) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::uint32_t to_lower(std::uint32_t code) {
  for (const CaseRange& range : kRanges) {
    if (code < range.first_upper || code > range.last_upper || !has_partner(code)) continue;
    return range.distance == 1 ? code | 1 : code + range.distance;
  }
  return code;
}

std::uint32_t to_upper(std::uint32_t code) {
  for (const CaseRange& range : kRanges) {
    if (range.distance == 1) {
      if (code >= range.first_upper && code <= range.last_upper && has_partner(code))
        return code & ~1u;
    } else if (code >= range.first_upper + range.distance &&
               code <= range.last_upper + range.distance) {
      return code - range.distance;
    }
  }
  return code;
}

}  // namespace penstock
