#include "runtime/columns/column.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

Column texts(std::initializer_list<const char*> values) {
  ColumnBuilder builder(Type::of(TypeKind::kString));
  for (const char* value : values)
    value ? builder.append(Value{std::string(value)}) : builder.append_null();
  return builder.finish();
}

TEST(Column, KeepsValuesAndNulls) {
  const Column column = texts({"a", nullptr, "ccc"});
  EXPECT_EQ(column.rows(), 3u);
  EXPECT_EQ(column.value_at(0), Value{std::string("a")});
  EXPECT_TRUE(column.value_at(1).null());
  EXPECT_EQ(column.values<std::string_view>()[2], "ccc");
}

TEST(Column, GatherKeepsTextAliveAfterItsSourceIsGone) {
  Column picked;
  {
    const Column column = texts({"first", "second", "third"});
    const std::vector<std::uint32_t> rows = {2, 0, 2};
    picked = column.gather(rows);
  }
  EXPECT_EQ(picked.value_at(0), Value{std::string("third")});
  EXPECT_EQ(picked.value_at(1), Value{std::string("first")});
  EXPECT_EQ(picked.value_at(2), Value{std::string("third")});
}

TEST(Column, ConcatJoinsNullMasks) {
  const std::vector<Column> parts = {texts({"a"}), texts({nullptr, "b"})};
  const Column both = concat(parts);
  EXPECT_EQ(both.rows(), 3u);
  EXPECT_FALSE(both.is_null(0));
  EXPECT_TRUE(both.is_null(1));
  EXPECT_EQ(both.value_at(2), Value{std::string("b")});
}

TEST(ColumnBuilder, BuildsRowsWithNullFieldsAndNullRows) {
  ColumnBuilder builder(
      Type::row({{"id", Type::of(TypeKind::kBigint)}, {"name", Type::of(TypeKind::kString)}}));
  builder.append(Value{std::vector<Value>{Value{std::int64_t{1}}, Value{}}});
  builder.append(Value{});
  const Column column = builder.finish();
  EXPECT_EQ(column.rows(), 2u);
  EXPECT_EQ(column.value_at(0), (Value{std::vector<Value>{Value{std::int64_t{1}}, Value{}}}));
  EXPECT_TRUE(column.is_null(1));
}

TEST(ColumnBuilder, IsEmptyAfterFinish) {
  ColumnBuilder builder(Type::of(TypeKind::kDecimal));
  builder.append(Value{Int128{5}});
  EXPECT_EQ(builder.finish().rows(), 1u);
  builder.append_null();
  const Column second = builder.finish();
  EXPECT_EQ(second.rows(), 1u);
  EXPECT_TRUE(second.is_null(0));
}

TEST(Column, RepeatFillsEveryRow) {
  const Column column = Column::repeat(Type::of(TypeKind::kDouble), Value{1.5}, 4);
  for (const double value : column.values<double>()) EXPECT_EQ(value, 1.5);
  EXPECT_TRUE(Column::repeat(Type::of(TypeKind::kInt), Value{}, 2).is_null(1));
}

}  // namespace
}  // namespace penstock
