#include "runtime/bench/state_bench.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "runtime/expr/evaluate.h"
#include "runtime/graph/key_groups.h"
#include "runtime/state/operator_state.h"

namespace penstock::bench {
namespace {

constexpr std::uint32_t kKeyGroups = 720;

// As GROUP BY a BIGINT with COUNT(*) keeps it: the number of rows, and the count.
std::vector<StateTableShape> count_shapes() {
  const Type number = Type::of(TypeKind::kBigint);
  return {{.name = "groups", .key = {number}, .value = {number, number}}};
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double size = 0, resident = 0;
  file >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// Puts keys [first, first + count) into the tables of `state`, or all into group 0.
void put_keys(OperatorState& state, std::int64_t first, std::size_t count, bool one_group) {
  const UnitLayout& layout = state.unit({0})->layout();
  PackedRows packed(layout.maps[0].key);
  std::vector<std::uint64_t> hashes(kMaxBatchRows);
  for (std::size_t done = 0; done < count; done += kMaxBatchRows) {
    const std::size_t rows = std::min(kMaxBatchRows, count - done);
    const auto values = allocate_values<std::int64_t>(rows);
    for (std::size_t row = 0; row < rows; ++row)
      values[row] = first + static_cast<std::int64_t>(done + row);
    const Column column(Type::of(TypeKind::kBigint), rows, values, nullptr);
    hash_rows({&column}, rows, hashes.data());
    packed.pack({&column}, rows);
    for (std::size_t row = 0; row < rows; ++row) {
      const KeyGroup group = one_group ? KeyGroup{0} : key_group_of(hashes[row], kKeyGroups);
      state.unit(group)->map(0).upsert(packed, row, packed.hash(row));
    }
  }
}

Measurements bytes_per_key(std::size_t keys) {
  MemoryBudget budget(std::int64_t{4} << 30);
  OperatorState state(count_shapes(), kKeyGroups, budget);
  for (std::uint32_t group = 0; group < kKeyGroups; ++group) state.create({group});
  const double before = resident_bytes();
  put_keys(state, 0, keys, false);
  const auto count = static_cast<double>(keys);
  const std::string name = short_number(count) + " keys in 720 groups: ";
  return {{.name = name + "bytes per (BIGINT, COUNT)",
           .value = static_cast<double>(budget.used()) / count,
           .unit = "bytes",
           .target = Target{60, false},
           .note = "as counted in the state memory budget"},
          {.name = name + "resident bytes",
           .value = (resident_bytes() - before) / count,
           .unit = "bytes",
           .note = "growth of the process by the kernel's account"}};
}

// One key group with `keys` keys, and an owner to give it to.
struct HandOver {
  explicit HandOver(std::size_t keys) {
    from.create({0});
    put_keys(from, 0, keys, true);
  }
  // Nanoseconds for one way of the group from one owner to the other and back.
  double nanos(Clock& clock) {
    constexpr int kTimes = 50;
    const Duration began = clock.monotonic();
    for (int i = 0; i < kTimes; ++i) {
      to.adopt({0}, from.release({0}));
      from.adopt({0}, to.release({0}));
    }
    return static_cast<double>((clock.monotonic() - began).count()) / (2 * kTimes);
  }

  MemoryBudget budget{std::int64_t{4} << 30};
  OperatorState from{count_shapes(), kKeyGroups, budget};
  OperatorState to{count_shapes(), kKeyGroups, budget};
};

// In turn, so that both see the same machine; cold neighbours would measure the cache, so the
// median of many.
Measurements hand_over(Clock& clock) {
  constexpr int kRounds = 2000;
  HandOver small(1), large(1'000'000);
  std::vector<double> small_nanos, large_nanos;
  for (int round = 0; round < kRounds; ++round) {
    small_nanos.push_back(small.nanos(clock));
    large_nanos.push_back(large.nanos(clock));
  }
  const double one = median(small_nanos), million = median(large_nanos);
  return {{.name = "hand-over of a group with 1 key", .value = one, .unit = "ns"},
          {.name = "hand-over of a group with 1 M keys", .value = million, .unit = "ns"},
          {.name = "1 M keys against 1 key",
           .value = million / one,
           .unit = "times",
           .target = Target{1.5, false},
           .note = "flat: a pointer changes hands; 1.5 leaves room for the clock"}};
}

}  // namespace

Result<Measurements> bench_state(Clock& clock, std::ostream& progress) {
  Measurements all;
  for (const std::size_t keys :
       {std::size_t{100'000}, std::size_t{1'000'000}, std::size_t{10'000'000}}) {
    progress << "state of " << short_number(static_cast<double>(keys)) << " keys" << std::endl;
    for (Measurement& one : bytes_per_key(keys)) all.push_back(std::move(one));
  }
  progress << "hand-over" << std::endl;
  for (Measurement& one : hand_over(clock)) all.push_back(std::move(one));
  return all;
}

}  // namespace penstock::bench
