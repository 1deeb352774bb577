#include <limits>

#include "runtime/columns/decimal.h"
#include "runtime/columns/text.h"
#include "runtime/expr/row_node.h"
#include "runtime/expr/types.h"

namespace penstock {
namespace {

// Calls `use` with a null pointer of the physical type of an exact number.
template <typename Use>
Result<NodePtr> with_exact(TypeKind kind, Use&& use) {
  switch (kind) {
    case TypeKind::kInt:
      return use(static_cast<std::int32_t*>(nullptr));
    case TypeKind::kBigint:
      return use(static_cast<std::int64_t*>(nullptr));
    default:
      return use(static_cast<Int128*>(nullptr));
  }
}

bool fits_bigint(Int128 value) {
  return value >= std::numeric_limits<std::int64_t>::min() &&
         value <= std::numeric_limits<std::int64_t>::max();
}

std::optional<Int128> exact_constant(const ExprNode& node, TypeKind kind) {
  if (kind == TypeKind::kInt) return constant_of<std::int32_t>(node);
  if (kind == TypeKind::kBigint) return constant_of<std::int64_t>(node);
  return constant_of<Int128>(node);
}

std::vector<NodePtr> only(NodePtr input) {
  std::vector<NodePtr> inputs;
  inputs.push_back(std::move(input));
  return inputs;
}

// Products that have room: the unscaled values are multiplied, nothing else.
Result<NodePtr> exact_product(KernelCall call) {
  const TypeKind left = call.input_kind(0);
  const TypeKind right = call.input_kind(1);
  for (const std::size_t i : {std::size_t{1}, std::size_t{0}}) {
    const auto factor = exact_constant(*call.inputs[i], call.input_kind(i));
    if (!factor || !fits_bigint(*factor)) continue;
    const auto by = static_cast<std::int64_t>(*factor);
    return with_exact(call.input_kind(1 - i), [&](auto* tag) -> Result<NodePtr> {
      using T = std::remove_pointer_t<decltype(tag)>;
      return over_rows<T>(call.type(), only(std::move(call.inputs[1 - i])),
                          [by](T a) { return static_cast<Int128>(a) * by; });
    });
  }
  return with_exact(left, [&](auto* left_tag) {
    return with_exact(right, [&](auto* right_tag) -> Result<NodePtr> {
      using A = std::remove_pointer_t<decltype(left_tag)>;
      using B = std::remove_pointer_t<decltype(right_tag)>;
      return over_rows<A, B>(
          call, [](A a, B b) { return static_cast<Int128>(a) * static_cast<Int128>(b); });
    });
  });
}

// Sums that have room: one multiplication brings each side to the common scale.
Result<NodePtr> exact_sum(KernelCall call, int left_scale, int right_scale) {
  const int scale = call.type().scale;
  const Int128 sign = call.expr.function == "-" ? -1 : 1;
  const Int128 left_factor = power_of_ten(scale - left_scale);
  const Int128 right_factor = sign * power_of_ten(scale - right_scale);
  return with_exact(call.input_kind(0), [&](auto* left_tag) {
    return with_exact(call.input_kind(1), [&](auto* right_tag) -> Result<NodePtr> {
      using A = std::remove_pointer_t<decltype(left_tag)>;
      using B = std::remove_pointer_t<decltype(right_tag)>;
      return over_rows<A, B>(call, [left_factor, right_factor](A a, B b) {
        return static_cast<Int128>(a) * left_factor + static_cast<Int128>(b) * right_factor;
      });
    });
  });
}

struct Scales {
  int left = 0;
  int right = 0;
  int precision = 0;
  int scale = 0;
};

std::string as_text(Int128 value, int scale) {
  std::string text;
  append_decimal(text, value, scale);
  return text;
}

std::optional<Int128> checked(RowScratch& scratch, const std::string& name, Int128 a, Int128 b,
                              const Scales& s) {
  const char op = name[0];
  if ((op == '/' || op == '%') && b == 0) {
    scratch.fail("division by zero: " + as_text(a, s.left) + " " + name + " 0");
    return std::nullopt;
  }
  switch (op) {
    case '+':
      return add_decimals(a, s.left, b, s.right, s.precision, s.scale);
    case '-':
      return add_decimals(a, s.left, -b, s.right, s.precision, s.scale);
    case '*':
      return multiply_decimals(a, s.left, b, s.right, s.precision, s.scale);
    case '/':
      return divide_decimals(a, s.left, b, s.right, s.precision, s.scale);
    default:
      return modulo_decimals(a, s.left, b, s.right, s.precision, s.scale);
  }
}

}  // namespace

Result<NodePtr> make_decimal_arithmetic(KernelCall call) {
  if (!is_exact(call.input_type(0)) || !is_exact(call.input_type(1))) return no_kernel(call);
  const Type left = as_decimal(call.input_type(0));
  const Type right = as_decimal(call.input_type(1));
  const std::string& name = call.expr.function;
  const auto rule = name == "*" ? DecimalRule::kMultiply : DecimalRule::kAdd;
  const bool has_room = !decimal_result(rule, left, right).may_overflow;
  if (has_room && name == "*") return exact_product(std::move(call));
  if (has_room && (name == "+" || name == "-"))
    return exact_sum(std::move(call), left.scale, right.scale);
  const Scales scales{.left = left.scale,
                      .right = right.scale,
                      .precision = call.type().precision,
                      .scale = call.type().scale};
  return with_exact(call.input_kind(0), [&](auto* left_tag) {
    return with_exact(call.input_kind(1), [&](auto* right_tag) -> Result<NodePtr> {
      using A = std::remove_pointer_t<decltype(left_tag)>;
      using B = std::remove_pointer_t<decltype(right_tag)>;
      return over_rows<A, B>(call, [name, scales](RowScratch& scratch, A a, B b) {
        return checked(scratch, name, static_cast<Int128>(a), static_cast<Int128>(b), scales);
      });
    });
  });
}

}  // namespace penstock
