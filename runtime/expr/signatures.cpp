#include "runtime/expr/signatures.h"

#include <algorithm>
#include <array>
#include <optional>

#include "runtime/expr/functions.h"
#include "runtime/expr/time_unit.h"
#include "runtime/expr/types.h"

namespace penstock {
namespace {

// Sorted by name; a test checks it.
constexpr std::array kSignatures = {
    Signature{"ABS", "N", "0"},
    Signature{"ACOS", "D", "D"},
    Signature{"ASCII", "S", "I"},
    Signature{"ASIN", "D", "D"},
    Signature{"ATAN", "D", "D"},
    Signature{"ATAN2", "DD", "D"},
    Signature{"BTRIM", "S|S", "S"},
    Signature{"CHAR_LENGTH", "S", "I"},
    Signature{"CHR", "L", "S"},
    Signature{"CONCAT", "S*", "S"},
    Signature{"CONCAT_WS", "SS*", "S"},
    Signature{"COS", "D", "D"},
    Signature{"CURRENT_DATE", "", "d!"},
    Signature{"DATE_FORMAT", "TS", "S"},
    Signature{"DEGREES", "D", "D"},
    Signature{"E", "", "D!"},
    Signature{"EXP", "D", "D"},
    Signature{"EXTRACT", "UT", "L"},
    Signature{"FROM_UNIXTIME", "L|S", "S"},
    Signature{"INITCAP", "S", "S"},
    Signature{"LEFT", "SL", "S"},
    Signature{"LIKE", "SS|S", "B"},
    Signature{"LN", "D", "D"},
    Signature{"LOCALTIMESTAMP", "", "t!"},
    Signature{"LOCATE", "SS|L", "I"},
    Signature{"LOG", "D|D", "D"},
    Signature{"LOG10", "D", "D"},
    Signature{"LOG2", "D", "D"},
    Signature{"LOWER", "S", "S"},
    Signature{"LPAD", "SL|S", "S"},
    Signature{"LTRIM", "S|S", "S"},
    Signature{"NOT", "B", "B"},
    Signature{"NOW", "", "z!"},
    Signature{"PI", "", "D!"},
    Signature{"POWER", "DD", "D"},
    Signature{"PROCTIME", "", "z!"},
    Signature{"RADIANS", "D", "D"},
    Signature{"REPEAT", "SL", "S"},
    Signature{"REPLACE", "SSS", "S"},
    Signature{"REVERSE", "S", "S"},
    Signature{"RIGHT", "SL", "S"},
    Signature{"RPAD", "SL|S", "S"},
    Signature{"RTRIM", "S|S", "S"},
    Signature{"SIGN", "N", "0"},
    Signature{"SIN", "D", "D"},
    Signature{"SPIN", "AD", "0"},
    Signature{"SPLIT_INDEX", "SSL", "S?"},
    Signature{"SQRT", "D", "D"},
    Signature{"STARTSWITH", "SS", "B"},
    Signature{"SUBSTRING", "SL|L", "S"},
    Signature{"TAN", "D", "D"},
    Signature{"TIMESTAMPDIFF", "UTT", "I"},
    Signature{"TO_DATE", "S|S", "d?"},
    Signature{"TO_TIMESTAMP", "S|S", "t?"},
    Signature{"TO_TIMESTAMP_LTZ", "L|L", "z?"},
    Signature{"UNIX_TIMESTAMP", "", "L!"},
    Signature{"UNIX_TIMESTAMP", "T", "L"},
    Signature{"UPPER", "S", "S"},
    Signature{"||", "SSS*", "S"},
};

struct Parameter {
  char letter = 0;
  bool optional = false;
  bool repeats = false;
};

std::vector<Parameter> parameters_of(const Signature& signature) {
  std::vector<Parameter> out;
  bool optional = false;
  for (const char c : signature.parameters) {
    if (c == '|') {
      optional = true;
    } else if (c == '*') {
      out.back().repeats = true;
      out.back().optional = true;
    } else {
      out.push_back({.letter = c, .optional = optional});
    }
  }
  return out;
}

std::string_view parameter_text(char letter) {
  switch (letter) {
    case 'S':
      return "STRING";
    case 'L':
      return "BIGINT";
    case 'D':
      return "DOUBLE";
    case 'N':
      return "a number";
    case 'B':
      return "BOOLEAN";
    case 'T':
      return "TIMESTAMP(3)";
    case 'U':
      return "a literal unit of time";
    default:
      return "anything";
  }
}

std::string signature_text(const Signature& signature) {
  std::string out = "(";
  std::size_t closing = 0;
  bool first = true;
  for (const Parameter& parameter : parameters_of(signature)) {
    if (parameter.optional) {
      out += '[';
      ++closing;
    }
    if (!first) out += ", ";
    out += parameter_text(parameter.letter);
    if (parameter.repeats) out += "...";
    first = false;
  }
  return out + std::string(closing, ']') + ")";
}

// The type that an argument of `type` becomes for a parameter; nothing when it does not fit.
std::optional<Type> accepted(char letter, const Type& type) {
  const bool null = type.kind == TypeKind::kNull;
  switch (letter) {
    case 'S':
      if (null || type.kind == TypeKind::kString) return Type::of(TypeKind::kString);
      return std::nullopt;
    case 'L':
      if (null || is_integer(type)) return Type::of(TypeKind::kBigint);
      return std::nullopt;
    case 'D':
      if (null || is_numeric(type)) return Type::of(TypeKind::kDouble);
      return std::nullopt;
    case 'N':
      if (null) return Type::of(TypeKind::kInt);
      return is_numeric(type) ? std::optional(type) : std::nullopt;
    case 'B':
      if (null || type.kind == TypeKind::kBoolean) return Type::of(TypeKind::kBoolean);
      return std::nullopt;
    case 'T':
      if (null || is_timestamp(type) || type.kind == TypeKind::kDate ||
          type.kind == TypeKind::kString)
        return Type::of(TypeKind::kTimestamp);
      return std::nullopt;
    case 'U':
      return type.kind == TypeKind::kString ? std::optional(type) : std::nullopt;
    default:
      return null ? Type::of(TypeKind::kInt) : type;
  }
}

bool fits(const std::vector<Parameter>& parameters, const std::vector<Expr>& arguments) {
  const bool repeats = !parameters.empty() && parameters.back().repeats;
  if (arguments.size() > parameters.size() && !repeats) return false;
  for (std::size_t i = 0; i < std::max(parameters.size(), arguments.size()); ++i) {
    const Parameter& parameter = parameters[std::min(i, parameters.size() - 1)];
    if (i >= arguments.size()) {
      if (!parameter.optional) return false;
      continue;
    }
    if (!accepted(parameter.letter, arguments[i].type)) return false;
    if (parameter.letter != 'U') continue;
    const auto* unit = std::get_if<std::string>(&arguments[i].literal.is);
    if (unit == nullptr || !parse_time_unit(*unit)) return false;
  }
  return true;
}

Type result_type(const Signature& signature, const std::vector<Expr>& arguments) {
  const auto base = [&] {
    switch (signature.result.front()) {
      case 'S':
        return Type::of(TypeKind::kString);
      case 'L':
        return Type::of(TypeKind::kBigint);
      case 'D':
        return Type::of(TypeKind::kDouble);
      case 'B':
        return Type::of(TypeKind::kBoolean);
      case 'I':
        return Type::of(TypeKind::kInt);
      case 'd':
        return Type::of(TypeKind::kDate);
      case 't':
        return Type::of(TypeKind::kTimestamp);
      case 'z':
        return Type::of(TypeKind::kTimestampLtz);
      default:
        return arguments[0].type;
    }
  };
  Type type = base();
  type.nullable = any_nullable(arguments);
  if (signature.result.ends_with('?')) type.nullable = true;
  if (signature.result.ends_with('!')) type.nullable = false;
  return type;
}

}  // namespace

std::span<const Signature> signatures() { return kSignatures; }

std::span<const Signature> find_signatures(std::string_view name) {
  const auto found = std::ranges::equal_range(kSignatures, name, {}, &Signature::name);
  return {found.begin(), found.end()};
}

Result<Expr> resolve_signatures(std::string_view name, std::span<const Signature> overloads,
                                std::vector<Expr> arguments) {
  for (const Signature& signature : overloads) {
    const auto parameters = parameters_of(signature);
    if (!fits(parameters, arguments)) continue;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const char letter = parameters[std::min(i, parameters.size() - 1)].letter;
      arguments[i] = coerce(std::move(arguments[i]), *accepted(letter, arguments[i].type));
    }
    Type type = result_type(signature, arguments);
    return Expr::call(std::string(name), std::move(type), std::move(arguments));
  }
  std::string wanted;
  for (const Signature& signature : overloads) {
    if (!wanted.empty()) wanted += " or ";
    wanted += signature_text(signature);
  }
  return Error{Code::kInvalid,
               std::string(name) + " expects " + wanted + ", got " + types_text(arguments)};
}

std::string types_text(std::span<const Expr> arguments) {
  std::string out = "(";
  for (const Expr& argument : arguments) {
    if (out.size() > 1) out += ", ";
    out += argument.type.as_nullable().to_string();
  }
  return out + ")";
}

bool any_nullable(std::span<const Expr> arguments) {
  return std::ranges::any_of(arguments,
                             [](const Expr& argument) { return argument.type.nullable; });
}

}  // namespace penstock
