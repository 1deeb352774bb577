#include "runtime/columns/type.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Type, IsReadBackAsWritten) {
  const Type row = Type::row(
      {{"a b`c", Type::decimal(10, 2).not_null()}, {"t", Type::of(TypeKind::kTimestampLtz)}});
  for (const Type& type : {Type::of(TypeKind::kBoolean), Type::of(TypeKind::kInt).not_null(),
                           Type::of(TypeKind::kString), row, Type::row({{"inner", row}}),
                           Type::row({}), Type::of(TypeKind::kMonthInterval)}) {
    const auto read = parse_type(type.to_string());
    ASSERT_TRUE(read) << type.to_string();
    EXPECT_EQ(*read, type) << type.to_string();
  }
}

TEST(Type, RefusesOtherText) {
  for (const char* text : {"", "VARBINARY", "DECIMAL(39, 0)", "DECIMAL(5, 6)", "ROW<a INT>",
                           "INT NOT", "BIGINT garbage"})
    EXPECT_FALSE(parse_type(text)) << text;
}

TEST(Type, NullabilityIsNoPartOfTheKind) {
  EXPECT_TRUE(Type::of(TypeKind::kInt).same_kind(Type::of(TypeKind::kInt).not_null()));
  EXPECT_FALSE(Type::of(TypeKind::kInt) == Type::of(TypeKind::kInt).not_null());
  EXPECT_FALSE(Type::decimal(5, 2).same_kind(Type::decimal(5, 3)));
}

}  // namespace
}  // namespace penstock
