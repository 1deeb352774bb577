#include "runtime/columns/batch.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

Batch numbers(std::int64_t from, std::int64_t to) {
  ColumnBuilder builder(Type::of(TypeKind::kBigint));
  for (std::int64_t i = from; i < to; ++i) builder.append_physical(i);
  return Batch::of({builder.finish()});
}

TEST(Batch, DenseAppliesTheSelection) {
  Batch batch = numbers(0, 10);
  batch.selection =
      std::make_shared<const std::vector<std::uint32_t>>(std::vector<std::uint32_t>{1, 4, 9});
  EXPECT_EQ(batch.rows(), 3u);
  const Batch dense = batch.dense();
  EXPECT_EQ(dense.rows(), 3u);
  EXPECT_EQ(dense.columns[0].values<std::int64_t>()[2], 9);
}

TEST(Batch, ConcatFillsMissingRowKindsWithInsert) {
  Batch first = numbers(0, 1);
  Batch second = numbers(1, 2);
  auto kinds = allocate_values<RowKind>(1);
  kinds[0] = RowKind::kDelete;
  second.kinds = kinds;
  const std::vector<Batch> parts = {first, second};
  const Batch both = concat(parts);
  EXPECT_EQ(both.kind_at(0), RowKind::kInsert);
  EXPECT_EQ(both.kind_at(1), RowKind::kDelete);
}

TEST(RowKind, SignsAddUpToTheTable) {
  EXPECT_EQ(sign_of(RowKind::kInsert) + sign_of(RowKind::kUpdateBefore) +
                sign_of(RowKind::kUpdateAfter) + sign_of(RowKind::kDelete),
            0);
}

}  // namespace
}  // namespace penstock
