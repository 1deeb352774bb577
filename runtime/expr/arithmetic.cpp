#include <array>
#include <cmath>
#include <limits>

#include "runtime/columns/calendar.h"
#include "runtime/columns/text.h"
#include "runtime/expr/constant_divisor.h"
#include "runtime/expr/row_node.h"
#include "runtime/expr/time_arithmetic.h"
#include "runtime/expr/types.h"

namespace penstock {
namespace {

// Integers wrap around, as in Flink (Java).
template <typename T>
T wrap_add(T a, T b) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
}
template <typename T>
T wrap_subtract(T a, T b) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
}
template <typename T>
T wrap_multiply(T a, T b) {
  using U = std::make_unsigned_t<T>;
  return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
}

enum class Division : std::uint8_t { kQuotient, kRest };

template <typename T, Division part>
NodePtr divide_by_constant(KernelCall& call, T divisor) {
  const ConstantDivisor by(divisor);
  std::vector<NodePtr> inputs;
  inputs.push_back(std::move(call.inputs[0]));
  return over_rows<T>(call.type(), std::move(inputs), [by](T a) {
    return static_cast<T>(part == Division::kQuotient ? by.divide(a) : by.modulo(a));
  });
}

template <typename T, Division part>
NodePtr divide_integers(KernelCall& call) {
  const auto divisor = constant_of<T>(*call.inputs[1]);
  if (divisor && *divisor != 0) return divide_by_constant<T, part>(call, *divisor);
  return over_rows<T, T>(call, [](RowScratch& scratch, T a, T b) -> T {
    if (b == 0) {
      scratch.fail("division by zero: " + std::to_string(a) +
                   (part == Division::kQuotient ? " / 0" : " % 0"));
      return 0;
    }
    if (b == -1) return part == Division::kQuotient ? wrap_subtract<T>(0, a) : T{0};
    return part == Division::kQuotient ? a / b : a % b;
  });
}

template <typename T>
Result<NodePtr> integer_arithmetic(KernelCall call) {
  const std::string& name = call.expr.function;
  if (name == "+") return over_rows<T, T>(call, [](T a, T b) { return wrap_add(a, b); });
  if (name == "-") return over_rows<T, T>(call, [](T a, T b) { return wrap_subtract(a, b); });
  if (name == "*") return over_rows<T, T>(call, [](T a, T b) { return wrap_multiply(a, b); });
  if (name == "/") return divide_integers<T, Division::kQuotient>(call);
  return divide_integers<T, Division::kRest>(call);
}

Result<NodePtr> double_arithmetic(KernelCall call) {
  using D = double;
  const std::string& name = call.expr.function;
  if (name == "+") return over_rows<D, D>(call, [](D a, D b) { return a + b; });
  if (name == "-") return over_rows<D, D>(call, [](D a, D b) { return a - b; });
  if (name == "*") return over_rows<D, D>(call, [](D a, D b) { return a * b; });
  if (name == "/") return over_rows<D, D>(call, [](D a, D b) { return a / b; });
  return over_rows<D, D>(call, [](D a, D b) { return std::fmod(a, b); });
}

// A DATE, or a timestamp, plus or minus an interval.
Result<NodePtr> shifted(KernelCall call) {
  const bool minus = call.expr.function == "-";
  const bool months = call.input_kind(1) == TypeKind::kMonthInterval;
  if (call.input_kind(0) == TypeKind::kDate) {
    using I = std::int32_t;
    if (months)
      return over_rows<I, I>(call, [minus](I day, I count) {
        return static_cast<I>(add_months_to_day(day, minus ? -std::int64_t{count} : count));
      });
    return over_rows<I, std::int64_t>(call, [minus](I day, std::int64_t millis) {
      const auto days = static_cast<I>(millis / kMillisPerDay);
      return minus ? wrap_subtract(day, days) : wrap_add(day, days);
    });
  }
  using L = std::int64_t;
  if (months)
    return over_rows<L, std::int32_t>(call, [minus](L time, std::int32_t count) {
      return add_months(time, minus ? -L{count} : L{count});
    });
  if (minus) return over_rows<L, L>(call, [](L a, L b) { return wrap_subtract(a, b); });
  return over_rows<L, L>(call, [](L a, L b) { return wrap_add(a, b); });
}

Result<NodePtr> make_arithmetic(KernelCall call) {
  if (call.type().kind == TypeKind::kDecimal) return make_decimal_arithmetic(std::move(call));
  const TypeKind left = call.input_kind(0);
  if ((left == TypeKind::kDate || is_timestamp(call.input_type(0))) &&
      is_interval(call.input_type(1)))
    return shifted(std::move(call));
  if (physical_size(left) != physical_size(call.input_kind(1))) return no_kernel(call);
  switch (left) {
    case TypeKind::kInt:
    case TypeKind::kMonthInterval:
      return integer_arithmetic<std::int32_t>(std::move(call));
    case TypeKind::kBigint:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
    case TypeKind::kDayInterval:
      return integer_arithmetic<std::int64_t>(std::move(call));
    case TypeKind::kDouble:
      return double_arithmetic(std::move(call));
    default:
      return no_kernel(call);
  }
}

Result<NodePtr> make_negation(KernelCall call) {
  switch (call.input_kind(0)) {
    case TypeKind::kInt:
    case TypeKind::kMonthInterval:
      return over_rows<std::int32_t>(call, [](std::int32_t a) { return wrap_subtract(0, a); });
    case TypeKind::kBigint:
    case TypeKind::kDayInterval:
      return over_rows<std::int64_t>(
          call, [](std::int64_t a) { return wrap_subtract<std::int64_t>(0, a); });
    case TypeKind::kDouble:
      return over_rows<double>(call, [](double a) { return -a; });
    case TypeKind::kDecimal:
      return over_rows<Int128>(call, [](Int128 a) { return -a; });
    default:
      return no_kernel(call);
  }
}

constexpr std::array kKernels = {
    Kernel{"+", make_arithmetic}, Kernel{"-", make_arithmetic}, Kernel{"*", make_arithmetic},
    Kernel{"/", make_arithmetic}, Kernel{"%", make_arithmetic}, Kernel{"NEG", make_negation},
};

}  // namespace

std::span<const Kernel> arithmetic_kernels() { return kKernels; }

}  // namespace penstock
