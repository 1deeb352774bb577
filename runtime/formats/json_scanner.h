#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

enum class JsonKind : std::uint8_t { kNull, kTrue, kFalse, kNumber, kString, kObject, kArray };

// A value in a record. `text` is what stands there: a string without its quotes, escapes as
// written.
struct JsonToken {
  JsonKind kind = JsonKind::kNull;
  bool escaped = false;  // a string with escapes in it
  std::string_view text{};
};

// Reads one JSON text from front to back, exactly: numbers stay text. Every method returns false on
// a syntax error, which `problem()` then tells; after that the scanner is of no use.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  bool begin_object() { return expect('{', "an object"); }
  // The next key of the object, up to its ':'; `more` is false behind the last one.
  bool next_key(bool first, bool& more, JsonToken& key);
  // Whether an object comes next.
  bool at_object() {
    skip_blanks();
    return at_ != end_ && *at_ == '{';
  }
  // The next value whole. An object or array is only skipped over; `text` is all of it.
  bool value(JsonToken& token) { return value(token, 0); }
  // Nothing but blanks is left.
  bool at_end();

  std::string problem() const;

 private:
  bool expect(char wanted, std::string_view what);
  bool fail(std::string_view expected);
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool value(JsonToken& token, int depth);
  bool string(JsonToken& token);
  bool number(JsonToken& token);
  bool word(std::string_view word, JsonKind kind, JsonToken& token);
  bool container(JsonToken& token, int depth);

  const char* begin_;
  const char* at_;
  const char* end_;
  std::string_view expected_;
};

// The text of a string with its escapes resolved; false: an escape that JSON does not have.
bool unescape_json(std::string_view raw, std::string& out);

}  // namespace penstock
