#include "runtime/base/base64.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Base64, GoesThereAndBack) {
  for (const std::string text : {"", "a", "ab", "abc", "abcd"})
    EXPECT_EQ(decode_base64(encode_base64(text)), text);
  EXPECT_FALSE(decode_base64("a"));
  EXPECT_FALSE(decode_base64("****"));
}

}  // namespace
}  // namespace penstock
