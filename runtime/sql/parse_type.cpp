#include <charconv>
#include <set>

#include "runtime/sql/parse_parts.h"

namespace penstock::sql {
namespace {

Parsed<int> read_number(TokenStream& tokens, std::string_view what) {
  int value = 0;
  const Token& token = tokens.peek();
  const char* end = token.text.data() + token.text.size();
  if (token.kind != Token::Kind::kNumber ||
      std::from_chars(token.text.data(), end, value).ptr != end)
    return tokens.unexpected(what);
  tokens.take();
  return value;
}

Parsed<Type> decimal(TokenStream& tokens) {
  const Place place = tokens.place();
  int precision = 10;
  int scale = 0;
  if (tokens.accept("(")) {
    TRY_ASSIGN(precision, read_number(tokens, "a precision from 1 to 38"));
    if (tokens.accept(",")) {
      TRY_ASSIGN(scale, read_number(tokens, "a scale"));
    }
    TRY(tokens.expect(")"));
  }
  if (precision < 1 || precision > 38)
    return Fault{place, "DECIMAL precision out of range: " + std::to_string(precision), "1 to 38"};
  if (scale > precision)
    return Fault{place, "DECIMAL scale larger than its precision: " + std::to_string(scale),
                 "0 to " + std::to_string(precision)};
  return Type::decimal(precision, scale);
}

Parsed<Type> timestamp(TokenStream& tokens, Place place, bool ltz) {
  int precision = 6;
  if (tokens.accept("(")) {
    TRY_ASSIGN(precision, read_number(tokens, "a precision"));
    TRY(tokens.expect(")"));
  }
  if (tokens.accept({"WITH", "LOCAL", "TIME", "ZONE"})) {
    ltz = true;
  } else if (tokens.at({"WITH", "TIME"})) {
    return not_implemented(tokens.place(), "TIMESTAMP WITH TIME ZONE");
  } else {
    tokens.accept({"WITHOUT", "TIME", "ZONE"});
  }
  if (precision != 3)
    return not_implemented(
        place, "TIMESTAMP of precision " + std::to_string(precision) +
                   " (without a number it is 6); write TIMESTAMP(3) or TIMESTAMP_LTZ(3)");
  return Type::of(ltz ? TypeKind::kTimestampLtz : TypeKind::kTimestamp);
}

Parsed<Type> text(TokenStream& tokens, Place place, const std::string& word, TypeUse use) {
  if (!tokens.accept("(")) {
    if (word == "CHAR") return not_implemented(place, "CHAR; write STRING");
    return Type::of(TypeKind::kString);
  }
  TRY_ASSIGN(const int length, read_number(tokens, "a length"));
  TRY(tokens.expect(")"));
  if (length < 1)
    return Fault{place, "length out of range: " + std::to_string(length), "1 or more"};
  if (word == "CHAR" || use == TypeUse::kCast)
    return not_implemented(place, word + " with a length; write STRING");
  return Type::of(TypeKind::kString);
}

Parsed<Type> row(TokenStream& tokens) {
  const bool angle = tokens.accept("<");
  if (!angle) TRY(tokens.expect("("));
  const char* close = angle ? ">" : ")";
  std::vector<Field> fields;
  std::set<std::string> names;
  do {
    const Place place = tokens.place();
    TRY_ASSIGN(std::string name, tokens.name("a field name"));
    if (!names.insert(name).second) return Fault{place, "two fields are called '" + name + "'"};
    TRY_ASSIGN(Type type, read_type(tokens, TypeUse::kColumn));
    fields.push_back({std::move(name), std::move(type)});
  } while (tokens.accept(","));
  TRY(tokens.expect(close));
  return Type::row(std::move(fields));
}

Parsed<Type> interval(TokenStream& tokens) {
  const bool months = tokens.at("YEAR") || tokens.at("MONTH");
  const auto unit = [&tokens]() -> Done {
    for (const char* name : {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"})
      if (tokens.accept(name)) {
        if (!tokens.accept("(")) return done();
        TRY(read_number(tokens, "a precision"));
        return tokens.expect(")");
      }
    return tokens.unexpected("DAY TO SECOND or YEAR TO MONTH",
                             {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"});
  };
  TRY(unit());
  if (tokens.accept("TO")) TRY(unit());
  return Type::of(months ? TypeKind::kMonthInterval : TypeKind::kDayInterval);
}

Parsed<Type> read_plain_type(TokenStream& tokens, TypeUse use) {
  const Place place = tokens.place();
  if (tokens.accept("INTERVAL")) return interval(tokens);
  if (!tokens.at_name() || tokens.peek().kind == Token::Kind::kQuoted)
    return tokens.unexpected("a type");
  const std::string word = upper(tokens.peek().text);
  const Fault unknown = [&] {
    Fault fault =
        tokens.unexpected("a type such as BIGINT or STRING",
                          {"BOOLEAN", "INT", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "STRING",
                           "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP_LTZ", "ROW"});
    if (fault.place.offset == place.offset) fault.message = "unknown type " + tokens.peek().text;
    return fault;
  }();
  tokens.take();
  if (word == "BOOLEAN") return Type::of(TypeKind::kBoolean);
  if (word == "INT" || word == "INTEGER") return Type::of(TypeKind::kInt);
  if (word == "BIGINT") return Type::of(TypeKind::kBigint);
  if (word == "DOUBLE") {
    tokens.accept("PRECISION");
    return Type::of(TypeKind::kDouble);
  }
  if (word == "DECIMAL" || word == "DEC" || word == "NUMERIC") return decimal(tokens);
  if (word == "STRING") return Type::of(TypeKind::kString);
  if (word == "VARCHAR" || word == "CHAR") return text(tokens, place, word, use);
  if (word == "DATE") return Type::of(TypeKind::kDate);
  if (word == "TIMESTAMP" || word == "TIMESTAMP_LTZ")
    return timestamp(tokens, place, word == "TIMESTAMP_LTZ");
  if (word == "ROW") return row(tokens);
  for (const char* other : {"TINYINT", "SMALLINT", "FLOAT", "REAL", "TIME", "BYTES", "BINARY",
                            "VARBINARY", "ARRAY", "MAP", "MULTISET", "RAW"})
    if (word == other) return not_implemented(place, "type " + word);
  return unknown;
}

}  // namespace

Parsed<Type> read_type(TokenStream& tokens, TypeUse use) {
  const TokenStream::Deeper deeper(tokens);
  if (!deeper.ok()) return tokens.too_deep();
  TRY_ASSIGN(Type type, read_plain_type(tokens, use));
  if (use == TypeUse::kColumn) {
    if (tokens.accept({"NOT", "NULL"})) return type.not_null();
    tokens.accept("NULL");
  }
  return type;
}

}  // namespace penstock::sql
