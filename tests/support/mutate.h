#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "runtime/base/random.h"

namespace penstock {

// `text` after one to four random changes: a piece of it dropped, repeated or moved, one of
// `pieces` put in or in its place, a byte changed. Most results are wrong; a parser may neither
// crash nor hang on any.
inline std::string mutated(std::string text, Random& random, std::span<const char* const> pieces) {
  const auto piece = [&] { return pieces[random.below(pieces.size())]; };
  for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
    const std::size_t at = random.below(text.size() + 1);
    const std::size_t length = std::min<std::size_t>(random.below(20), text.size() - at);
    switch (random.below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(at, length));
        break;
      case 2:
        text.insert(at, piece());
        break;
      case 3:
        text.replace(at, length, piece());
        break;
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
      default: {
        const std::string moved = text.substr(at, length);
        text.insert(random.below(text.size() + 1), moved);
      }
    }
  }
  return text;
}

}  // namespace penstock
