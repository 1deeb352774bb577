#include "runtime/base/log.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(QuoteJson, EscapesWhatJsonForbids) {
  EXPECT_EQ(log::quote_json("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
  EXPECT_EQ(log::quote_json("caf\xc3\xa9"), "\"caf\xc3\xa9\"");
}

TEST(QuoteJson, ReplacesInvalidUtf8) {
  EXPECT_EQ(log::quote_json("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(log::quote_json("\xc3"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(log::quote_json("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(Log, WritesOneJsonLinePerCall) {
  testing::internal::CaptureStderr();
  log::info("checkpoint published",
            {{"job", "orders"}, {"checkpoint", 7}, {"share", 0.5}, {"full", true}});
  log::debug("not shown");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(text.ends_with(
      "\"level\":\"info\",\"msg\":\"checkpoint "
      "published\",\"job\":\"orders\",\"checkpoint\":7,\"share\":0.5,\"full\":true}\n"))
      << text;
}

}  // namespace
}  // namespace penstock
