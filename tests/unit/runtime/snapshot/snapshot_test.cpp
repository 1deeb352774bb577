#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/checkpoint/log.h"
#include "runtime/snapshot/json_rows.h"
#include "runtime/snapshot/snapshot_command.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/runtime/state/state_rows.h"

namespace penstock {
namespace {

using testing::HasSubstr;

// A unit with the rows (1, 'a') and (2, NULL) of window 5000.
std::string example_unit(MemoryBudget& memory) {
  const Type number = Type::of(TypeKind::kBigint);
  const Type text = Type::of(TypeKind::kString);
  const auto layout =
      UnitLayout::of({{.name = "left", .key = {number}, .value = {text}, .bag = true}});
  StateUnit unit(layout, memory);
  const auto keys = columns_of({number}, {{Value{std::int64_t{1}}}, {Value{std::int64_t{2}}}});
  const auto values = columns_of({text}, {{Value{std::string("a \"b\"")}}, {Value{}}});
  PackedRows packed_keys(layout->bags[0].keys.key);
  PackedRows packed_values(layout->bags[0].rows.key);
  pack(packed_keys, keys);
  pack(packed_values, values);
  for (std::size_t row = 0; row < 2; ++row)
    unit.bag(0, 5000).append(packed_keys, row, packed_keys.hash(row), packed_values, row);
  return encode_unit(unit);
}

class SnapshotCommand : public testing::Test {
 protected:
  SnapshotCommand() {
    const auto store = open_blob_store(directory_.path()).value();
    CheckpointLog log = CheckpointLog::claim(*store, {"flights", ""}, 0).value();
    EXPECT_TRUE(log.publish(
        {.checkpoint = {1}, .at = 1'700'000'000'000, .splits = {{"s", "a", "", 0, true}}}));
    const std::string block = example_unit(memory_);
    EXPECT_TRUE(store->put_if_absent("state/x", "before" + block));
    EXPECT_TRUE(log.publish({.checkpoint = {2},
                             .at = 1'700'000'010'000,
                             .blocks = {{"join", {7}, "state/x", 6, block.size()}},
                             .table = {.version = 1, .parallelism = 3, .owners = {}}}));
  }
  int run(const std::string& command, const std::string& uri) {
    out_.str("");
    err_.str("");
    return snapshot_main({command, uri}, out_, err_);
  }
  void damage(const std::string& name, std::streamoff at) {
    std::fstream file(directory_ / name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file.put('#');
  }

  MemoryBudget memory_{1 << 30};
  TemporaryDirectory directory_;
  std::ostringstream out_, err_;
};

TEST_F(SnapshotCommand, ListsTheCheckpoints) {
  EXPECT_EQ(run("ls", directory_.path()), 0);
  EXPECT_THAT(out_.str(), HasSubstr("job flights, log "));
  EXPECT_THAT(out_.str(),
              testing::ContainsRegex("00000001 +1 +2023-11-14T22:13:20.000Z +0 +1 +1 +checkpoint"));
  EXPECT_THAT(out_.str(), testing::ContainsRegex(
                              "00000002 +2 +2023-11-14T22:13:30.000Z +[0-9]+ +3 +0 +checkpoint"));
}

TEST_F(SnapshotCommand, VerifiesTheNewestOrTheOneNamed) {
  EXPECT_EQ(run("verify", "file://" + directory_.path()), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("checkpoint 2: sound, 1 blocks"));
  EXPECT_EQ(run("verify", directory_.path() + "#00000001"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("checkpoint 1: sound, 0 blocks"));
}

TEST_F(SnapshotCommand, DamageIsToldByOperatorGroupAndFile) {
  damage("state/x", 40);
  EXPECT_EQ(run("verify", directory_.path()), 1);
  EXPECT_THAT(out_.str(), HasSubstr("state of operator join, key group 7, in file://" +
                                    directory_ / "state/x"));
  EXPECT_THAT(err_.str(), HasSubstr("checkpoint 2: 1 of 1 blocks are damaged"));
  EXPECT_EQ(run("cat", directory_.path()), 1);
}

TEST_F(SnapshotCommand, AMissingFileIsDamage) {
  std::filesystem::remove(directory_ / "state/x");
  EXPECT_EQ(run("verify", directory_.path()), 1);
  EXPECT_THAT(out_.str(), HasSubstr("No such file"));
}

TEST_F(SnapshotCommand, ADamagedNewestRecordIsNotPassedOverSilently) {
  damage("log/00000002", 30);
  EXPECT_EQ(run("verify", directory_.path()), 1);
  EXPECT_THAT(err_.str(), HasSubstr("log/00000002"));
  EXPECT_EQ(run("ls", directory_.path()), 1);
  EXPECT_THAT(out_.str(), HasSubstr("00000001"));
  EXPECT_EQ(run("verify", directory_.path() + "#1"), 0);
}

TEST_F(SnapshotCommand, ShowsRowsAsJsonLines) {
  EXPECT_EQ(run("cat", directory_.path()), 0) << err_.str();
  const std::string head = R"({"operator":"join","state":"left","group":7,"window":5000,)";
  EXPECT_THAT(out_.str(), HasSubstr(head + R"("key":[1],"value":["a \"b\""]})"
                                           "\n"));
  EXPECT_THAT(out_.str(), HasSubstr(head + R"("key":[2],"value":[null]})"
                                           "\n"));
}

TEST_F(SnapshotCommand, WrongUseAndMissingDirectoriesSaySo) {
  EXPECT_EQ(run("prune", directory_.path()), 2);
  EXPECT_THAT(err_.str(), HasSubstr("usage: penstock snapshot"));
  EXPECT_EQ(snapshot_main({"ls"}, out_, err_), 2);
  EXPECT_EQ(run("ls", directory_ / "none"), 1);
  EXPECT_THAT(err_.str(), HasSubstr(directory_ / "none"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "none"));
  EXPECT_EQ(run("verify", directory_.path() + "#7"), 1);
  EXPECT_THAT(err_.str(), HasSubstr("no checkpoint under record 7"));
  EXPECT_EQ(run("verify", directory_.path() + "#x"), 2);
  EXPECT_EQ(run("ls", directory_ / "state"), 1);
  EXPECT_THAT(err_.str(), HasSubstr("there are no checkpoints"));
}

TEST(JsonRows, ValuesKeepTheirKind) {
  const auto text = [](const Value& value, const Type& type) {
    std::string out;
    append_json(out, value, type);
    return out;
  };
  EXPECT_EQ(text(Value{true}, Type::of(TypeKind::kBoolean)), "true");
  EXPECT_EQ(text(Value{std::int32_t{-5}}, Type::of(TypeKind::kInt)), "-5");
  EXPECT_EQ(text(Value{Int128{-1250}}, Type::decimal(10, 2)), "-12.50");
  EXPECT_EQ(text(Value{0.5}, Type::of(TypeKind::kDouble)), "0.5");
  EXPECT_EQ(text(Value{0.0 / 0.0}, Type::of(TypeKind::kDouble)), "\"NaN\"");
  EXPECT_EQ(text(Value{std::int64_t{0}}, Type::of(TypeKind::kTimestamp)).front(), '"');
  EXPECT_EQ(text(Value{std::vector<Value>{Value{std::int32_t{1}}, Value{}}},
                 Type::row({{"a", Type::of(TypeKind::kInt)}, {"b", Type::of(TypeKind::kString)}})),
            "[1,null]");
}

}  // namespace
}  // namespace penstock
