#include "runtime/connectors/print/print_sink.h"

#include <gtest/gtest.h>

#include "runtime/connectors/blackhole/blackhole_sink.h"

namespace penstock {
namespace {

Batch changelog() {
  ColumnBuilder ids(Type::of(TypeKind::kBigint));
  ColumnBuilder names(Type::of(TypeKind::kString));
  for (const std::int64_t id : {1, 2, 3, 4}) ids.append_physical(id);
  for (const std::string_view name : {"a", "b", "c"}) names.append_physical(name);
  names.append_null();
  Batch batch = Batch::of({ids.finish(), names.finish()});
  batch.kinds = std::shared_ptr<const RowKind[]>(new RowKind[4]{
      RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter, RowKind::kDelete});
  return batch;
}

Result<std::unique_ptr<SinkWriter>> print_to(Sink& sink) {
  return sink.open({.log_id = "0", .epoch = {}, .operator_name = "print", .subtask = {}});
}

TEST(PrintSink, ShowsKindsAndValues) {
  EXPECT_EQ(print_row(changelog(), 0), "+I[1, a]");
  EXPECT_EQ(print_row(changelog(), 1), "-U[2, b]");
  EXPECT_EQ(print_row(changelog(), 2), "+U[3, c]");
  EXPECT_EQ(print_row(changelog(), 3), "-D[4, NULL]");
}

TEST(PrintSink, PrintsTheSelectedRowsBehindTheIdentifier) {
  const auto sink =
      make_print_sink(
          {.table = "t", .connector = "print", .options = {{"print-identifier", "out"}}})
          .value();
  const auto writer = print_to(*sink).value();
  Batch batch = changelog();
  batch.selection =
      std::make_shared<const std::vector<std::uint32_t>>(std::vector<std::uint32_t>{1, 3});
  testing::internal::CaptureStdout();
  ASSERT_TRUE(writer->write(batch));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "out> -U[2, b]\nout> -D[4, NULL]\n");
  EXPECT_TRUE(writer->prepare({1}).value().empty());
}

TEST(PrintSink, PrintsToStandardErrorWhenTold) {
  const auto sink =
      make_print_sink({.table = "t", .connector = "print", .options = {{"standard-error", "true"}}})
          .value();
  testing::internal::CaptureStderr();
  ASSERT_TRUE(print_to(*sink).value()->write(changelog().gather(std::vector<std::uint32_t>{0})));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "+I[1, a]\n");
}

TEST(BlackholeSink, TakesEverything) {
  const auto sink = make_blackhole_sink({}).value();
  const auto writer = print_to(*sink).value();
  EXPECT_TRUE(writer->write(changelog()));
  EXPECT_TRUE(writer->prepare({1}).value().empty());
  EXPECT_TRUE(sink->discard("0", {}));
}

}  // namespace
}  // namespace penstock
