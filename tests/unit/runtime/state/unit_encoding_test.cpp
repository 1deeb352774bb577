#include "runtime/state/unit_encoding.h"

#include <gtest/gtest.h>

#include "runtime/base/random.h"
#include "tests/unit/runtime/state/state_rows.h"

namespace penstock {
namespace {

std::vector<StateTableShape> all_types() {
  const Type text = Type::of(TypeKind::kString);
  return {{.name = "groups",
           .key = {Type::of(TypeKind::kBigint), text},
           .value = {Type::of(TypeKind::kBoolean), Type::of(TypeKind::kInt),
                     Type::of(TypeKind::kDouble), Type::decimal(38, 3),
                     Type::of(TypeKind::kTimestamp)}},
          {.name = "left",
           .key = {text},
           .value = {Type::row({{"a", text}, {"b", Type::of(TypeKind::kDate)}})},
           .bag = true}};
}

std::unique_ptr<StateUnit> example(MemoryBudget& memory, int rows) {
  auto unit = std::make_unique<StateUnit>(UnitLayout::of(all_types()), memory);
  for (int i = 0; i < rows; ++i) {
    const auto& shapes = unit->layout().shapes;
    const Value text = i % 5 == 0 ? Value{} : Value{"text " + std::to_string(i)};
    const auto key = columns_of(shapes[0].key, {{Value{std::int64_t{i}}, text}});
    const auto value = columns_of(
        shapes[0].value, {{i % 3 == 0 ? Value{} : Value{i % 2 == 0}, Value{std::int32_t{-i}},
                           Value{i / 8.0}, Value{Int128{i} << 70}, Value{}}});
    KeyedTable& table = unit->map(0, 1000 * (i % 4));
    PackedRows keys(table.layout().key), values(table.layout().value);
    pack(keys, key);
    pack(values, value);
    put_packed(table.writable_value(table.upsert(keys, 0, keys.hash(0)).row), table.texts(), values,
               0);

    const Value row =
        i % 4 == 0 ? Value{} : Value{std::vector<Value>{text, Value{std::int32_t{i}}}};
    const auto bag_key = columns_of(shapes[1].key, {{Value{std::to_string(i % 3)}}});
    const auto bag_value = columns_of(shapes[1].value, {{row}});
    BagTable& bag = unit->bag(1, 5);
    PackedRows bag_keys(bag.layout().keys.key), bag_values(bag.layout().rows.key);
    pack(bag_keys, bag_key);
    pack(bag_values, bag_value);
    bag.append(bag_keys, 0, bag_keys.hash(0), bag_values, 0);
  }
  unit->set_progress(4321);
  return unit;
}

TEST(UnitEncoding, RoundTripKeepsRowsOrderAndProgress) {
  MemoryBudget memory(1 << 30);
  const auto unit = example(memory, 5000);
  const std::string bytes = encode_unit(*unit);
  auto decoded = decode_unit(bytes, all_types(), memory);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ((*decoded)->progress(), 4321);
  EXPECT_EQ(contents_of(**decoded), contents_of(*unit));
  EXPECT_TRUE(encode_unit(**decoded) == bytes);
}

TEST(UnitEncoding, AnEmptyUnitRoundTrips) {
  MemoryBudget memory(1 << 20);
  StateUnit unit(UnitLayout::of(all_types()), memory);
  auto decoded = decode_unit(encode_unit(unit), all_types(), memory);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE((*decoded)->empty());
}

TEST(UnitEncoding, RowsCarryNamesAndWindows) {
  MemoryBudget memory(1 << 20);
  auto rows = read_unit(encode_unit(*example(memory, 3)));
  ASSERT_TRUE(rows);
  const TableRows& groups = rows->tables[0];
  EXPECT_EQ(groups.column_names(),
            (std::vector<std::string>{"window", "key-0", "key-1", "value-0", "value-1", "value-2",
                                      "value-3", "value-4"}));
  ASSERT_EQ(groups.batches().size(), 1u);
  EXPECT_EQ(groups.batches()[0].columns[0].values<std::int64_t>()[2], 2000);
}

TEST(UnitEncoding, AnotherShapeIsRefusedByName) {
  struct Case {
    const char* name;
    void (*change)(std::vector<StateTableShape>&);
    const char* message;
  };
  const Case cases[] = {
      {"key", [](auto& s) { s[0].key[0] = Type::of(TypeKind::kInt); },
       "saved state does not fit: key of groups was (BIGINT, STRING), is (INT, STRING)"},
      {"value", [](auto& s) { s[0].value.pop_back(); },
       "saved state does not fit: value of groups was (BOOLEAN, INT, DOUBLE, DECIMAL(38, 3), "
       "TIMESTAMP(3)), is (BOOLEAN, INT, DOUBLE, DECIMAL(38, 3))"},
      {"gone", [](auto& s) { s.pop_back(); }, "saved state does not fit: table left is gone"},
  };
  MemoryBudget memory(1 << 20);
  const std::string bytes = encode_unit(*example(memory, 3));
  for (const Case& c : cases) {
    std::vector<StateTableShape> shapes = all_types();
    c.change(shapes);
    auto decoded = decode_unit(bytes, shapes, memory);
    ASSERT_FALSE(decoded) << c.name;
    EXPECT_EQ(decoded.error(), (Error{Code::kInvalid, c.message}));
  }
  std::vector<StateTableShape> more = all_types();
  more.push_back({.name = "new", .key = {}, .value = {Type::of(TypeKind::kBigint)}});
  EXPECT_TRUE(decode_unit(bytes, more, memory));
}

TEST(UnitEncoding, DamagedBytesAreNeverMoreThanAnError) {
  constexpr std::uint64_t kSeed = 20241122;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  MemoryBudget memory(1 << 30);
  const std::string bytes = encode_unit(*example(memory, 60));
  for (int i = 0; i < 3000; ++i) {
    std::string damaged =
        bytes.substr(0, random.below(4) == 0 ? random.below(bytes.size()) : bytes.size());
    for (std::uint64_t flips = 1 + random.below(4); flips > 0 && !damaged.empty(); --flips)
      damaged[random.below(damaged.size())] = static_cast<char>(random.next());
    if (damaged == bytes) continue;
    const std::vector<char> exact(damaged.begin(), damaged.end());
    auto decoded = decode_unit({exact.data(), exact.size()}, all_types(), memory);
    ASSERT_FALSE(decoded);
    ASSERT_EQ(decoded.error().code, Code::kCorrupt);
  }
}

TEST(UnitEncoding, DamageUnderAValidChecksumDoesNotCrash) {
  constexpr std::uint64_t kSeed = 4711;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  MemoryBudget memory(1 << 30);
  auto payload = open_block(encode_unit(*example(memory, 20)));
  ASSERT_TRUE(payload);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string damaged =
        payload->substr(0, random.below(8) == 0 ? random.below(payload->size()) : payload->size());
    for (std::uint64_t flips = 1 + random.below(6); flips > 0 && !damaged.empty(); --flips)
      damaged[random.below(damaged.size())] =
          static_cast<char>(random.below(2) == 0 ? random.next() : 0xff);
    const std::vector<char> exact(damaged.begin(), damaged.end());
    if (!parse_payload({exact.data(), exact.size()})) ++refused;
    static_cast<void>(decode_unit(seal_block(damaged), all_types(), memory));
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace penstock
