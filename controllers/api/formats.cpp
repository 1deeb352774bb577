#include "controllers/api/formats.h"

namespace penstock::api {
namespace {

bool is_lower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_word(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

// Letters and digits at both ends, `inner` too in between; no part between dots is empty.
bool is_name(std::string_view text, bool dots) {
  if (text.empty() || !is_lower(text.front()) || !is_lower(text.back())) return false;
  char before = 'a';
  for (const char c : text) {
    if (c == '.') {
      if (!dots || !is_lower(before)) return false;
    } else if (c == '-') {
      if (before == '.') return false;
    } else if (!is_lower(c)) {
      return false;
    }
    before = c;
  }
  return true;
}

bool is_variable(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  for (const char c : text)
    if (!is_word(c)) return false;
  return true;
}

}  // namespace

std::string_view pattern_of(Format format) {
  switch (format) {
    case Format::kAny:
      return "";
    case Format::kLabelName:
      return "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
    case Format::kObjectName:
      return R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)";
    case Format::kVariable:
      return "^[A-Za-z_][A-Za-z0-9_]*$";
  }
  return "";
}

std::string_view name_of(Format format) {
  switch (format) {
    case Format::kAny:
      return "any text";
    case Format::kLabelName:
      return "a name of lower case letters, digits and -";
    case Format::kObjectName:
      return "a name of lower case letters, digits, - and .";
    case Format::kVariable:
      return "a name of letters, digits and _";
  }
  return "";
}

bool matches(Format format, std::string_view text) {
  switch (format) {
    case Format::kAny:
      return true;
    case Format::kLabelName:
      return is_name(text, false);
    case Format::kObjectName:
      return is_name(text, true);
    case Format::kVariable:
      return is_variable(text);
  }
  return false;
}

}  // namespace penstock::api
