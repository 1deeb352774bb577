#include "runtime/checkpoint/file_name.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

const FileOwner kOwner{"0123456789abcdef", {3}, {17}};

TEST(CheckpointFileName, TellsItsOwner) {
  const std::string name = checkpoint_file_name(kOwner, "count-by/carrier ü", 2, 40);
  EXPECT_EQ(name, "0123456789abcdef-3-17-count-by_carrier___-2-40");
  EXPECT_EQ(owner_of_file(name), kOwner);
  EXPECT_EQ(owner_of_file("state/" + name), kOwner);
}

TEST(CheckpointFileName, OtherNamesHaveNoOwner) {
  for (const char* name : {"", "log/00000001", "0123456789abcdef", "0123456789abcdef-", "state/x",
                           "0123456789abcdef-3", "0123456789abcdef-3-", "0123456789abcdef-3-17",
                           "0123456789ABCDEF-3-17-op-0-0", "0123456789abcdef-x-17-op-0-0",
                           "0123456789abcdef-99999999999999999999-17-op-0-0"})
    EXPECT_FALSE(owner_of_file(name)) << name;
}

}  // namespace
}  // namespace penstock
