#include "runtime/checkpoint/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/random.h"

namespace penstock {
namespace {

using testing::HasSubstr;

PublicationRecord example() {
  return {.log_id = "0123456789abcdef",
          .epoch = {3},
          .checkpoint = {17},
          .savepoint = true,
          .at = 1'700'000'000'123,
          .duration = 45,
          .new_bytes = UINT64_MAX,
          .states = {{"count \"quoted\"", "groups", {"BIGINT"}, {"BIGINT NOT NULL", "STRING"}}},
          .blocks = {{"count", {0}, "state/a", 0, 100},
                     {"count", {719}, "state/b", 100, UINT64_MAX},
                     {"join", {5}, "state/a", 100, 7}},
          .splits = {{"src", "flights\n.jsonl", "12,3", kNoWatermark, false},
                     {"src", "b", "", kEndOfTime, true}},
          .committables = {{"sink", R"({"pending":"x"})"}},
          .table = {.version = 9, .parallelism = 2, .owners = {0, 1, 1, 0}}};
}

TEST(Records, APublicationReadsBackAlike) {
  EXPECT_EQ(decode_record(encode_record(example())).value(), Record(example()));
  EXPECT_EQ(decode_record(encode_record(PublicationRecord{})).value(), Record(PublicationRecord{}));
}

TEST(Records, AClaimReadsBackAlike) {
  const ClaimRecord claim{{"job", "uid"}, "0123456789abcdef", "host", 4711, -5, "n"};
  EXPECT_EQ(decode_record(encode_record(claim)).value(), Record(claim));
}

TEST(Records, WhatAProcessDidAtItsBarrierAndWhereItListensReadBackAlike) {
  using Then = PublicationRecord::Then;
  for (const Then then : {Then::kGoesOn, Then::kHandsOver, Then::kEnds}) {
    PublicationRecord publication = example();
    publication.then = then;
    EXPECT_EQ(decode_record(encode_record(publication)).value(), Record(publication));
  }
  const ClaimRecord claim{.job = {"job", "uid"}, .address = "[::1]:7000"};
  EXPECT_EQ(decode_record(encode_record(claim)).value(), Record(claim));
}

TEST(Records, WhatSaysNothingNewIsWrittenAsItAlwaysWas) {
  EXPECT_EQ(encode_record(example()).find("\"then\""), std::string::npos);
  EXPECT_EQ(encode_record(ClaimRecord{}).find("address"), std::string::npos);
}

TEST(Records, WhatIsNotUtf8IsWrittenAllTheSame) {
  const ClaimRecord claim{.job = {.name = "a\xff"}};
  EXPECT_TRUE(decode_record(encode_record(claim)));
}

TEST(Records, EveryTruncationIsCorrupt) {
  const std::string text = encode_record(example());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto record = decode_record(std::string_view(text).substr(0, size));
    ASSERT_FALSE(record) << size;
    ASSERT_EQ(record.error().code, Code::kCorrupt) << size;
  }
}

TEST(Records, EveryFlippedBitIsCorrupt) {
  const std::string text = encode_record(example());
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      ASSERT_FALSE(decode_record(damaged)) << at << ":" << bit;
    }
}

// The checksum of `body`, found by asking the codec: a wrong one is told as such.
std::string sealed(const std::string& body) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : body) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return R"({"checksum":")" + std::string(digits) + R"(","record":)" + body + "}";
}

struct MalformedCase {
  const char* name;
  const char* body;
  const char* says;
};
class MalformedRecord : public testing::TestWithParam<MalformedCase> {};
TEST_P(MalformedRecord, IsCorruptAndSaysWhy) {
  const auto record = decode_record(sealed(GetParam().body));
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().code, Code::kCorrupt);
  EXPECT_THAT(record.error().message, HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(
    Table, MalformedRecord,
    testing::Values(
        MalformedCase{.name = "NotJson", .body = "{", .says = "not JSON"},
        MalformedCase{.name = "NotAnObject", .body = "[1]", .says = "no kind"},
        MalformedCase{.name = "KindIsANumber", .body = R"({"kind":1})", .says = "kind is not text"},
        MalformedCase{.name = "NoVersion", .body = R"({"kind":"claim"})", .says = "no version"},
        MalformedCase{.name = "AnotherVersion",
                      .body = R"({"kind":"claim","version":2})",
                      .says = "format version 2, this build reads 1"},
        MalformedCase{.name = "AnotherKind",
                      .body = R"({"kind":"x","version":1})",
                      .says = "unknown kind \"x\""},
        MalformedCase{
            .name = "PidIsTooLarge",
            .body = R"({"kind":"claim","version":1,"job":"","uid":"","logId":"","host":"",)"
                    R"("pid":1e30,"at":0,"nonce":""})",
            .says = "pid is not a number in its range"},
        MalformedCase{.name = "EpochIsNegative",
                      .body = R"({"kind":"publication","version":1,"logId":"","epoch":-1})",
                      .says = "epoch is not a number in its range"},
        MalformedCase{
            .name = "BlockNamesNoFile",
            .body = R"({"kind":"publication","version":1,"logId":"","epoch":1,)"
                    R"("checkpoint":1,"savepoint":false,"at":0,"duration":0,"newBytes":0,)"
                    R"("operators":["a"],"files":[],"blocks":[[0,0,0,0,0]]})",
            .says = "a block's file is out of range"},
        MalformedCase{
            .name = "BlockIsShort",
            .body = R"({"kind":"publication","version":1,"logId":"","epoch":1,)"
                    R"("checkpoint":1,"savepoint":false,"at":0,"duration":0,"newBytes":0,)"
                    R"("operators":["a"],"files":[],"blocks":[[0]]})",
            .says = "a block is not five numbers"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Records, RandomEditsOfTheBodyNeverCrash) {
  const std::string text = encode_record(example());
  const std::size_t head = text.find("\"record\":") + 9;
  const std::string body = text.substr(head, text.size() - head - 1);
  Random random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string edited = body;
    for (std::uint64_t edits = 1 + random.below(4); edits > 0; --edits) {
      const std::size_t at = random.below(edited.size());
      if (random.below(2) == 0)
        edited.erase(at, 1 + random.below(8));
      else
        edited[at] = "0123456789{}[]\",:-eE"[random.below(20)];
      if (edited.empty()) edited = "0";
    }
    const auto record = decode_record(sealed(edited));
    ASSERT_TRUE(record || record.error().code == Code::kCorrupt);
  }
}

}  // namespace
}  // namespace penstock
