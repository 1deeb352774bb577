#include "runtime/formats/utf8_check.h"

#include <cstdint>
#include <cstring>

namespace penstock {
namespace {

// Length of the well-formed character of more than one byte at `at`; 0: there is none.
std::size_t wide_character(const unsigned char* at, std::size_t left) {
  const auto continues = [&](std::size_t i) { return i < left && (at[i] & 0xC0) == 0x80; };
  if (at[0] >= 0xC2 && at[0] <= 0xDF) return continues(1) ? 2 : 0;
  if (at[0] >= 0xE0 && at[0] <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (at[0] == 0xE0 && at[1] < 0xA0) return 0;   // overlong
    if (at[0] == 0xED && at[1] >= 0xA0) return 0;  // surrogate
    return 3;
  }
  if (at[0] >= 0xF0 && at[0] <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (at[0] == 0xF0 && at[1] < 0x90) return 0;   // overlong
    if (at[0] == 0xF4 && at[1] >= 0x90) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t left = text.size();
  while (left > 0) {
    std::uint64_t word = 0x80;
    if (left >= 8) std::memcpy(&word, at, 8);
    std::size_t step = 8;
    if ((word & 0x8080808080808080u) != 0) step = at[0] < 0x80 ? 1 : wide_character(at, left);
    if (step == 0) return false;
    at += step;
    left -= step;
  }
  return true;
}

}  // namespace penstock
