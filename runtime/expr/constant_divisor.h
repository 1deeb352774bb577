#pragma once

#include <bit>
#include <cstdint>

#include "runtime/columns/column.h"

namespace penstock {

// Division by a divisor that is known early, without a division instruction. |x| * ceil(2^(63+l) /
// |d|) / 2^(63+l), with 2^l >= |d|, is |x| / |d| rounded down for every |x| <= 2^63: the multiplier
// is too large by e < |d| <= 2^l (0 for a power of two), which adds less than 1 / |d| to the
// quotient.
class ConstantDivisor {
 public:
  explicit ConstantDivisor(std::int64_t divisor)  // not 0
      : size_(divisor < 0 ? 0 - static_cast<std::uint64_t>(divisor)
                          : static_cast<std::uint64_t>(divisor)),
        negative_(divisor < 0),
        shift_(63 + (size_ == 1 ? 0 : static_cast<int>(std::bit_width(size_ - 1)))) {
    __extension__ using Uint128 = unsigned __int128;
    multiplier_ = static_cast<std::uint64_t>(((Uint128{1} << shift_) + size_ - 1) / size_);
  }

  // Truncates towards zero; INT64_MIN / -1 wraps.
  std::int64_t divide(std::int64_t value) const {
    const auto sign = static_cast<std::uint64_t>(value >> 63) ^ (negative_ ? ~std::uint64_t{0} : 0);
    return static_cast<std::int64_t>((quotient(magnitude(value)) ^ sign) - sign);
  }
  // Has the sign of `value`.
  std::int64_t modulo(std::int64_t value) const {
    const auto sign = static_cast<std::uint64_t>(value >> 63);
    const std::uint64_t size = magnitude(value);
    return static_cast<std::int64_t>(((size - quotient(size) * size_) ^ sign) - sign);
  }

 private:
  static std::uint64_t magnitude(std::int64_t value) {
    const auto sign = static_cast<std::uint64_t>(value >> 63);
    return (static_cast<std::uint64_t>(value) ^ sign) - sign;
  }
  std::uint64_t quotient(std::uint64_t size) const {
    __extension__ using Uint128 = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Uint128>(size) * multiplier_) >> shift_);
  }

  std::uint64_t size_;
  bool negative_;
  int shift_;
  std::uint64_t multiplier_ = 0;
};

}  // namespace penstock
