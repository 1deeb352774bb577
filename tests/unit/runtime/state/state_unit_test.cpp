#include "runtime/state/state_unit.h"

#include <gtest/gtest.h>

#include <map>

#include "runtime/base/random.h"
#include "tests/unit/runtime/state/state_rows.h"

namespace penstock {
namespace {

std::vector<StateTableShape> test_shapes() {
  const Type text = Type::of(TypeKind::kString);
  const Type number = Type::of(TypeKind::kBigint);
  const Type pair = Type::row({{"a", Type::of(TypeKind::kInt)}, {"b", text}});
  return {
      {.name = "groups", .key = {number, text}, .value = {number, text}},
      {.name = "small", .key = {Type::of(TypeKind::kInt)}, .value = {Type::of(TypeKind::kBoolean)}},
      {.name = "side", .key = {text}, .value = {pair, Type::decimal(20, 2)}, .bag = true}};
}

// A unit and, beside it, what it should hold.
class ModelledUnit {
 public:
  ModelledUnit(std::uint64_t seed, MemoryBudget& memory)
      : random_(seed),
        layout_(UnitLayout::of(test_shapes())),
        unit_(std::make_unique<StateUnit>(layout_, memory)) {}

  void step() {
    const Millis window = static_cast<Millis>(random_.below(3)) * 1000;
    const std::uint64_t what = random_.below(1000);
    if (what == 0) return drop(window);
    if (what == 1) return unit_->tidy();
    if (what < 30) return static_cast<void>(unit_->freeze());  // a picture that is gone at once
    if (what < 400) return put(window);
    if (what < 600) return erase(window);
    if (what < 850) return append(window);
    remove(window);
  }
  const Contents& model() const { return model_; }
  StateUnit& unit() { return *unit_; }

 private:
  Value number(std::uint64_t bound) {
    if (random_.below(10) == 0) return {};
    return Value{static_cast<std::int64_t>(random_.below(bound))};
  }
  Value text(std::uint64_t bound) {
    if (random_.below(10) == 0) return {};
    const std::uint64_t drawn = random_.below(bound);
    return Value{std::string(drawn % 40, 'x') + std::to_string(drawn)};
  }
  std::vector<Value> key() { return {number(40), text(40)}; }
  std::string entry(const char* table, Millis window, const std::vector<Value>& key_values,
                    const std::vector<Value>& values) {
    return std::string(table) + ":" + std::to_string(window) + "|" + text_of(key_values) +
           text_of(values);
  }

  void put(Millis window) {
    const std::vector<Value> k = key();
    const std::vector<Value> v = {number(1000), text(1000)};
    KeyedTable& table = unit_->map(0, window);
    PackedRows keys(table.layout().key), values(table.layout().value);
    const auto key_columns = columns_of(layout_->shapes[0].key, {k});
    const auto value_columns = columns_of(layout_->shapes[0].value, {v});
    pack(keys, key_columns);
    pack(values, value_columns);
    const auto place = table.upsert(keys, 0, keys.hash(0));
    std::vector<Value>& old = maps_[{window, text_of(k)}];
    EXPECT_EQ(place.inserted, old.empty());
    if (!old.empty()) {
      model_.erase(entry("groups", window, k, old));
      drop_texts(table.value(place.row), table.texts(), table.layout().value);
    }
    put_packed(table.writable_value(place.row), table.texts(), values, 0);
    old = v;
    model_[entry("groups", window, k, v)] = 1;
  }
  void erase(Millis window) {
    const std::vector<Value> k = key();
    KeyedTable& table = unit_->map(0, window);
    PackedRows keys(table.layout().key);
    const auto key_columns = columns_of(layout_->shapes[0].key, {k});
    pack(keys, key_columns);
    const std::uint32_t row = table.find(keys, 0, keys.hash(0));
    const auto old = maps_.find({window, text_of(k)});
    ASSERT_EQ(row != KeyedTable::kNone, old != maps_.end());
    if (old == maps_.end()) return;
    model_.erase(entry("groups", window, k, old->second));
    maps_.erase(old);
    table.erase(row);
  }
  void append(Millis window) {
    with_bag_row(window, [&](BagTable& bag, auto& keys, auto& values, const std::string& e) {
      bag.append(keys, 0, keys.hash(0), values, 0);
      ++model_[e];
    });
  }
  void remove(Millis window) {
    with_bag_row(window, [&](BagTable& bag, auto& keys, auto& values, const std::string& e) {
      const auto found = model_.find(e);
      EXPECT_EQ(bag.remove(keys, 0, keys.hash(0), values, 0), found != model_.end());
      if (found != model_.end() && --found->second == 0) model_.erase(found);
    });
  }
  template <typename Use>
  void with_bag_row(Millis window, Use&& use) {
    const std::vector<Value> k = {text(8)};
    std::vector<Value> v(2);
    if (random_.below(8) != 0)
      v[0] = Value{std::vector<Value>{Value{static_cast<std::int32_t>(random_.below(3))}, text(3)}};
    v[1] = Value{static_cast<Int128>(random_.below(2))};
    BagTable& bag = unit_->bag(2, window);
    PackedRows keys(bag.layout().keys.key), values(bag.layout().rows.key);
    const auto key_columns = columns_of(layout_->shapes[2].key, {k});
    const auto value_columns = columns_of(layout_->shapes[2].value, {v});
    pack(keys, key_columns);
    pack(values, value_columns);
    use(bag, keys, values, entry("side", window, k, v));
  }
  void drop(Millis window) {
    unit_->drop_windows_through(window);
    std::erase_if(maps_, [&](const auto& e) { return e.first.first <= window; });
    std::erase_if(model_, [&](const auto& e) {
      const std::size_t colon = e.first.find(':');
      return std::stoll(e.first.substr(colon + 1)) <= window;
    });
  }

