#include "runtime/formats/json_encoder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "format_cases.h"

namespace penstock {
namespace {

Batch two_rows(std::vector<RowKind> kinds = {}) {
  Batch batch = Batch::of({Column::repeat(Type::of(TypeKind::kInt), {.is = 1}, 2),
                           Column::repeat(Type::of(TypeKind::kString), {}, 2)});
  if (kinds.empty()) return batch;
  auto shared = allocate_values<RowKind>(2);
  std::ranges::copy(kinds, shared.get());
  batch.kinds = std::move(shared);
  return batch;
}

std::string encoded(std::string_view format, const Schema& schema, const Batch& batch,
                    const FormatOptions& options = {}) {
  auto encoder = make_encoder(format, options, schema);
  if (!encoder) return "error: " + encoder.error().message;
  std::string out;
  const Status status = (*encoder)->encode(batch, out);
  return status ? out : "error: " + status.error().message;
}

const Schema kTwo = schema_of("a INT; b STRING");

TEST(JsonEncoder, WritesOneObjectPerRowAndNullAsNull) {
  EXPECT_EQ(encoded("json", kTwo, two_rows()), "{\"a\":1,\"b\":null}\n{\"a\":1,\"b\":null}\n");
}

TEST(JsonEncoder, HonoursTheSelection) {
  Batch batch = two_rows();
  batch.selection =
      std::make_shared<const std::vector<std::uint32_t>>(std::vector<std::uint32_t>{1});
  EXPECT_EQ(encoded("json", kTwo, batch), "{\"a\":1,\"b\":null}\n");
}

TEST(JsonEncoder, RefusesUpdates) {
  EXPECT_EQ(encoded("json", kTwo, two_rows({RowKind::kInsert, RowKind::kDelete})),
            "error: format json writes inserts only, and this query updates its results; use "
            "debezium-json");
}

TEST(JsonEncoder, DebeziumTellsCreatesAndDeletes) {
  EXPECT_EQ(
      encoded("debezium-json", kTwo, two_rows({RowKind::kUpdateBefore, RowKind::kUpdateAfter})),
      "{\"before\":{\"a\":1,\"b\":null},\"after\":null,\"op\":\"d\"}\n"
      "{\"before\":null,\"after\":{\"a\":1,\"b\":null},\"op\":\"c\"}\n");
  EXPECT_EQ(encoded("debezium-json", kTwo, two_rows({RowKind::kDelete, RowKind::kInsert})),
            "{\"before\":{\"a\":1,\"b\":null},\"after\":null,\"op\":\"d\"}\n"
            "{\"before\":null,\"after\":{\"a\":1,\"b\":null},\"op\":\"c\"}\n");
}

struct ValueCase {
  std::string name;
  std::string type;
  Value value;
  std::string expect;
  FormatOptions options{};
};

class JsonValues : public testing::TestWithParam<ValueCase> {};

TEST_P(JsonValues, AreWrittenAsFlinkDoes) {
  const ValueCase& row = GetParam();
  const Schema schema{{{.name = "v", .type = parse_type(row.type).value()}}};
  const Batch batch = Batch::of({Column::repeat(schema.fields[0].type, row.value, 1)});
  EXPECT_EQ(encoded("json", schema, batch, row.options), "{\"v\":" + row.expect + "}\n");
}

const FormatOptions kIso = {{"json.timestamp-format.standard", "ISO-8601"}};

INSTANTIATE_TEST_SUITE_P(
    Table, JsonValues,
    testing::Values(
        ValueCase{"Boolean", "BOOLEAN", {.is = true}, "true"},
        ValueCase{"Negative", "BIGINT", {.is = INT64_MIN}, "-9223372036854775808"},
        ValueCase{"Double", "DOUBLE", {.is = 12.5}, "12.5"},
        ValueCase{"WholeDouble", "DOUBLE", {.is = 3.0}, "3.0"},
        ValueCase{"LargeDouble", "DOUBLE", {.is = 1e10}, "1.0E10"},
        ValueCase{"SmallDouble", "DOUBLE", {.is = 1.5e-5}, "1.5E-5"},
        ValueCase{"NaN", "DOUBLE", {.is = std::nan("")}, "\"NaN\""},
        ValueCase{"Tenth", "DOUBLE", {.is = 0.1}, "0.1"},
        ValueCase{"Decimal", "DECIMAL(10, 2)", {.is = Int128{-5}}, "-0.05"},
        ValueCase{"Date", "DATE", {.is = 0}, "\"1970-01-01\""},
        ValueCase{
            "Timestamp", "TIMESTAMP(3)", {.is = std::int64_t{1000}}, "\"1970-01-01 00:00:01\""},
        ValueCase{
            "Fraction", "TIMESTAMP(3)", {.is = std::int64_t{-1}}, "\"1969-12-31 23:59:59.999\""},
        ValueCase{"Zoned", "TIMESTAMP_LTZ(3)", {.is = std::int64_t{0}}, "\"1970-01-01 00:00:00Z\""},
        ValueCase{"Iso", "TIMESTAMP(3)", {.is = std::int64_t{0}}, "\"1970-01-01T00:00:00\"", kIso},
        ValueCase{
            "Text", "STRING", {.is = std::string("a\"\\\n\x01é")}, "\"a\\\"\\\\\\n\\u0001é\""},
        ValueCase{"Row",
                  "ROW<`x` INT, `y` STRING>",
                  {.is = std::vector<Value>{{.is = 1}, {}}},
                  "{\"x\":1,\"y\":null}"},
        ValueCase{"NullRow", "ROW<`x` INT>", {}, "null"}),
    [](const auto& row) { return row.param.name; });

TEST(Formats, UnknownOnesAreNamed) {
  EXPECT_EQ(make_decoder("avro", {}, kTwo, {}).error().message,
            "unknown format 'avro'; known are csv, debezium-json, json");
  EXPECT_EQ(make_encoder("avro", {}, kTwo).error().message,
            "unknown format 'avro'; known are csv, debezium-json, json");
  EXPECT_TRUE(
      make_decoder("debezium-json", {}, kTwo, {}).error().message.starts_with("NotImplemented: "));
}

}  // namespace
}  // namespace penstock
