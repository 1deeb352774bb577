#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace penstock {

// A compiled LIKE pattern: '%' is any text, '_' any one character.
class LikePattern {
 public:
  // kInvalid: the escape character is the last one, or stands before an ordinary character.
  static Result<LikePattern> parse(std::string_view pattern, char escape);

  bool matches(std::string_view text) const;

 private:
  // Text between two '%'; `any[i]`: the i-th character was '_'.
  struct Segment {
    std::string text;
    std::vector<bool> any;
    bool plain = true;  // no '_'
  };

  static bool begins(std::string_view text, const Segment& segment, std::size_t& length);
  static bool ends(std::string_view& text, const Segment& segment);
  // Cuts `text` behind the first place where `segment` matches.
  static bool find(std::string_view& text, const Segment& segment);

  std::vector<Segment> segments_;  // at least one; n segments have n - 1 '%' between them
};

}  // namespace penstock
