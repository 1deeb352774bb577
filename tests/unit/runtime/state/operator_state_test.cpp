#include "runtime/state/operator_state.h"

#include <gtest/gtest.h>

#include "tests/unit/runtime/state/state_rows.h"

namespace penstock {
namespace {

const Type kNumber = Type::of(TypeKind::kBigint);

std::vector<StateTableShape> count_shapes() {
  return {{.name = "groups", .key = {kNumber}, .value = {kNumber}}};
}

void write(OperatorState& state, std::uint32_t group, Millis window = 0) {
  KeyedTable& table = state.unit({group})->map(0, window);
  PackedRows keys(table.layout().key);
  const auto columns = columns_of({kNumber}, {{Value{std::int64_t{group}}}});
  pack(keys, columns);
  std::byte* value = table.writable_value(table.upsert(keys, 0, keys.hash(0)).row);
  store<std::int64_t>(value, load<std::int64_t>(value) + 1);
}

std::vector<std::uint32_t> frozen_groups(OperatorState& state, std::uint64_t checkpoint,
                                         std::uint64_t base) {
  std::vector<std::uint32_t> groups;
  for (const FrozenUnit& frozen : state.freeze({checkpoint}, {base}))
    groups.push_back(frozen.group.value);
  return groups;
}

using Groups = std::vector<std::uint32_t>;

TEST(OperatorState, FreezeGivesWhatChangedSinceTheBase) {
  MemoryBudget memory(1 << 20);
  OperatorState state(count_shapes(), 4, memory);
  for (std::uint32_t group = 0; group < 4; ++group) state.create({group});
  write(state, 1);
  EXPECT_EQ(frozen_groups(state, 1, 0), (Groups{0, 1, 2, 3}));
  write(state, 2);
  EXPECT_EQ(frozen_groups(state, 2, 1), (Groups{2}));
  // Checkpoint 2 was not published: its changes come again.
  write(state, 3);
  EXPECT_EQ(frozen_groups(state, 3, 1), (Groups{2, 3}));
  EXPECT_EQ(frozen_groups(state, 4, 3), (Groups{}));
}

std::int64_t count_in(const FrozenUnit& frozen) {
  const KeyedTable* table = frozen.unit->find_map(0);
  return table == nullptr ? 0 : load<std::int64_t>(table->value(0));
}

// However far the freeze has come, by itself or because units were written, its pictures show what
// was there when it began.
TEST(OperatorState, AFreezeShowsWhatWasThereWhenItBegan) {
  constexpr std::uint32_t kGroups = 5;
  for (std::size_t done = 0; done <= kGroups; ++done) {
    SCOPED_TRACE(done);
    MemoryBudget memory(1 << 20);
    OperatorState state(count_shapes(), kGroups, memory);
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      state.create({group});
      if (group > 0) write(state, group);
    }
    state.begin_freeze({1}, {});
    EXPECT_EQ(state.freeze_more(done), done < kGroups);
    for (const std::uint32_t group : {4u, 0u, 2u}) write(state, group);
    write(state, 4);
    state.unit({3})->drop_windows_through(0);
    const auto pictures = state.take_frozen();
    ASSERT_EQ(pictures.size(), kGroups);
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      EXPECT_EQ(pictures[group].group.value, group);
      EXPECT_EQ(count_in(pictures[group]), group > 0 ? 1 : 0);
    }
    // What was written while it went on belongs to the next one.
    EXPECT_EQ(frozen_groups(state, 2, 1), (Groups{0, 2, 3, 4}));
  }
}

TEST(OperatorState, AUnitThatLeavesOrComesDuringAFreezeIsInItOnce) {
  MemoryBudget memory(1 << 20);
  OperatorState before(count_shapes(), 2, memory);
  OperatorState after(count_shapes(), 2, memory);
  before.create({0});
  before.create({1});
  write(before, 0);
  before.begin_freeze({1}, {});
  after.begin_freeze({1}, {});
  after.adopt({0}, before.release({0}));
  write(after, 0);
  const auto left = before.take_frozen();
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(count_in(left[0]), 1);
  EXPECT_TRUE(after.take_frozen().empty());
  EXPECT_EQ(frozen_groups(after, 2, 1), (Groups{0}));
}

TEST(OperatorState, ChangesMoveWithTheUnitIntoAnOwnerThatHasFrozenNothing) {
  MemoryBudget memory(1 << 20);
  OperatorState before(count_shapes(), 2, memory);
  OperatorState after(count_shapes(), 2, memory);
  before.create({0});
  before.create({1});
  write(before, 0);
  EXPECT_EQ(frozen_groups(before, 41, 40), (Groups{0}));
  write(before, 1);
  after.adopt({0}, before.release({0}));
  after.adopt({1}, before.release({1}));
  EXPECT_FALSE(before.owns({0}));
  EXPECT_EQ(frozen_groups(after, 42, 41), (Groups{1}));
}

TEST(OperatorState, ARestoredUnitIsUnchangedUntilWritten) {
  MemoryBudget memory(1 << 20);
  OperatorState state(count_shapes(), 1, memory);
  state.create({0});
  write(state, 0);
  auto decoded = decode_unit(encode_unit(*state.freeze({5}, {})[0].unit), count_shapes(), memory);
  ASSERT_TRUE(decoded);
  OperatorState restored(count_shapes(), 1, memory);
  restored.adopt({0}, std::move(decoded).value());
  EXPECT_EQ(frozen_groups(restored, 6, 5), (Groups{}));
  write(restored, 0);
  EXPECT_EQ(frozen_groups(restored, 7, 5), (Groups{0}));
}

TEST(OperatorState, KnowsItsEarliestWindow) {
  MemoryBudget memory(1 << 20);
  OperatorState state(count_shapes(), 3, memory);
  for (std::uint32_t group = 0; group < 3; ++group) state.create({group});
  EXPECT_EQ(state.earliest_window(), std::nullopt);
  write(state, 0, 3000);
  write(state, 2, 2000);
  EXPECT_EQ(state.earliest_window(), 2000);
  state.unit({2})->drop_windows_through(2000);
  EXPECT_EQ(state.earliest_window(), 3000);
}

}  // namespace
}  // namespace penstock
