#include "runtime/formats/json_scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "runtime/base/utf8.h"

namespace penstock {
namespace {

constexpr int kMaxDepth = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The first '"', '\\' or control character from `at` on, or `end`. Eight bytes at a time: a byte of
// `hits` has its high bit set where the text's byte is one of them (the lowest such byte is exact).
const char* find_special(const char* at, const char* end) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHighs = 0x8080808080808080u;
  const auto zero_bytes = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  while (end - at >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    const std::uint64_t hits = zero_bytes(word ^ (kOnes * '"')) |
                               zero_bytes(word ^ (kOnes * '\\')) |
                               ((word - kOnes * 0x20) & ~word & kHighs);
    if constexpr (std::endian::native == std::endian::little) {
      if (hits != 0) return at + std::countr_zero(hits) / 8;
    } else if (hits != 0) {
      break;
    }
    at += 8;
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

bool read_hex(std::string_view raw, std::size_t at, std::uint32_t& code) {
  if (at + 4 > raw.size()) return false;
  code = 0;
  for (const char c : raw.substr(at, 4)) {
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  return true;
}

// A \u escape at `at`, behind the 'u'; a surrogate without its partner is U+FFFD.
bool unescape_unicode(std::string_view raw, std::size_t& at, std::string& out) {
  std::uint32_t code = 0;
  if (!read_hex(raw, at, code)) return false;
  at += 4;
  if (code >= 0xD800 && code < 0xDC00 && raw.substr(at, 2) == "\\u") {
    std::uint32_t low = 0;
    if (!read_hex(raw, at + 2, low)) return false;
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
  }
  if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
  append_character(out, code);
  return true;
}

}  // namespace

bool JsonScanner::fail(std::string_view expected) {
  expected_ = expected;
  return false;
}

std::string JsonScanner::problem() const {
  std::string found = "the end";
  if (at_ != end_) {
    const auto c = static_cast<unsigned char>(*at_);
    constexpr std::string_view kHex = "0123456789abcdef";
    found = c > 0x20 && c < 0x7F ? "'" + std::string(1, *at_) + "'"
                                 : std::string("byte 0x") + kHex[c >> 4] + kHex[c & 15];
  }
  return "not JSON: expected " + std::string(expected_) + " at column " +
         std::to_string(at_ - begin_ + 1) + ", got " + found;
}

bool JsonScanner::expect(char wanted, std::string_view what) {
  skip_blanks();
  if (at_ == end_ || *at_ != wanted) return fail(what);
  ++at_;
  return true;
}

bool JsonScanner::next_key(bool first, bool& more, JsonToken& key) {
  skip_blanks();
  if (at_ != end_ && *at_ == '}') {
    ++at_;
    more = false;
    return true;
  }
  if (!first && !expect(',', "',' or '}'")) return false;
  skip_blanks();
  if (at_ == end_ || *at_ != '"') return fail("a field name in quotes");
  more = true;
  return string(key) && expect(':', "':'");
}

bool JsonScanner::value(JsonToken& token, int depth) {
  skip_blanks();
  if (at_ == end_) return fail("a value");
  switch (*at_) {
    case '"':
      return string(token);
    case '{':
    case '[':
      return container(token, depth);
    case 't':
      return word("true", JsonKind::kTrue, token);
    case 'f':
      return word("false", JsonKind::kFalse, token);
    case 'n':
      return word("null", JsonKind::kNull, token);
    default:
      return number(token);
  }
}

bool JsonScanner::word(std::string_view word, JsonKind kind, JsonToken& token) {
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  if (!rest.starts_with(word)) return fail("a value");
  token = {.kind = kind, .text = rest.substr(0, word.size())};
  at_ += word.size();
  return true;
}

bool JsonScanner::string(JsonToken& token) {
  const char* start = ++at_;
  bool escaped = false;
  while (true) {
    at_ = find_special(at_, end_);
    if (at_ == end_) return fail("'\"'");
    if (*at_ == '"') break;
    if (*at_ != '\\' || at_ + 1 == end_) return fail("an escape of the control character");
    escaped = true;
    at_ += 2;
  }
  token = {.kind = JsonKind::kString,
           .escaped = escaped,
           .text = {start, static_cast<std::size_t>(at_ - start)}};
  ++at_;
  return true;
}

bool JsonScanner::number(JsonToken& token) {
  const char* start = at_;
  const auto digits = [&] {
    const char* first = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != first;
  };
  if (*at_ == '-') ++at_;
  const bool zero = at_ != end_ && *at_ == '0';
  if (!digits()) return fail("a value");
  if (zero && is_digit(at_[-1]) && at_ - start > (*start == '-' ? 2 : 1)) {
    at_ = start;
    return fail("a number without leading zeros");
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return fail("a digit");
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return fail("a digit");
  }
  token = {.kind = JsonKind::kNumber, .text = {start, static_cast<std::size_t>(at_ - start)}};
  return true;
}

bool JsonScanner::container(JsonToken& token, int depth) {
  if (depth >= kMaxDepth) return fail("fewer levels of nesting");
  const char* start = at_;
  const bool object = *at_ == '{';
  ++at_;
  JsonToken inner;
  for (bool first = true;; first = false) {
    if (object) {
      bool more = false;
      if (!next_key(first, more, inner)) return false;
      if (!more) break;
    } else {
      skip_blanks();
      if (at_ != end_ && *at_ == ']') {
        ++at_;
        break;
      }
      if (!first && !expect(',', "',' or ']'")) return false;
    }
    if (!value(inner, depth + 1)) return false;
  }
  token = {.kind = object ? JsonKind::kObject : JsonKind::kArray,
           .text = {start, static_cast<std::size_t>(at_ - start)}};
  return true;
}

bool JsonScanner::at_end() {
  skip_blanks();
  return at_ == end_ || fail("the end of the record");
}

bool unescape_json(std::string_view raw, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t slash = std::min(raw.find('\\', at), raw.size());
    out += raw.substr(at, slash - at);
    if (slash + 1 >= raw.size()) return slash == raw.size();
    const char c = raw[slash + 1];
    at = slash + 2;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out += c;
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u':
        if (!unescape_unicode(raw, at, out)) return false;
        break;
      default:
        return false;
    }
  }
  return true;
}

}  // namespace penstock
