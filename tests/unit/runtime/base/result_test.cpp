#include "runtime/base/result.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return Error{Code::kInvalid, "odd"};
  return value / 2;
}

Result<int> quarter(int value) {
  TRY_ASSIGN(const int once, half(value));
  TRY_ASSIGN(const int twice, half(once));
  return twice;
}

Status check_even(int value) {
  TRY(half(value));
  return ok();
}

TEST(Result, ReadsStraightDownOnSuccess) { EXPECT_EQ(*quarter(12), 3); }

TEST(Result, ReturnsTheFirstError) {
  EXPECT_EQ(quarter(6).error(), (Error{Code::kInvalid, "odd"}));
  EXPECT_FALSE(check_even(3));
  EXPECT_TRUE(check_even(4));
}

TEST(Result, ContextComesInFront) {
  EXPECT_EQ((Error{Code::kCorrupt, "bad checksum"}.within("file a").message),
            "file a: bad checksum");
}

}  // namespace
}  // namespace penstock
