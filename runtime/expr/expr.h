#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/columns/column.h"
#include "runtime/columns/type.h"

namespace penstock {

// A bound, typed expression: an immutable tree of values. Every conversion is explicit (a kCast),
// so that evaluation never guesses. What a call means is told by `function`, see functions.h.
struct Expr {
  enum class Kind : std::uint8_t {
    kColumn,   // `column` of the input batch
    kLiteral,  // `literal` of type `type`
    kCall,     // `function` over `arguments`
    kField,    // field number `column` of arguments[0], a ROW
    kCast,     // arguments[0] to `type`; an impossible value fails the row's evaluation
    kTryCast,  // the same, but NULL instead of failing
    kCase,     // when, then, when, then, ..., else; evaluated only where selected
    kAnd,      // three-valued; evaluates no argument on rows that are already decided
    kOr,
    kVariable  // a string literal that holds ${NAME}s: `function` is the text, resolved before
               // evaluation
  };
  Kind kind = Kind::kLiteral;
  Type type{};
  std::size_t column = 0;
  Value literal{};
  std::string function{};  // upper case
  std::vector<Expr> arguments{};

  static Expr of_column(std::size_t column, Type type);
  static Expr of_literal(Value value, Type type);
  static Expr call(std::string function, Type type, std::vector<Expr> arguments);
  static Expr cast(Expr argument, Type type);

  // SQL-like text, for explain: "price * 0.908", columns as $0.
  std::string to_string() const;
  friend bool operator==(const Expr&, const Expr&) = default;
};

// Adds to `columns` (sorted, unique) every input column that `expr` reads.
void collect_columns(const Expr& expr, std::vector<std::size_t>& columns);
// The same expression over an input where old column i is now new_position[i].
Expr remap_columns(const Expr& expr, const std::vector<std::size_t>& new_position);

}  // namespace penstock
