#include "runtime/bench/measurement.h"

#include <gtest/gtest.h>

#include "runtime/bench/nexmark_bench.h"

namespace penstock::bench {
namespace {

TEST(Measurement, AQuantileIsTheSmallestValueThatEnoughOthersDoNotExceed) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2);
  EXPECT_EQ(quantile({5, 1, 9}, 0), 1);
  EXPECT_EQ(quantile({5, 1, 9}, 1), 9);
  EXPECT_EQ(quantile({}, 0.5), 0);
  std::vector<double> thousand(1000, 1);
  thousand[17] = thousand[700] = 50;
  EXPECT_EQ(quantile(thousand, 0.998), 1);
  EXPECT_EQ(quantile(thousand, 0.999), 50);
}

TEST(Measurement, NumbersAreShortAndKeepThreeDigits) {
  EXPECT_EQ(short_number(4'123'456), "4.12 M");
  EXPECT_EQ(short_number(415'000'000), "415 M");
  EXPECT_EQ(short_number(12'345), "12.3 k");
  EXPECT_EQ(short_number(9'999), "9999");
  EXPECT_EQ(short_number(0.00312), "0.00312");
  EXPECT_EQ(short_number(-2.5), "-2.5");
}

TEST(Measurement, WhatIsOnTheWrongSideOfItsTargetIsMissed) {
  EXPECT_TRUE((Measurement{.value = 3, .target = Target{4}}).missed());
  EXPECT_FALSE((Measurement{.value = 4, .target = Target{4}}).missed());
  EXPECT_TRUE((Measurement{.value = 5, .target = Target{4, false}}).missed());
  EXPECT_FALSE((Measurement{.value = 5}).missed());
}

TEST(Measurement, JsonHoldsEveryRowAndCountsTheMissedOnes) {
  const Measurements all = {
      {.name = "a \"b\"", .value = 1.5, .unit = "ms", .target = Target{1, false}},
      {.name = "c", .value = 2, .note = "n"}};
  EXPECT_EQ(
      as_json("x", all),
      "{\"bench\": \"x\", \"measurements\": [\n"
      "  {\"name\": \"a \\\"b\\\"\", \"value\": 1.5, \"unit\": \"ms\", \"at_most\": 1, "
      "\"missed\": true, \"note\": \"\"},\n"
      "  {\"name\": \"c\", \"value\": 2, \"unit\": \"\", \"missed\": false, \"note\": \"n\"}\n"
      "], \"missed\": 1}\n");
  EXPECT_NE(as_text(all).find("MISSED"), std::string::npos);
}

TEST(NexmarkBench, AnOptionOfAQueryIsReplacedOrMissed) {
  const auto set = with_option("WITH ('a' = 'b', 'events.num' = '10')", "events.num", "7");
  ASSERT_TRUE(set);
  EXPECT_EQ(*set, "WITH ('a' = 'b', 'events.num' = '7')");
  EXPECT_EQ(with_option("WITH ('a' = 'b')", "events.num", "7").error().code, Code::kInvalid);
}

}  // namespace
}  // namespace penstock::bench
