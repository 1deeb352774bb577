#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/sql/token.h"

namespace penstock::sql {

// The tokens of a script and how far they have been read, with the errors that a parser gives.
class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  Place place() const { return peek().place; }
  Token take() {
    Token token = peek();
    if (next_ + 1 < tokens_.size()) ++next_;
    return token;
  }

  // Reads the words or symbols in a row, if all are there.
  bool accept(std::initializer_list<std::string_view> words);
  bool accept(std::string_view word) { return accept({word}); }
  bool at(std::initializer_list<std::string_view> words) const;
  bool at(std::string_view word) const { return at({word}); }
  Done expect(std::string_view word);

  // "unexpected 'x'", with what was expected and a keyword of `candidates` that the token, or the
  // one before, resembles.
  Fault unexpected(std::string_view expected,
                   std::initializer_list<std::string_view> candidates = {}) const;

  // A name: quoted, or a word that is not reserved.
  Parsed<std::string> name(std::string_view what);
  bool at_name() const;
  Parsed<std::string> text(std::string_view what);

  // One level of nesting deeper while it lives; `ok` says whether that is still allowed.
  class Deeper {
   public:
    explicit Deeper(TokenStream& tokens) : depth_(tokens.depth_) { ++depth_; }
    ~Deeper() { --depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    bool ok() const { return depth_ <= kMaxDepth; }

   private:
    int& depth_;
  };
  static constexpr int kMaxDepth = 100;  // parentheses, CASEs, subqueries within each other
  Fault too_deep() const { return {place(), "nested too deeply; at most 100 levels are read"}; }

 private:
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

// Words that are no names unless quoted.
bool is_reserved(std::string_view upper_word);

}  // namespace penstock::sql
