#pragma once

#include <cstdint>
#include <memory>
#include <vector>

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
  // Behind the first round only these keys come, at random; nullptr: all.
  const std::vector<std::int64_t>* changing = nullptr;  // outlives the source
};
// The keys of [0, keys) that lie in the first `share` of `key_groups` groups.
std::vector<std::int64_t> keys_of_groups(std::uint64_t keys, std::uint32_t key_groups,
                                         double share);
std::unique_ptr<Source> make_keyed_load(const KeyedLoad& load, Clock& clock);

}  // namespace penstock::bench
