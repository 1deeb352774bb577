#pragma once

#include <cstdint>
#include <memory>

#include "runtime/base/clock.h"
#include "runtime/exec/source.h"

namespace penstock::bench {

// An endless table (k BIGINT, due BIGINT). First every key of [0, keys) once, as fast as it goes,
// with due 0; then random keys at `rows_per_second`, each row with the time (monotonic nanoseconds)
// at which it was due: what falls behind stays due, so that a time measured from there hides no
// waiting.
struct KeyedLoad {
  std::uint64_t keys = 1'000'000;
  std::uint64_t rows_per_second = 1'000'000;
  std::uint64_t splits = 8;
};
std::unique_ptr<Source> make_keyed_load(const KeyedLoad& load, Clock& clock);

}  // namespace penstock::bench
