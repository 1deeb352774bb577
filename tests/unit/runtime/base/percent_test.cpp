#include "runtime/base/percent.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Percent, KeepsWhatIsUnreservedAndWhatIsAskedFor) {
  EXPECT_EQ(encode_percent("aZ9-._~"), "aZ9-._~");
  EXPECT_EQ(encode_percent("a/b c+\xc3\xa4"), "a%2Fb%20c%2B%C3%A4");
  EXPECT_EQ(encode_percent("a/b c", "/"), "a/b%20c");
}

TEST(Percent, GoesThereAndBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(decode_percent(encode_percent(all)), all);
  EXPECT_EQ(decode_percent("a+b%2b"), "a b+");
}

TEST(Percent, ABrokenEscapeIsNone) {
  for (const char* text : {"%", "a%4", "%4", "%zz", "%4g"})
    EXPECT_FALSE(decode_percent(text)) << text;
}

}  // namespace
}  // namespace penstock
