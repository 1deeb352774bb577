#include "runtime/control/fence.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(FenceGate, TakesWhatIsNotOlder) {
  FenceGate gate;
  EXPECT_TRUE(gate.take({"u", 1, 5}, "u"));
  EXPECT_TRUE(gate.take({"u", 1, 5}, "u"));
  EXPECT_TRUE(gate.take({"u", 2, 1}, "u"));
  EXPECT_EQ(gate.take({"u", 1, 9}, "u").error().code, Code::kConflict);
  EXPECT_EQ(gate.take({"u", 2, 0}, "u").error().code, Code::kConflict);
  EXPECT_EQ(gate.generation(), 2u);
  EXPECT_EQ(gate.decision(), 1u);
}

TEST(FenceGate, AnAdministratorPassesAndMovesNothing) {
  FenceGate gate;
  EXPECT_TRUE(gate.take({"u", 3, 3}, "u"));
  EXPECT_TRUE(gate.take({}, "u"));
  EXPECT_EQ(gate.decision(), 3u);
}

TEST(FenceGate, AnotherJobsOrderIsInvalid) {
  FenceGate gate;
  EXPECT_EQ(gate.take({"other", 9, 9}, "u").error().code, Code::kInvalid);
  EXPECT_EQ(gate.generation(), 0u);
}

}  // namespace
}  // namespace penstock
