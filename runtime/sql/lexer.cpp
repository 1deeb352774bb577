#include <algorithm>
#include <array>

#include "runtime/sql/token.h"

namespace penstock::sql {
namespace {

constexpr std::array<std::string_view, 19> kSymbols = {"<>", "!=", "<=", ">=", "||", "=>", "(",
                                                       ")",  ",",  ".",  ";",  "+",  "-",  "*",
                                                       "/",  "%",  "=",  "<",  ">"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_part(char c) { return is_word_start(c) || is_digit(c) || c == '$'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Parsed<std::vector<Token>> run() {
    std::vector<Token> tokens;
    while (true) {
      TRY(skip_blanks());
      if (next_ == text_.size()) break;
      TRY_ASSIGN(Token token, read());
      tokens.push_back(std::move(token));
    }
    tokens.push_back({Token::Kind::kEnd, "", place()});
    return tokens;
  }

 private:
  Place place() const { return {static_cast<std::uint32_t>(next_)}; }
  bool starts(std::string_view prefix) const { return text_.substr(next_).starts_with(prefix); }
  char peek(std::size_t ahead = 0) const {
    return next_ + ahead < text_.size() ? text_[next_ + ahead] : '\0';
  }

  Done skip_blanks() {
    while (next_ < text_.size()) {
      if (is_space(text_[next_])) {
        ++next_;
      } else if (starts("--")) {
        next_ = std::min(text_.find('\n', next_), text_.size());
      } else if (starts("/*+")) {
        return not_implemented(place(), "hints");
      } else if (starts("/*")) {
        const std::size_t end = text_.find("*/", next_ + 2);
        if (end == std::string_view::npos) return Fault{place(), "this comment never ends", "*/"};
        next_ = end + 2;
      } else {
        break;
      }
    }
    return done();
  }

  Parsed<Token> read() {
    const char c = text_[next_];
    if (c == '\'') return quoted('\'', Token::Kind::kText, "this text never ends");
    if (c == '`') return quoted('`', Token::Kind::kQuoted, "this name never ends");
    if (c == '"')
      return Fault{place(), "unexpected '\"'", "`name` for a name or 'text' for a text"};
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_word_start(c)) return take(Token::Kind::kWord, word_length());
    for (const std::string_view symbol : kSymbols)
      if (starts(symbol)) return take(Token::Kind::kSymbol, symbol.size());
    if (c < ' ' || c > '~') return Fault{place(), "unexpected character outside of quotes"};
    return Fault{place(), std::string("unexpected character '") + c + "'"};
  }

  Token take(Token::Kind kind, std::size_t length) {
    Token token{kind, std::string(text_.substr(next_, length)), place()};
    next_ += length;
    return token;
  }

  std::size_t word_length() const {
    std::size_t length = 1;
    while (is_word_part(peek(length))) ++length;
    return length;
  }

  Parsed<Token> quoted(char quote, Token::Kind kind, const char* unfinished) {
    Token token{kind, "", place()};
    for (std::size_t i = next_ + 1; i < text_.size(); ++i) {
      if (text_[i] != quote) {
        token.text += text_[i];
      } else if (i + 1 < text_.size() && text_[i + 1] == quote) {
        token.text += quote;
        ++i;
      } else {
        next_ = i + 1;
        if (kind == Token::Kind::kQuoted && token.text.empty())
          return Fault{token.place, "empty name"};
        return token;
      }
    }
    return Fault{token.place, unfinished, std::string("a closing ") + quote};
  }

  Parsed<Token> number() {
    std::size_t length = 0;
    const auto digits = [&] {
      while (is_digit(peek(length))) ++length;
    };
    digits();
    if (peek(length) == '.') {
      ++length;
      digits();
    }
    if (peek(length) == 'e' || peek(length) == 'E') {
      const std::size_t sign = peek(length + 1) == '+' || peek(length + 1) == '-' ? 1 : 0;
      if (is_digit(peek(length + 1 + sign))) {
        length += 1 + sign;
        digits();
      }
    }
    if (is_word_start(peek(length)))
      return Fault{place(), "a name cannot begin with a digit", "`name` in backquotes"};
    return take(Token::Kind::kNumber, length);
  }

  std::string_view text_;
  std::size_t next_ = 0;
};

}  // namespace

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

bool Token::is_word(std::string_view word) const {
  return kind == Kind::kWord && text.size() == word.size() && upper(text) == word;
}

Parsed<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace penstock::sql
