#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace penstock {

// A pattern of DATE_FORMAT and TO_TIMESTAMP, in Java's letters: y M d H h m s S a, text in quotes,
// and any other character as itself.
class TimePattern {
 public:
  // kInvalid names the letter that is not supported.
  static Result<TimePattern> parse(std::string_view pattern);

  void append(std::string& out, std::int64_t millis) const;
  // Milliseconds since 1970; what the pattern does not say is 1970-01-01 00:00:00.
  std::optional<std::int64_t> read(std::string_view text) const;

 private:
  struct Part {
    char letter = 0;        // 0: literal text
    std::size_t width = 0;  // how often the letter is repeated
    std::string text{};
  };
  std::vector<Part> parts_;
};

}  // namespace penstock
