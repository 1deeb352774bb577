#include "runtime/expr/like_pattern.h"

#include "runtime/base/utf8.h"

namespace penstock {

Result<LikePattern> LikePattern::parse(std::string_view pattern, char escape) {
  LikePattern out;
  out.segments_.emplace_back();
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    char c = pattern[at];
    const bool escaped = c == escape && escape != '\0';
    if (escaped) {
      const bool meant =
          at + 1 < pattern.size() &&
          (pattern[at + 1] == '%' || pattern[at + 1] == '_' || pattern[at + 1] == escape);
      if (!meant)
        return Error{Code::kInvalid, "invalid escape in LIKE pattern: " + std::string(pattern)};
      c = pattern[++at];
    } else if (c == '%') {
      out.segments_.emplace_back();
      continue;
    }
    Segment& segment = out.segments_.back();
    segment.any.push_back(!escaped && c == '_');
    segment.plain = segment.plain && !segment.any.back();
    segment.text += c;
  }
  return out;
}

bool LikePattern::begins(std::string_view text, const Segment& segment, std::size_t& length) {
  if (segment.plain) {
    length = segment.text.size();
    return text.starts_with(segment.text);
  }
  length = 0;
  for (std::size_t i = 0; i < segment.text.size(); ++i) {
    if (length >= text.size()) return false;
    if (segment.any[i]) {
      length += character_length(text.substr(length));
    } else if (text[length++] != segment.text[i]) {
      return false;
    }
  }
  return true;
}

bool LikePattern::ends(std::string_view& text, const Segment& segment) {
  if (segment.plain) {
    if (!text.ends_with(segment.text)) return false;
    text.remove_suffix(segment.text.size());
    return true;
  }
  // A segment spans a fixed number of characters but not of bytes: try each place, from the front.
  for (std::size_t at = 0; at < text.size(); at += character_length(text.substr(at))) {
    std::size_t length = 0;
    if (!begins(text.substr(at), segment, length) || at + length != text.size()) continue;
    text = text.substr(0, at);
    return true;
  }
  return false;
}

bool LikePattern::find(std::string_view& text, const Segment& segment) {
  if (segment.plain) {
    const std::size_t at = text.find(segment.text);
    if (at == text.npos) return false;
    text.remove_prefix(at + segment.text.size());
    return true;
  }
  for (std::size_t at = 0; at < text.size(); at += character_length(text.substr(at))) {
    std::size_t length = 0;
    if (!begins(text.substr(at), segment, length)) continue;
    text.remove_prefix(at + length);
    return true;
  }
  return false;
}

bool LikePattern::matches(std::string_view text) const {
  std::size_t length = 0;
  if (!begins(text, segments_.front(), length)) return false;
  if (segments_.size() == 1) return length == text.size();
  text.remove_prefix(length);
  if (!segments_.back().text.empty() && !ends(text, segments_.back())) return false;
  for (std::size_t i = 1; i + 1 < segments_.size(); ++i)
    if (!segments_[i].text.empty() && !find(text, segments_[i])) return false;
  return true;
}

}  // namespace penstock
