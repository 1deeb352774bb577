#include <cstring>

#include "runtime/exec/operators/accumulators.h"

namespace penstock {
namespace {

constexpr Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}
constexpr Int128 kDecimalLimit = power_of_ten(38);

// NULL masks that exist only once a row is NULL.
class Nulls {
 public:
  explicit Nulls(std::size_t rows) : rows_(rows) {}
  void set(std::size_t row) {
    if (!mask_) {
      mask_ = allocate_values<std::uint8_t>(rows_);
      std::memset(mask_.get(), 0, rows_);
    }
    mask_[row] = 1;
  }
  std::shared_ptr<const std::uint8_t[]> take() { return std::move(mask_); }

 private:
  std::size_t rows_;
  std::shared_ptr<std::uint8_t[]> mask_;
};

// sum / count at `extra` more digits, halves rounded away from zero; digit by digit, as the product
// might not fit.
Int128 decimal_average(Int128 sum, std::int64_t count, int extra) {
  const bool negative = sum < 0;
  const Int128 magnitude = negative ? -sum : sum;
  Int128 quotient = magnitude / count;
  Int128 rest = magnitude % count;
  for (int i = 0; i < extra; ++i) {
    quotient = quotient * 10 + rest * 10 / count;
    rest = rest * 10 % count;
  }
  if (rest * 2 >= count) ++quotient;
  return negative ? -quotient : quotient;
}

// One result per block: compute(block, count) for those with at least one argument, which says
// whether it has a value.
template <typename T, typename Compute>
Column per_count(const Type& type, const PackedBlock::Leaf& count,
                 const std::vector<StoredBlock>& values, Compute&& compute) {
  auto out = allocate_values<T>(values.size());
  Nulls nulls(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto number = load<std::int64_t>(values[i].bytes + count.offset);
    out[i] = T{};
    if (number <= 0 || !compute(values[i].bytes, number, out[i])) nulls.set(i);
  }
  return Column(type, values.size(), out, nulls.take());
}

bool fits_decimal(Int128 value) { return value < kDecimalLimit && value > -kDecimalLimit; }

Column sums(const Type& type, const PackedBlock::Leaf& sum, const PackedBlock::Leaf& count,
            const std::vector<StoredBlock>& values) {
  return with_physical_type(sum.kind, [&](auto* tag) -> Column {
    using S = std::remove_pointer_t<decltype(tag)>;
    if constexpr (std::is_same_v<S, std::string_view>) {
      CHECK(!"a sum of texts");
    } else {
      return per_count<S>(type, count, values, [&](const std::byte* block, std::int64_t, S& out) {
        out = load<S>(block + sum.offset);
        if constexpr (std::is_same_v<S, Int128>) return fits_decimal(out);
        return true;
      });
    }
  });
}

Column averages(const Accumulators::Call& call, const PackedBlock::Leaf& sum,
                const PackedBlock::Leaf& count, const std::vector<StoredBlock>& values) {
  const Type& type = call.call.type;
  if (sum.kind == TypeKind::kDouble)
    return per_count<double>(type, count, values,
                             [&](const std::byte* block, std::int64_t number, double& out) {
                               out = load<double>(block + sum.offset) / static_cast<double>(number);
                               return true;
                             });
  if (sum.kind == TypeKind::kDecimal) {
    const int extra = type.scale - call.argument.scale;
    return per_count<Int128>(type, count, values,
                             [&](const std::byte* block, std::int64_t number, Int128& out) {
                               const auto total = load<Int128>(block + sum.offset);
                               if (!fits_decimal(total)) return false;
                               out = decimal_average(total, number, extra);
                               return fits_decimal(out);
                             });
  }
  const auto quotient = [&](const std::byte* block, std::int64_t number, auto& out) {
    out = static_cast<std::remove_reference_t<decltype(out)>>(
        load<std::int64_t>(block + sum.offset) / number);
    return true;
  };
  if (type.kind == TypeKind::kInt) return per_count<std::int32_t>(type, count, values, quotient);
  return per_count<std::int64_t>(type, count, values, quotient);
}

}  // namespace

Column Accumulators::results(std::size_t number, const std::vector<StoredBlock>& values) const {
  const Call& call = calls_[number];
  const Type& type = call.call.type;
  if (call.extreme) return read_column(block_, call.first, type, values);
  if (call.call.function == AggregateFunction::kSum)
    return sums(type, leaf(call.first), leaf(call.count), values);
  if (call.call.function == AggregateFunction::kAvg)
    return averages(call, leaf(call.first), leaf(call.count), values);
  auto out = allocate_values<std::int64_t>(values.size());
  const std::size_t offset = leaf(call.first).offset;
  for (std::size_t i = 0; i < values.size(); ++i)
    out[i] = load<std::int64_t>(values[i].bytes + offset);
  return Column(type, values.size(), out, nullptr);
}

}  // namespace penstock
