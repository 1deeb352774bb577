#include "runtime/base/units.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;

TEST(Units, ReadsDurations) {
  EXPECT_EQ(*parse_duration("10s"), Duration(10s));
  EXPECT_EQ(*parse_duration("1m30s"), Duration(90s));
  EXPECT_EQ(*parse_duration("250ms"), Duration(250ms));
  EXPECT_EQ(*parse_duration("5 min"), Duration(5min));
  EXPECT_EQ(*parse_duration("0"), Duration(0));
  EXPECT_EQ(*parse_duration("1.5h"), Duration(90min));
}

TEST(Units, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "10", "10 parsecs", "-5s", "1e400s", "9999999999999d", "nan s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Units, DurationsReadBackAsWritten) {
  for (const Duration d :
       {Duration(0), Duration(90s), Duration(1ns), Duration(25h), Duration(1500ms)})
    EXPECT_EQ(*parse_duration(format_duration(d)), d) << format_duration(d);
}

TEST(Units, ReadsBytes) {
  EXPECT_EQ(*parse_bytes("64Mi"), 64LL << 20);
  EXPECT_EQ(*parse_bytes("1G"), 1'000'000'000);
  EXPECT_EQ(*parse_bytes("0.5Gi"), 512LL << 20);
  EXPECT_FALSE(parse_bytes("64 MiB"));
  EXPECT_EQ(format_bytes(64LL << 20), "64Mi");
  EXPECT_EQ(format_bytes(1000), "1000");
}

TEST(Units, ReadsCpu) {
  EXPECT_EQ(*parse_millicpu("100m"), 100);
  EXPECT_EQ(*parse_millicpu("1"), 1000);
  EXPECT_EQ(*parse_millicpu("0.5"), 500);
  EXPECT_FALSE(parse_millicpu("1 core"));
  EXPECT_EQ(format_millicpu(1500), "1500m");
  EXPECT_EQ(format_millicpu(2000), "2");
}

}  // namespace
}  // namespace penstock
