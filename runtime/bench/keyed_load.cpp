#include "runtime/bench/keyed_load.h"

#include <algorithm>
#include <string>

#include "runtime/base/random.h"
#include "runtime/connectors/split_position.h"
#include "runtime/expr/evaluate.h"
#include "runtime/graph/key_groups.h"

namespace penstock::bench {
namespace {

constexpr Millis kLinger = 5;  // wait for this many more rows, as other sources do
constexpr std::uint64_t kNanos = 1'000'000'000;

class LoadReader final : public SplitReader {
 public:
  LoadReader(const KeyedLoad& load, Clock& clock, std::uint64_t index, GeneratorPosition position)
      : load_(load), clock_(clock), index_(index), position_(position), random_(index) {}

  Result<ReadResult> read(std::size_t max_rows) override {
    const std::uint64_t own = own_keys();
    if (position_.next >= own && position_.base == 0)
      position_.base = clock_.monotonic() / std::chrono::milliseconds(1);
    const std::uint64_t limit = position_.next < own ? own : own + due_rows();
    const std::uint64_t rows =
        std::min<std::uint64_t>(max_rows, limit - std::min(limit, position_.next));
    ReadResult result;
    if (rows > 0) result.batch = make(rows);
    if (position_.next < own || rows == max_rows) return result;
    result.state = ReadResult::State::kIdle;
    result.again_at = clock_.now() + kLinger;
    return result;
  }

  std::string position() const override { return write_position(position_); }
  std::optional<std::uint64_t> rows_behind() const override {
    if (position_.base == 0) return std::nullopt;
    const std::uint64_t limit = own_keys() + due_rows();
    return limit - std::min(limit, position_.next);
  }

 private:
  std::uint64_t own_keys() const {
    return load_.keys / load_.splits + (index_ < load_.keys % load_.splits ? 1 : 0);
  }
  std::uint64_t nanos_per_row() const { return kNanos * load_.splits / load_.rows_per_second; }
  std::uint64_t due_rows() const {
    const Duration passed = clock_.monotonic() - std::chrono::milliseconds(position_.base);
    return static_cast<std::uint64_t>(std::max<Duration>(passed, Duration(0)).count()) /
           nanos_per_row();
  }

  std::uint64_t changing_key() {
    if (load_.changing == nullptr) return random_.below(load_.keys);
    return static_cast<std::uint64_t>((*load_.changing)[random_.below(load_.changing->size())]);
  }

  Batch make(std::uint64_t rows) {
    const auto keys = allocate_values<std::int64_t>(rows);
    const auto due = allocate_values<std::int64_t>(rows);
    const std::uint64_t own = own_keys();
    for (std::uint64_t row = 0; row < rows; ++row, ++position_.next) {
      const bool filling = position_.next < own;
      keys[row] = static_cast<std::int64_t>(filling ? index_ + position_.next * load_.splits
                                                    : changing_key());
      due[row] = filling ? 0
                         : position_.base * 1'000'000 +
                               static_cast<std::int64_t>((position_.next - own) * nanos_per_row());
    }
    const Type number = Type::of(TypeKind::kBigint);
    return Batch::of({Column(number, rows, keys, nullptr), Column(number, rows, due, nullptr)});
  }

  const KeyedLoad load_;
  Clock& clock_;
  const std::uint64_t index_;
  GeneratorPosition position_;  // base: when the pace began, monotonic; 0: still filling
  Random random_;
};

class LoadSource final : public Source {
 public:
  LoadSource(const KeyedLoad& load, Clock& clock) : load_(load), clock_(clock) {}
  bool bounded() const override { return false; }
  Result<std::vector<Split>> discover() override {
    std::vector<Split> splits;
    for (std::uint64_t i = 0; i < load_.splits; ++i)
      splits.push_back({.id = generator_split_id(i, load_.splits)});
    return splits;
  }
  Result<std::unique_ptr<SplitReader>> open(const Split& split) override {
    const auto index = parse_generator_split(split.id, load_.splits);
    const auto position =
        split.position.empty() ? GeneratorPosition{} : parse_position(split.position);
    if (!index || !position)
      return Error{Code::kCorrupt, "not a split of this load: " + split.id + " " + split.position};
    return std::unique_ptr<SplitReader>(
        std::make_unique<LoadReader>(load_, clock_, *index, *position));
  }

 private:
  const KeyedLoad load_;
  Clock& clock_;
};

}  // namespace

std::vector<std::int64_t> keys_of_groups(std::uint64_t keys, std::uint32_t key_groups,
                                         double share) {
  constexpr std::uint64_t kAtOnce = 8192;
  const double most = share * key_groups;
  std::vector<std::int64_t> found;
  std::vector<std::uint64_t> hashes(kAtOnce);
  for (std::uint64_t first = 0; first < keys; first += kAtOnce) {
    const std::uint64_t rows = std::min(kAtOnce, keys - first);
    const auto values = allocate_values<std::int64_t>(rows);
    for (std::uint64_t row = 0; row < rows; ++row)
      values[row] = static_cast<std::int64_t>(first + row);
    const Column column(Type::of(TypeKind::kBigint), rows, values, nullptr);
    hash_rows({&column}, rows, hashes.data());
    for (std::uint64_t row = 0; row < rows; ++row)
      if (key_group_of(hashes[row], key_groups).value < most) found.push_back(values[row]);
  }
  return found;
}

std::unique_ptr<Source> make_keyed_load(const KeyedLoad& load, Clock& clock) {
  return std::make_unique<LoadSource>(load, clock);
}

}  // namespace penstock::bench
