#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/graph/graph.h"

namespace penstock::sql {

// What is wrong with a text, and where.
struct SqlError {
  int line = 1;    // from 1
  int column = 1;  // from 1, in characters
  std::string message;
  std::string context_line;  // the line of text, control characters as blanks, cut around the
                             // column where it is long
  int context_column = 1;    // of the mistake in `context_line`
  std::string expected;      // may be empty
  std::string near_name;     // "did you mean", may be empty

  // "line 3, column 14: unknown column 'pric'; expected ...; did you mean 'price'?", then the line
  // and a caret below the place.
  std::string to_string() const;
  // kInvalid with to_string().
  Error to_error() const;
};

struct CompileOptions {
  // Parallelism by operator name (spec.operators of a StreamJob); an unknown name is an error that
  // lists the names.
  std::map<std::string, Parallelism> pins{};
};

// The plan or what is wrong with the text.
struct Compiled {
  std::variant<StreamGraph, SqlError> is;

  bool ok() const { return is.index() == 0; }
  const StreamGraph& graph() const { return std::get<StreamGraph>(is); }
  const SqlError& error() const { return std::get<SqlError>(is); }
  Result<StreamGraph> to_result() &&;
};

// Compiles a script. Pure: opens nothing, reads no clock. ${NAME}s within quoted literals stay
// unresolved.
Compiled compile(std::string_view text, const CompileOptions& options = {});

// Names of all variables that stand in options, expressions and settings; sorted, unique.
std::vector<std::string> variables_of(const StreamGraph& graph);
// Puts values in place of variables, everywhere or not at all. A value is text within its literal:
// it cannot change what a statement does. kInvalid names a variable without value, or an option
// whose value does not fit; never a value.
Status resolve_variables(StreamGraph& graph, const std::map<std::string, std::string>& values);

}  // namespace penstock::sql