  Random random_;
  std::shared_ptr<const UnitLayout> layout_;
  std::unique_ptr<StateUnit> unit_;
  std::map<std::pair<Millis, std::string>, std::vector<Value>> maps_;
  Contents model_;
};

TEST(StateUnit, BehavesAsAMapUnderRandomOperations) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MemoryBudget memory(1 << 30);
    ModelledUnit modelled(seed, memory);
    for (int i = 0; i < 12000; ++i) {
      modelled.step();
      if (i % 1000 == 0) {
        ASSERT_EQ(contents_of(modelled.unit()), modelled.model());
      }
    }
    EXPECT_EQ(contents_of(modelled.unit()), modelled.model());
  }
}

TEST(StateUnit, APictureNeverChangesUnderLaterWrites) {
  MemoryBudget memory(1 << 30);
  {
    ModelledUnit modelled(7, memory);
    struct Picture {
      std::shared_ptr<const StateUnit> unit;
      Contents contents;
    };
    std::vector<Picture> pictures;
    for (int round = 0; round < 12; ++round) {
      for (int i = 0; i < 700; ++i) modelled.step();
      pictures.push_back({modelled.unit().freeze(), modelled.model()});
      for (const Picture& picture : pictures)
        ASSERT_EQ(contents_of(*picture.unit), picture.contents);
    }
  }
  EXPECT_EQ(memory.used(), 0);
}

