#include "runtime/sql/token_stream.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "runtime/expr/functions.h"

namespace penstock::sql {
namespace {

constexpr std::string_view kReserved[] = {
    "ALL",    "AND",    "AS",        "BEGIN",     "BETWEEN", "BY",     "CASE",   "CAST",
    "CREATE", "CROSS",  "DISTINCT",  "ELSE",      "END",     "ESCAPE", "EXCEPT", "EXISTS",
    "FALSE",  "FETCH",  "FOR",       "FROM",      "FULL",    "GROUP",  "HAVING", "IN",
    "INNER",  "INSERT", "INTERSECT", "INTERVAL",  "INTO",    "IS",     "JOIN",   "LATERAL",
    "LEFT",   "LIKE",   "LIMIT",     "NATURAL",   "NOT",     "NULL",   "ON",     "OR",
    "ORDER",  "OUTER",  "OVER",      "PARTITION", "PRIMARY", "RIGHT",  "SELECT", "SET",
    "TABLE",  "THEN",   "TRUE",      "UNION",     "UNNEST",  "USING",  "VALUES", "WATERMARK",
    "WHEN",   "WHERE",  "WITH",
};

std::string shown(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kEnd:
      return "end of text";
    case Token::Kind::kText:
      return "text '" + token.text.substr(0, 40) + "'";
    default:
      return "'" + token.text.substr(0, 40) + "'";
  }
}

bool matches(const Token& token, std::string_view word) {
  return token.is_word(word) || token.is_symbol(word);
}

}  // namespace

bool is_reserved(std::string_view upper_word) {
  return std::find(std::begin(kReserved), std::end(kReserved), upper_word) != std::end(kReserved);
}

bool TokenStream::at(std::initializer_list<std::string_view> words) const {
  std::size_t ahead = 0;
  for (const std::string_view word : words)
    if (!matches(peek(ahead++), word)) return false;
  return true;
}

bool TokenStream::accept(std::initializer_list<std::string_view> words) {
  if (!at(words)) return false;
  next_ += words.size();
  return true;
}

Done TokenStream::expect(std::string_view word) {
  if (accept(word)) return done();
  return unexpected(word, {word});
}

Fault TokenStream::unexpected(std::string_view expected,
                              std::initializer_list<std::string_view> candidates) const {
  const auto near = [&candidates](const Token& token) -> std::string_view {
    if (token.kind != Token::Kind::kWord || token.text.size() < 3) return {};
    const std::string_view found =
        nearest_name(token.text, std::span(candidates.begin(), candidates.size()));
    return token.is_word(found) ? std::string_view() : found;
  };
  const Token& token = peek();
  // "SELECT a FORM t": FORM was read as a name for a; the mistake is there.
  if (near(token).empty() && next_ > 0 && !near(tokens_[next_ - 1]).empty()) {
    const Token& before = tokens_[next_ - 1];
    return {before.place, "unexpected " + shown(before), std::string(near(before)),
            std::string(near(before))};
  }
  return {token.place, "unexpected " + shown(token), std::string(expected),
          std::string(near(token))};
}

bool TokenStream::at_name() const {
  const Token& token = peek();
  return token.kind == Token::Kind::kQuoted ||
         (token.kind == Token::Kind::kWord && !is_reserved(upper(token.text)));
}

Parsed<std::string> TokenStream::name(std::string_view what) {
  if (at_name()) return take().text;
  Fault fault = unexpected(what);
  if (peek().kind == Token::Kind::kWord)
    fault.message += ", a reserved word (write `" + peek().text + "` for a name)";
  return fault;
}

Parsed<std::string> TokenStream::text(std::string_view what) {
  if (peek().kind == Token::Kind::kText) return take().text;
  return unexpected(what);
}

}  // namespace penstock::sql
