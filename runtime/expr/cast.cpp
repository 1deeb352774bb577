#include <array>
#include <cmath>
#include <limits>

#include "runtime/columns/calendar.h"
#include "runtime/columns/decimal.h"
#include "runtime/columns/text.h"
#include "runtime/expr/functions.h"
#include "runtime/expr/row_node.h"
#include "runtime/expr/types.h"

namespace penstock {
namespace {

// One CAST: `lenient` yields NULL where the cast would fail.
struct Cast {
  NodePtr input;
  Type from;
  Type to;
  bool lenient = false;

  template <typename... A, typename F>
  Result<NodePtr> rows(F f) {
    std::vector<NodePtr> inputs;
    inputs.push_back(std::move(input));
    return over_rows<A...>(to, std::move(inputs), std::move(f));
  }
  Error missing() const {
    return {Code::kInvalid, "cannot cast " + from.to_string() + " to " + to.to_string()};
  }
};

// What a value that cannot be cast turns into.
template <typename R>
std::optional<R> impossible(RowScratch& scratch, bool lenient, std::string_view value,
                            const Type& to) {
  if (!lenient) {
    scratch.fail("cannot cast '" + std::string(value) + "' to " + to.as_nullable().to_string() +
                 "; TRY_CAST yields NULL instead");
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// The same physical values under another type.
class RetypeNode final : public ExprNode {
 public:
  RetypeNode(NodePtr input, Type type) : input_(std::move(input)), type_(std::move(type)) {
    cheap = input_->cheap;
    pure = input_->pure;
  }
  Result<Operand> run(const Frame& frame) override {
    TRY_ASSIGN(Operand in, input_->run(frame));
    Type type = type_;
    type.nullable = type.nullable || in.column.may_have_nulls();
    return Operand{in.column.retyped(std::move(type)), in.scalar};
  }

 private:
  NodePtr input_;
  Type type_;
};

// Fields one by one.
class RowCastNode final : public ExprNode {
 public:
  RowCastNode(NodePtr input, Type type, std::vector<NodePtr> fields)
      : input_(std::move(input)), type_(std::move(type)), fields_(std::move(fields)) {
    pure = input_->pure;
  }
  Result<Operand> run(const Frame& frame) override {
    TRY_ASSIGN(const Operand in, input_->run(frame));
    const std::size_t rows = in.column.rows();
    const auto values = in.column.children();
    const Batch children = {.columns = {values.begin(), values.end()}, .physical_rows = rows};
    std::vector<Column> out;
    for (const NodePtr& field : fields_) {
      TRY_ASSIGN(const Operand value,
                 field->run({.batch = children, .rows = rows, .clock = frame.clock}));
      out.push_back(spread(value, rows));
    }
    return Operand{Column::of_rows(type_, rows, std::move(out), in.column.shared_nulls()),
                   in.scalar};
  }

 private:
  NodePtr input_;
  Type type_;
  std::vector<NodePtr> fields_;  // each reads column i of the children
};

// Text of any value, row by row through Value: for ROW and intervals.
class TextNode final : public ExprNode {
 public:
  TextNode(NodePtr input, Type from, Type to)
      : input_(std::move(input)), from_(std::move(from)), to_(std::move(to)) {
    pure = input_->pure;
  }
  Result<Operand> run(const Frame& frame) override {
    TRY_ASSIGN(const Operand in, input_->run(frame));
    ColumnBuilder out(to_.as_nullable(), in.column.rows());
    std::string text;
    for (std::size_t row = 0; row < in.column.rows(); ++row) {
      if (in.column.is_null(row)) {
        out.append_null();
        continue;
      }
      text.clear();
      append_value(text, in.column.value_at(row), from_);
      out.append_physical(std::string_view(text));
    }
    return Operand{out.finish(), in.scalar};
  }

 private:
  NodePtr input_;
  Type from_;
  Type to_;
};

// Integers and doubles to INT or BIGINT: towards zero, and it must fit.
template <typename From, typename To>
Result<NodePtr> number_to_integer(Cast cast) {
  if constexpr (sizeof(From) < sizeof(To) && std::is_integral_v<From>) {
    return cast.rows<From>([](From value) { return static_cast<To>(value); });
  } else {
    return cast.rows<From>([to = cast.to, lenient = cast.lenient](RowScratch& scratch,
                                                                  From value) -> std::optional<To> {
      bool fits = false;
      if constexpr (std::is_floating_point_v<From>) {
        const double limit = std::ldexp(1.0, sizeof(To) * 8 - 1);
        const double whole = std::trunc(value);
        fits = whole >= -limit && whole < limit;
      } else {
        fits = std::in_range<To>(value);
      }
      if (fits) return static_cast<To>(value);
      std::string text;
      append_value(
          text, Value{.is = value},
          Type::of(std::is_floating_point_v<From> ? TypeKind::kDouble : TypeKind::kBigint));
      return impossible<To>(scratch, lenient, text, to);
    });
  }
}

template <typename To>
Result<NodePtr> decimal_to_integer(Cast cast) {
  return cast.rows<Int128>([to = cast.to, lenient = cast.lenient, scale = int{cast.from.scale}](
                               RowScratch& scratch, Int128 value) -> std::optional<To> {
    const Int128 whole = value / power_of_ten(scale);
    if (whole >= std::numeric_limits<To>::min() && whole <= std::numeric_limits<To>::max())
      return static_cast<To>(whole);
    std::string text;
    append_decimal(text, value, scale);
    return impossible<To>(scratch, lenient, text, to);
  });
}

// "12" and also "12.9", which is cut to 12.
template <typename To>
Result<NodePtr> text_to_integer(Cast cast) {
  return cast.rows<std::string_view>(
      [to = cast.to, lenient = cast.lenient](RowScratch& scratch,
                                             std::string_view text) -> std::optional<To> {
        const std::string_view whole = trimmed(text);
        const std::size_t point = whole.find('.');
        const std::string_view after = point == whole.npos ? "" : whole.substr(point + 1);
        const auto value = parse_bigint(whole.substr(0, point));
        const bool digits = after.find_first_not_of("0123456789") == after.npos;
        if (value && digits && std::in_range<To>(*value)) return static_cast<To>(*value);
        return impossible<To>(scratch, lenient, text, to);
      });
}

template <typename To>
Result<NodePtr> to_integer(Cast cast) {
  switch (cast.from.kind) {
    case TypeKind::kBoolean:
      return cast.rows<std::uint8_t>([](std::uint8_t v) { return To{v}; });
    case TypeKind::kInt:
      return number_to_integer<std::int32_t, To>(std::move(cast));
    case TypeKind::kBigint:
      return number_to_integer<std::int64_t, To>(std::move(cast));
    case TypeKind::kDouble:
      return number_to_integer<double, To>(std::move(cast));
    case TypeKind::kDecimal:
      return decimal_to_integer<To>(std::move(cast));
    case TypeKind::kString:
      return text_to_integer<To>(std::move(cast));
    default:
      return cast.missing();
  }
}

// A cast of text by `parse`, which takes trimmed text.
template <typename R, typename Parse>
Result<NodePtr> from_text(Cast cast, Parse parse) {
  return cast.rows<std::string_view>(
      [to = cast.to, lenient = cast.lenient, parse](RowScratch& scratch,
                                                    std::string_view text) -> std::optional<R> {
        const auto value = parse(trimmed(text));
        if (value) return static_cast<R>(*value);
        return impossible<R>(scratch, lenient, text, to);
      });
}

Result<NodePtr> to_double(Cast cast) {
  switch (cast.from.kind) {
    case TypeKind::kBoolean:
      return cast.rows<std::uint8_t>([](std::uint8_t v) { return double(v); });
    case TypeKind::kInt:
      return cast.rows<std::int32_t>([](std::int32_t v) { return double(v); });
    case TypeKind::kBigint:
      return cast.rows<std::int64_t>([](std::int64_t v) { return static_cast<double>(v); });
    case TypeKind::kDecimal:
      return cast.rows<Int128>(
          [scale = int{cast.from.scale}](Int128 v) { return decimal_to_double(v, scale); });
    case TypeKind::kString:
      return from_text<double>(std::move(cast), parse_double);
    default:
      return cast.missing();
  }
}

template <typename From>
Result<NodePtr> integer_to_decimal(Cast cast) {
  const int precision = cast.to.precision;
  const int scale = cast.to.scale;
  if (!cast_may_overflow(cast.from, cast.to)) {
    const Int128 factor = power_of_ten(scale);
    return cast.rows<From>([factor](From value) { return static_cast<Int128>(value) * factor; });
  }
  return cast.rows<From>([precision, scale](RowScratch&, From value) {
    return rescale_decimal(static_cast<Int128>(value), 0, scale, precision);
  });
}

// What does not fit is NULL, as in Flink; text that is no number at all fails.
Result<NodePtr> text_to_decimal(Cast cast) {
  return cast.rows<std::string_view>(
      [to = cast.to, lenient = cast.lenient](RowScratch& scratch,
                                             std::string_view text) -> std::optional<Int128> {
        const std::string_view whole = trimmed(text);
        const auto value = parse_decimal(whole, to.precision, to.scale);
        if (value || parse_double(whole)) return value;
        return impossible<Int128>(scratch, lenient, text, to);
      });
}

Result<NodePtr> to_decimal(Cast cast) {
  const int precision = cast.to.precision;
  const int scale = cast.to.scale;
  switch (cast.from.kind) {
    case TypeKind::kBoolean:
      return integer_to_decimal<std::uint8_t>(std::move(cast));
    case TypeKind::kInt:
      return integer_to_decimal<std::int32_t>(std::move(cast));
    case TypeKind::kBigint:
      return integer_to_decimal<std::int64_t>(std::move(cast));
    case TypeKind::kDouble:
      return cast.rows<double>([precision, scale](RowScratch&, double value) {
        return double_to_decimal(value, precision, scale);
      });
    case TypeKind::kDecimal: {
      const int from = cast.from.scale;
      if (!cast_may_overflow(cast.from, cast.to) && scale >= from)
        return cast.rows<Int128>(
            [factor = power_of_ten(scale - from)](Int128 value) { return value * factor; });
      return cast.rows<Int128>([from, precision, scale](RowScratch&, Int128 value) {
        return rescale_decimal(value, from, scale, precision);
      });
    }
    case TypeKind::kString:
      return text_to_decimal(std::move(cast));
    default:
      return cast.missing();
  }
}

Result<NodePtr> to_boolean(Cast cast) {
  const auto truth = [](auto value) { return static_cast<std::uint8_t>(value != 0 ? 1 : 0); };
  switch (cast.from.kind) {
    case TypeKind::kInt:
      return cast.rows<std::int32_t>(truth);
    case TypeKind::kBigint:
      return cast.rows<std::int64_t>(truth);
    case TypeKind::kDouble:
      return cast.rows<double>(truth);
    case TypeKind::kDecimal:
      return cast.rows<Int128>(truth);
    case TypeKind::kString:
      return from_text<std::uint8_t>(std::move(cast), parse_boolean);
    default:
      return cast.missing();
  }
}

template <typename From, typename Append>
Result<NodePtr> to_text(Cast cast, Append append) {
  return cast.rows<From>([append](RowScratch& scratch, From value) {
    scratch.buffer.clear();
    append(scratch.buffer, value);
    return scratch.arena.copy(scratch.buffer);
  });
}

Result<NodePtr> to_string(Cast cast) {
  switch (cast.from.kind) {
    case TypeKind::kBoolean:
      return cast.rows<std::uint8_t>(
          [](std::uint8_t v) -> std::string_view { return v != 0 ? "TRUE" : "FALSE"; });
    case TypeKind::kInt:
      return to_text<std::int32_t>(std::move(cast), append_int);
    case TypeKind::kBigint:
      return to_text<std::int64_t>(std::move(cast), append_int);
    case TypeKind::kDouble:
      return to_text<double>(std::move(cast), append_double);
    case TypeKind::kDecimal: {
      const int scale = cast.from.scale;
      return to_text<Int128>(
          std::move(cast), [scale](std::string& out, Int128 v) { append_decimal(out, v, scale); });
    }
    case TypeKind::kDate:
      return to_text<std::int32_t>(std::move(cast), append_date);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return to_text<std::int64_t>(std::move(cast), [](std::string& out, std::int64_t v) {
        append_timestamp(out, v, Fraction::kAlways);
      });
    case TypeKind::kDayInterval:
    case TypeKind::kMonthInterval:
    case TypeKind::kRow:
      return NodePtr(std::make_unique<TextNode>(std::move(cast.input), cast.from, cast.to));
    default:
      return cast.missing();
  }
}

Result<NodePtr> to_date(Cast cast) {
  if (cast.from.kind == TypeKind::kString)
    return from_text<std::int32_t>(
        std::move(cast), [](std::string_view text) -> std::optional<std::int32_t> {
          if (const auto date = parse_date(text)) return date;
          const auto time = parse_timestamp(text);
          if (!time) return std::nullopt;
          return static_cast<std::int32_t>(floor_divide(*time, kMillisPerDay));
        });
  if (!is_timestamp(cast.from)) return cast.missing();
  return cast.rows<std::int64_t>([](std::int64_t millis) {
    return static_cast<std::int32_t>(floor_divide(millis, kMillisPerDay));
  });
}

Result<NodePtr> to_timestamp(Cast cast) {
  const bool zoned = cast.to.kind == TypeKind::kTimestampLtz;
  if (cast.from.kind == TypeKind::kString)
    return from_text<std::int64_t>(
        std::move(cast), [zoned](std::string_view text) { return parse_timestamp(text, zoned); });
  if (is_timestamp(cast.from))  // the session's time zone is UTC
    return NodePtr(std::make_unique<RetypeNode>(std::move(cast.input), cast.to));
  if (cast.from.kind != TypeKind::kDate) return cast.missing();
  return cast.rows<std::int32_t>([](std::int32_t day) { return day * kMillisPerDay; });
}

Result<NodePtr> to_row(Cast cast) {
  if (cast.from.kind != TypeKind::kRow) return cast.missing();
  std::vector<NodePtr> fields;
  for (std::size_t i = 0; i < cast.to.fields->size(); ++i) {
    const Type& from = (*cast.from.fields)[i].type;
    TRY_ASSIGN(NodePtr column, make_node(Expr::of_column(i, from)));
    TRY_ASSIGN(NodePtr field,
               make_cast(std::move(column), from, (*cast.to.fields)[i].type, cast.lenient));
    fields.push_back(std::move(field));
  }
  return NodePtr(std::make_unique<RowCastNode>(std::move(cast.input), cast.to, std::move(fields)));
}

}  // namespace

Result<NodePtr> make_cast(NodePtr input, const Type& from, const Type& to,
                          bool null_if_impossible) {
  Cast cast{.input = std::move(input), .from = from, .to = to, .lenient = null_if_impossible};
  if (!can_cast(from, to)) return cast.missing();
  if (from.kind == TypeKind::kNull) return make_literal(null_operand(to));
  if (from.same_kind(to)) return NodePtr(std::make_unique<RetypeNode>(std::move(cast.input), to));
  switch (to.kind) {
    case TypeKind::kBoolean:
      return to_boolean(std::move(cast));
    case TypeKind::kInt:
      return to_integer<std::int32_t>(std::move(cast));
    case TypeKind::kBigint:
      return to_integer<std::int64_t>(std::move(cast));
    case TypeKind::kDouble:
      return to_double(std::move(cast));
    case TypeKind::kDecimal:
      return to_decimal(std::move(cast));
    case TypeKind::kString:
      return to_string(std::move(cast));
    case TypeKind::kDate:
      return to_date(std::move(cast));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return to_timestamp(std::move(cast));
    case TypeKind::kRow:
      return to_row(std::move(cast));
    default:
      return cast.missing();
  }
}

}  // namespace penstock