TEST(StateUnit, WritesCopyOnlyTheSegmentsTheyTouch) {
  MemoryBudget memory(1 << 30);
  const auto layout = UnitLayout::of({{.name = "groups",
                                       .key = {Type::of(TypeKind::kBigint)},
                                       .value = {Type::of(TypeKind::kBigint)}}});
  StateUnit unit(layout, memory);
  KeyedTable& table = unit.map(0);
  std::vector<std::vector<Value>> rows;
  for (std::int64_t i = 0; i < 100'000; ++i) rows.push_back({Value{i}});
  const auto columns = columns_of(layout->shapes[0].key, rows);
  PackedRows keys(table.layout().key);
  pack(keys, columns);
  for (std::size_t i = 0; i < keys.rows(); ++i) table.upsert(keys, i, keys.hash(i));
  const std::int64_t before = memory.used();
  const auto picture = unit.freeze();
  EXPECT_EQ(memory.used(), before);
  store<std::int64_t>(unit.map(0).writable_value(5), 1);
  store<std::int64_t>(unit.map(0).writable_value(6), 1);
  EXPECT_GT(memory.used(), before);
  EXPECT_LE(memory.used(), before + 8 * 1024);
}

TEST(StateUnit, AnEntryOfBigintAndCountCostsLittle) {
  // The value of a COUNT(*) group: its number of rows and the count.
  const Type number = Type::of(TypeKind::kBigint);
  const auto layout =
      UnitLayout::of({{.name = "groups", .key = {number}, .value = {number, number}}});
  constexpr std::size_t kGroups = 720;
  constexpr std::int64_t kKeys = 1'000'000;
  MemoryBudget memory(std::int64_t{1} << 32);
  std::vector<std::unique_ptr<StateUnit>> units;
  std::uint64_t bytes = 0;
  PackedRows keys(layout->maps[0].key);
  for (std::size_t group = 0; group < kGroups; ++group) {
    ColumnBuilder builder(number);
    for (std::int64_t key = static_cast<std::int64_t>(group); key < kKeys; key += kGroups)
      builder.append_physical(key);
    const std::vector<Column> columns = {builder.finish()};
    pack(keys, columns);
    units.push_back(std::make_unique<StateUnit>(layout, memory));
    for (std::size_t i = 0; i < keys.rows(); ++i)
      units.back()->map(0).upsert(keys, i, keys.hash(i));
    bytes += units.back()->bytes();
  }
  RecordProperty("bytes_per_entry_times_100", static_cast<int>(bytes * 100 / kKeys));
  EXPECT_LE(bytes, 40u * kKeys);
  EXPECT_LE(memory.used(), 40 * kKeys);
}

TEST(StateUnit, AFewKeysCostFewBytes) {
  const Type number = Type::of(TypeKind::kBigint);
  const auto layout =
      UnitLayout::of({{.name = "groups", .key = {number}, .value = {number, number}}});
  MemoryBudget memory(1 << 20);
  StateUnit unit(layout, memory);
  const auto columns = columns_of(
      {number}, {{Value{std::int64_t{1}}}, {Value{std::int64_t{2}}}, {Value{std::int64_t{3}}}});
  PackedRows keys(layout->maps[0].key);
  pack(keys, columns);
  for (std::size_t i = 0; i < 3; ++i) unit.map(0).upsert(keys, i, keys.hash(i));
  EXPECT_LE(unit.bytes(), 700u);
}

TEST(StateUnit, TheTableOfAWindowThatIsOverServesTheNextOne) {
  MemoryBudget memory(1 << 30);
  const Type number = Type::of(TypeKind::kBigint);
  const auto layout = UnitLayout::of({{.name = "groups", .key = {number}, .value = {number}}});
  StateUnit unit(layout, memory);
  PackedRows keys(layout->maps[0].key);
  const auto columns = columns_of(layout->shapes[0].key, {{Value{std::int64_t{7}}}});
  pack(keys, columns);
  const KeyedTable* first = &unit.map(0, 0);
  unit.map(0, 0).upsert(keys, 0, keys.hash(0));
  const std::int64_t used = memory.used();
  std::shared_ptr<const StateUnit> picture = unit.freeze();
  const Contents before = contents_of(*picture);
  for (Millis window = 1; window <= 5; ++window) {
    unit.drop_windows_through(window - 1);
    EXPECT_TRUE(unit.empty());
    KeyedTable& table = unit.map(0, window);
    EXPECT_EQ(&table, first);
    EXPECT_EQ(table.find(keys, 0, keys.hash(0)), KeyedTable::kNone);
    table.upsert(keys, 0, keys.hash(0));
    EXPECT_EQ(contents_of(*picture), before);
  }
  picture.reset();
  EXPECT_EQ(memory.used(), used);
}

TEST(StateUnit, TidyReclaimsTextsThatAreGone) {
  const Type text = Type::of(TypeKind::kString);
  const auto layout = UnitLayout::of({{.name = "groups", .key = {text}, .value = {text}}});
  MemoryBudget memory(1 << 30);
  StateUnit unit(layout, memory);
  PackedRows keys(layout->maps[0].key);
  for (int round = 0; round < 2000; ++round) {
    const auto columns =
        columns_of({text}, {{Value{std::string(1000, 'a') + std::to_string(round)}}});
    pack(keys, columns);
    const auto place = unit.map(0).upsert(keys, 0, keys.hash(0));
    unit.map(0).erase(place.row);
    unit.tidy();
  }
  EXPECT_LE(memory.used(), 600'000);
}

TEST(StateUnit, TextsLargerThanASegmentAreKept) {
  const Type text = Type::of(TypeKind::kString);
  const auto layout = UnitLayout::of({{.name = "groups", .key = {text}, .value = {}}});
  MemoryBudget memory(1 << 30);
  StateUnit unit(layout, memory);
  std::vector<std::vector<Value>> rows;
  for (const std::size_t size : {std::size_t{10}, std::size_t{262144}, std::size_t{700'000},
                                 std::size_t{3}, std::size_t{262143}, std::size_t{1}})
    rows.push_back({Value{std::string(size, static_cast<char>('a' + size % 20))}});
  const auto columns = columns_of({text}, rows);
  PackedRows keys(layout->maps[0].key);
  pack(keys, columns);
  for (std::size_t i = 0; i < rows.size(); ++i) unit.map(0).upsert(keys, i, keys.hash(i));
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(unit.map(0).find(keys, i, keys.hash(i)), i);
  EXPECT_EQ(contents_of(unit).size(), rows.size());
}

}  // namespace
}  // namespace penstock
