#include "operator/apiserver/derived_status.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace penstock::apiserver {
namespace {

Object object(Json json) { return std::make_shared<const Json>(std::move(json)); }

Object pod(const std::string& name, bool ready, const std::string& cpu = "1") {
  return object(
      {{"metadata", {{"name", name}, {"labels", {{"app", "a"}}}}},
       {"spec",
        {{"containers",
          Json::array({{{"name", "c"},
                        {"resources", {{"requests", {{"cpu", cpu}, {"memory", "1Gi"}}}}}}})}}},
       {"status",
        {{"phase", "Running"},
         {"conditions",
          Json::array({{{"type", "Ready"}, {"status", ready ? "True" : "False"}}})}}}});
}

Json budget(Json spec) {
  spec["selector"] = {{"matchLabels", {{"app", "a"}}}};
  return {{"metadata", {{"name", "b"}, {"generation", 2}}}, {"spec", std::move(spec)}};
}

struct BudgetCase {
  const char* name;
  Json spec;
  int ready = 0, not_ready = 0;
  int desired = 0, allowed = 0;
};
class BudgetStatus : public testing::TestWithParam<BudgetCase> {};

TEST_P(BudgetStatus, CountsWhatMayGo) {
  std::vector<Object> pods;
  for (int i = 0; i < GetParam().ready; ++i) pods.push_back(pod("r" + std::to_string(i), true));
  for (int i = 0; i < GetParam().not_ready; ++i)
    pods.push_back(pod("n" + std::to_string(i), false));
  const Json status = budget_status(budget(GetParam().spec), pods, 0);
  EXPECT_EQ(status["currentHealthy"], GetParam().ready);
  EXPECT_EQ(status["expectedPods"], GetParam().ready + GetParam().not_ready);
  EXPECT_EQ(status["desiredHealthy"], GetParam().desired);
  EXPECT_EQ(status["disruptionsAllowed"], GetParam().allowed);
  EXPECT_EQ(status["conditions"][0]["status"], GetParam().allowed > 0 ? "True" : "False");
}

INSTANTIATE_TEST_SUITE_P(
    Table, BudgetStatus,
    testing::Values(BudgetCase{"OneOfOneStays", {{"minAvailable", 1}}, 1, 0, 1, 0},
                    BudgetCase{"OneOfTwoMayGo", {{"minAvailable", 1}}, 2, 0, 1, 1},
                    BudgetCase{"HalfOfThreeIsTwo", {{"minAvailable", "50%"}}, 3, 0, 2, 1},
                    BudgetCase{"WhatIsDownCounts", {{"maxUnavailable", 1}}, 2, 1, 2, 0},
                    BudgetCase{"NobodyIsThere", {{"minAvailable", 1}}, 0, 0, 1, 0}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(CheckEviction, RefusesWhatABudgetHolds) {
  const Object running = pod("p", true);
  Json held = budget({{"minAvailable", 1}});
  held["status"] = budget_status(held, {running}, 0);
  const auto refused = check_eviction(*running, {object(held)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 429);
  held["status"]["disruptionsAllowed"] = 1;
  EXPECT_TRUE(check_eviction(*running, {object(held)}));
  EXPECT_TRUE(check_eviction(*running, {}));
}

TEST(CheckEviction, LetsGoWhatIsNotReadyAnywayOnlyIfTheRestIsWell) {
  Json held = budget({{"minAvailable", 1}});
  held["status"] = budget_status(held, {pod("p", false)}, 0);
  EXPECT_FALSE(check_eviction(*pod("p", false), {object(held)}));
  held["spec"]["unhealthyPodEvictionPolicy"] = "AlwaysAllow";
  EXPECT_TRUE(check_eviction(*pod("p", false), {object(held)}));
  held["spec"].erase("unhealthyPodEvictionPolicy");
  held["status"] = budget_status(held, {pod("p", false), pod("q", true)}, 0);
  EXPECT_TRUE(check_eviction(*pod("p", false), {object(held)}));
}

TEST(CheckEviction, SeveralBudgetsAreAnError) {
  const Object held = object(budget({{"minAvailable", 1}}));
  EXPECT_EQ(check_eviction(*pod("p", true), {held, held}).error().code, 500);
}

Json quota(Json hard) {
  return {{"metadata", {{"name", "q"}}}, {"spec", {{"hard", std::move(hard)}}}};
}

TEST(Quota, AddsUpWhatPodsAskFor) {
  const Json status = quota_status(
      quota({{"pods", "5"}, {"requests.cpu", "4"}, {"memory", "4Gi"}, {"services", "1"}}),
      {pod("a", true, "500m"), pod("b", false, "1")});
  EXPECT_EQ(status["used"], Json::parse(R"({"pods":"2","requests.cpu":"1500m","memory":"2Gi",
                                            "services":"0"})"));
}

TEST(Quota, EndedPodsUseNothing) {
  Json ended = *pod("a", false);
  ended["status"]["phase"] = "Succeeded";
  EXPECT_EQ(quota_status(quota({{"pods", "1"}}), {object(ended)})["used"]["pods"], "0");
}

TEST(Quota, RefusesWhatDoesNotFitAndSaysBoth) {
  const std::vector<Object> pods = {pod("a", true, "1500m")};
  const auto refused = check_quota(quota({{"requests.cpu", "2"}}), pods, nullptr, *pod("b", true));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 403);
  EXPECT_EQ(refused.error().message,
            "pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=1, used: "
            "requests.cpu=1500m, limited: requests.cpu=2");
  EXPECT_TRUE(check_quota(quota({{"requests.cpu", "3"}}), pods, nullptr, *pod("b", true)));
}

TEST(Quota, AResizeIsHeldToWhatItAdds) {
  const Object before = pod("a", true, "1");
  EXPECT_TRUE(check_quota(quota({{"cpu", "2"}}), {before}, before.get(), *pod("a", true, "2")));
  EXPECT_FALSE(check_quota(quota({{"cpu", "2"}}), {before}, before.get(), *pod("a", true, "3")));
  EXPECT_TRUE(check_quota(quota({{"cpu", "500m"}}), {before}, before.get(), *pod("a", true, "1")));
}

TEST(Quota, WantsToBeToldWhatItCounts) {
  const auto refused = check_quota(quota({{"limits.memory", "1Gi"}}), {}, nullptr, *pod("b", true));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("must specify limits.memory for: c"), std::string::npos);
}

}  // namespace
}  // namespace penstock::apiserver
