#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/sql/fault.h"

namespace penstock::sql {

struct Token {
  enum class Kind : std::uint8_t {
    kWord,    // a keyword or a plain identifier
    kQuoted,  // `identifier`, decoded
    kNumber,
    kText,    // 'literal', decoded
    kSymbol,  // one of ( ) , . ; + - * / % = <> != < <= > >= || =>
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string text{};
  Place place{};

  bool is_symbol(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
  // Case-blind; `word` in upper case.
  bool is_word(std::string_view word) const;
};

// The last token is kEnd. Comments (-- and /* */) are left out; hints (/*+ */) are refused.
Parsed<std::vector<Token>> tokenize(std::string_view text);

std::string upper(std::string_view text);

}  // namespace penstock::sql
