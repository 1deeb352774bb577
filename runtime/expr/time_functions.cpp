#include <time.h>

#include <algorithm>
#include <array>

#include "runtime/columns/calendar.h"
#include "runtime/columns/text.h"
#include "runtime/expr/row_node.h"
#include "runtime/expr/time_arithmetic.h"
#include "runtime/expr/time_pattern.h"

namespace penstock {
namespace {

using L = std::int64_t;
using S = std::string_view;

constexpr S kDefaultPattern = "yyyy-MM-dd HH:mm:ss";

std::int64_t wrapping_multiply(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

// Takes the constant unit off the front of the inputs.
std::optional<TimeUnit> take_unit(KernelCall& call) {
  const auto unit = parse_time_unit(constant_of<S>(*call.inputs[0]).value_or(""));
  call.inputs.erase(call.inputs.begin());
  return unit;
}

Result<NodePtr> make_extract(KernelCall call) {
  const auto unit = take_unit(call);
  if (!unit) return no_kernel(call);
  return over_rows<L>(call, [unit = *unit](L millis) { return extract_part(millis, unit); });
}

Result<NodePtr> make_timestamp_add(KernelCall call) {
  const auto unit = take_unit(call);
  if (!unit || !is_span(*unit)) return no_kernel(call);
  return over_rows<L, L>(
      call, [unit = *unit](L count, L millis) { return add_units(millis, count, unit); });
}

Result<NodePtr> make_timestamp_diff(KernelCall call) {
  const auto unit = take_unit(call);
  if (!unit || !is_span(*unit)) return no_kernel(call);
  return over_rows<L, L>(call, [unit = *unit](L from, L to) {
    return static_cast<std::int32_t>(units_between(from, to, unit));
  });
}

// A time pattern, compiled when it is made or again whenever it changes from row to row.
class PatternCache {
 public:
  // nullptr: `text` is no pattern, and the evaluation fails.
  const TimePattern* get(RowScratch& scratch, S text) {
    if (!pattern_ || text != text_) {
      auto parsed = TimePattern::parse(text);
      if (!parsed) {
        scratch.fail(parsed.error().message);
        return nullptr;
      }
      text_ = text;
      pattern_ = std::move(parsed).value();
    }
    return &*pattern_;
  }

 private:
  std::string text_;
  std::optional<TimePattern> pattern_;
};

// Adds the default pattern where the call has none.
void complete(KernelCall& call) {
  if (call.inputs.size() == 1)
    call.inputs.push_back(
        make_literal(Type::of(TypeKind::kString).not_null(), {.is = std::string(kDefaultPattern)}));
}

// A wrong constant pattern is refused before the first row.
Status check_pattern(const KernelCall& call) {
  if (const auto pattern = constant_of<S>(*call.inputs[1])) {
    TRY(TimePattern::parse(*pattern));
  }
  return ok();
}

// DATE_FORMAT (milliseconds) and FROM_UNIXTIME (seconds).
template <std::int64_t scale>
Result<NodePtr> make_format(KernelCall call) {
  complete(call);
  TRY(check_pattern(call));
  return over_rows<L, S>(
      call, [cache = PatternCache()](RowScratch& scratch, L time, S text) mutable -> S {
        const TimePattern* pattern = cache.get(scratch, text);
        if (pattern == nullptr) return {};
        scratch.buffer.clear();
        pattern->append(scratch.buffer, wrapping_multiply(time, scale));
        return scratch.arena.copy(scratch.buffer);
      });
}

// TO_TIMESTAMP and TO_DATE: what cannot be read is NULL.
template <typename R>
Result<NodePtr> make_parse(KernelCall call) {
  const auto result = [](std::optional<L> millis) -> std::optional<R> {
    if (!millis) return std::nullopt;
    if constexpr (std::is_same_v<R, L>) return *millis;
    return static_cast<R>(floor_divide(*millis, kMillisPerDay));
  };
  if (call.inputs.size() == 1)
    return over_rows<S>(call,
                        [result](RowScratch&, S text) { return result(parse_timestamp(text)); });
  TRY(check_pattern(call));
  return over_rows<S, S>(call,
                         [result, cache = PatternCache()](RowScratch& scratch, S text,
                                                          S format) mutable -> std::optional<R> {
                           const TimePattern* pattern = cache.get(scratch, format);
                           return pattern == nullptr ? std::nullopt : result(pattern->read(text));
                         });
}

// TO_TIMESTAMP_LTZ(number, precision): 0 counts seconds, 3 milliseconds.
Result<NodePtr> make_to_ltz(KernelCall call) {
  if (call.inputs.size() == 1) return over_rows<L>(call, [](L millis) { return millis; });
  return over_rows<L, L>(call, [](RowScratch& scratch, L number, L precision) -> std::optional<L> {
    if (precision == 3) return number;
    L millis = 0;
    if (precision == 0 && !__builtin_mul_overflow(number, kMillisPerSecond, &millis)) return millis;
    if (precision != 0)
      scratch.fail("TO_TIMESTAMP_LTZ expects a precision of 0 or 3, got " +
                   std::to_string(precision));
    return std::nullopt;
  });
}

// The clock's time as `unit`s of R, once per batch.
template <typename R, std::int64_t unit>
class NowNode final : public ExprNode {
 public:
  explicit NowNode(Type type) : type_(std::move(type)) {
    cheap = true;
    pure = false;
  }
  Result<Operand> run(const Frame& frame) override {
    auto value = allocate_values<R>(1);
    value[0] = static_cast<R>(floor_divide(frame.clock.now(), unit));
    return Operand{Column(type_, 1, std::move(value), nullptr), true};
  }

 private:
  Type type_;
};

template <typename R, std::int64_t unit>
Result<NodePtr> make_now(KernelCall call) {
  return NodePtr(std::make_unique<NowNode<R, unit>>(call.type()));
}

Result<NodePtr> make_unix_timestamp(KernelCall call) {
  if (call.inputs.empty()) return make_now<L, kMillisPerSecond>(std::move(call));
  return over_rows<L>(call, [](L millis) { return floor_divide(millis, kMillisPerSecond); });
}

std::int64_t thread_cpu_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// SPIN(value, microseconds): the value, after burning that much CPU time of this thread per row. It
// is paid once per batch, for all its rows; what one batch burns too much the next one burns less.
class SpinNode final : public ExprNode {
 public:
  explicit SpinNode(std::vector<NodePtr> inputs) : inputs_(std::move(inputs)) { pure = false; }

  Result<Operand> run(const Frame& frame) override {
    const std::int64_t start = thread_cpu_nanoseconds();
    TRY_ASSIGN(const Operand micros, inputs_[1]->run(frame));
    const auto values = micros.column.values<double>();
    double wanted = 0;
    for (std::size_t row = 0; row < values.size(); ++row)
      if (!micros.column.is_null(row) && values[row] > 0) wanted += values[row];
    if (micros.scalar) wanted *= static_cast<double>(frame.rows);
    // A day is more than anybody means; it keeps the sum inside 64 bits.
    owed_ += static_cast<std::int64_t>(std::min(wanted, 86'400e6) * 1000);
    TRY_ASSIGN(Operand value, inputs_[0]->run(frame));
    const std::int64_t deadline = start + owed_;
    std::int64_t now = thread_cpu_nanoseconds();
    while (now < deadline) now = thread_cpu_nanoseconds();
    owed_ = std::min<std::int64_t>(0, deadline - now);
    return value;
  }

 private:
  std::vector<NodePtr> inputs_;
  std::int64_t owed_ = 0;  // nanoseconds
};

Result<NodePtr> make_spin(KernelCall call) {
  return NodePtr(std::make_unique<SpinNode>(std::move(call.inputs)));
}

constexpr std::array kKernels = {
    Kernel{"CURRENT_DATE", make_now<std::int32_t, kMillisPerDay>},
    Kernel{"DATE_FORMAT", make_format<1>},
    Kernel{"EXTRACT", make_extract},
    Kernel{"FROM_UNIXTIME", make_format<kMillisPerSecond>},
    Kernel{"LOCALTIMESTAMP", make_now<L, 1>},
    Kernel{"NOW", make_now<L, 1>},
    Kernel{"PROCTIME", make_now<L, 1>},
    Kernel{"SPIN", make_spin},
    Kernel{"TIMESTAMPADD", make_timestamp_add},
    Kernel{"TIMESTAMPDIFF", make_timestamp_diff},
    Kernel{"TO_DATE", make_parse<std::int32_t>},
    Kernel{"TO_TIMESTAMP", make_parse<L>},
    Kernel{"TO_TIMESTAMP_LTZ", make_to_ltz},
    Kernel{"UNIX_TIMESTAMP", make_unix_timestamp},
};

}  // namespace

std::span<const Kernel> time_kernels() { return kKernels; }

}  // namespace penstock
