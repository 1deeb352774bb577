#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/lifecycle/world.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

const api::Condition* scaling_active(const World& world) {
  return api::find_condition(world.job.status.conditions, "ScalingActive");
}

// A running job that a policy in mode Auto looks after.
World scaled() {
  World world;
  world.job.spec.scaling.policy_ref = api::NameRef{"quick"};
  world.policy = api::ScalingPolicySpec{.mode = api::ScalingMode::kAuto};
  EXPECT_TRUE(world.settle());
  return world;
}

void own_parallelism(World& world, const std::string& manager, const std::string& subresource) {
  world.job.metadata.managed_fields = {{.manager = manager,
                                        .operation = "Update",
                                        .subresource = subresource,
                                        .fields = {R"({"f:spec":{"f:parallelism":{}}})"}}};
}

TEST(ScalingNote, AMissingPolicyIsNamed) {
  World world;
  world.job.spec.scaling.policy_ref = api::NameRef{"quick"};
  world.policy_error = {"PolicyNotFound", "there is no ScalingPolicy quick"};
  EXPECT_TRUE(world.settle());
  ASSERT_NE(scaling_active(world), nullptr);
  EXPECT_EQ(scaling_active(world)->status, api::Truth::kFalse);
  EXPECT_EQ(scaling_active(world)->reason, "PolicyNotFound");
  EXPECT_THAT(scaling_active(world)->message, HasSubstr("quick"));
  EXPECT_THAT(world.log, Contains("event PolicyNotFound"));
  EXPECT_EQ(world.job.status.phase, api::Phase::kRunning);
}

TEST(ScalingNote, GoesWithThePolicy) {
  World world = scaled();
  EXPECT_EQ(scaling_active(world)->reason, "PolicyFollowed");
  world.policy->mode = api::ScalingMode::kOff;
  world.now += 20'000;
  world.reconcile();
  EXPECT_EQ(scaling_active(world)->reason, "ModeOff");
  world.job.spec.scaling = {};
  world.policy.reset();
  world.reconcile();
  EXPECT_EQ(scaling_active(world), nullptr);
}

TEST(ScalingNote, WhoeverCreatedTheJobIsNoSecondWriter) {
  World world = scaled();
  own_parallelism(world, "kubectl-client-side-apply", "");
  world.now += 20'000;
  world.reconcile();
  EXPECT_EQ(scaling_active(world)->reason, "PolicyFollowed");
}

TEST(ScalingNote, AWriterBesideThePolicyIsNamedUntilTheOperatorOwnsTheSizeAgain) {
  World world = scaled();
  world.job.spec.parallelism += 3;
  own_parallelism(world, "kubectl", "scale");
  world.reconcile();
  EXPECT_EQ(scaling_active(world)->status, api::Truth::kTrue);
  EXPECT_EQ(scaling_active(world)->reason, "TwoWriters");
  EXPECT_THAT(scaling_active(world)->message,
              AllOf(HasSubstr("kubectl by the scale subresource"), HasSubstr("mode")));
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(scaling_active(world)->reason, "TwoWriters");
  own_parallelism(world, std::string(api::kManager), "");
  world.now += 20'000;
  world.reconcile();
  EXPECT_EQ(scaling_active(world)->reason, "PolicyFollowed");
}

}  // namespace
}  // namespace penstock
