#include "operator/webhook/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "runtime/base/random.h"
#include "tests/support/mutate.h"

namespace penstock {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kSql =
    "CREATE TABLE a (k BIGINT) WITH ('connector' = 'datagen');\n"
    "CREATE TABLE b (k BIGINT) WITH ('connector' = 'blackhole');\n"
    "INSERT INTO b SELECT k FROM a;";

json job(const json& spec) {
  return {{"apiVersion", "penstock.dev/v1alpha1"},
          {"kind", "StreamJob"},
          {"metadata", {{"name", "orders"}, {"namespace", "shop"}}},
          {"spec", spec}};
}

// As an API server of 1.35 sends it.
json review(const json& object, const json& old_object = nullptr,
            const std::string& kind = "StreamJob") {
  const json gvk{{"group", "penstock.dev"}, {"version", "v1alpha1"}, {"kind", kind}};
  return {{"apiVersion", "admission.k8s.io/v1"},
          {"kind", "AdmissionReview"},
          {"request",
           {{"uid", "7d1b5d67-8d3f-4a3e-9d6c-0b7b0e6f3a11"},
            {"kind", gvk},
            {"resource",
             {{"group", "penstock.dev"}, {"version", "v1alpha1"}, {"resource", "streamjobs"}}},
            {"requestKind", gvk},
            {"name", "orders"},
            {"namespace", "shop"},
            {"operation", old_object.is_null() ? "CREATE" : "UPDATE"},
            {"userInfo", {{"username", "somebody"}, {"groups", {"system:authenticated"}}}},
            {"object", object},
            {"oldObject", old_object},
            {"dryRun", false},
            {"options", {{"kind", "CreateOptions"}, {"apiVersion", "meta.k8s.io/v1"}}}}}};
}

json response_to(const json& question) {
  const ReviewAnswer answer = answer_review(question.dump());
  EXPECT_EQ(answer.status, 200) << answer.body;
  const json body = json::parse(answer.body);
  EXPECT_EQ(body["apiVersion"], "admission.k8s.io/v1");
  EXPECT_EQ(body["kind"], "AdmissionReview");
  const json response = body["response"];
  EXPECT_EQ(response["uid"], question["request"]["uid"]);
  EXPECT_EQ(response["allowed"], answer.allowed);
  return response;
}

TEST(Review, AGoodJobIsAllowedAndNothingElseIsSaid) {
  const json response = response_to(review(job({{"sql", kSql}})));
  EXPECT_EQ(response["allowed"], true);
  EXPECT_FALSE(response.contains("status"));
  EXPECT_FALSE(response.contains("warnings"));
}

TEST(Review, ABadJobIsRefusedWithLineAndColumnAndEveryCause) {
  const json response =
      response_to(review(job({{"sql",
                               "CREATE TABLE a (k BIGINT) WITH ('connector' = 'datagen');\n"
                               "INSERT INTO nowhere SELECT k FROM a;"},
                              {"parallelism", 721}})));
  EXPECT_EQ(response["allowed"], false);
  const json& status = response["status"];
  EXPECT_EQ(status["code"], 422);
  EXPECT_EQ(status["reason"], "Invalid");
  EXPECT_THAT(status["message"].get<std::string>(),
              testing::AllOf(HasSubstr("StreamJob.penstock.dev \"orders\" is invalid: ["),
                             HasSubstr("spec.sql: line 2, column")));
  const json& details = status["details"];
  EXPECT_EQ(details["kind"], "StreamJob");
  EXPECT_EQ(details["name"], "orders");
  ASSERT_EQ(details["causes"].size(), 2u);
  EXPECT_EQ(details["causes"][0]["field"], "spec.parallelism");
  EXPECT_EQ(details["causes"][1]["field"], "spec.sql");
  EXPECT_EQ(details["causes"][1]["reason"], "SqlInvalid");
}

TEST(Review, WarningsArePassedOnAndClipped) {
  json spec{{"sql", kSql}, {"paralelism", 2}, {std::string(300, 'x'), 1}};
  const json response = response_to(review(job(spec)));
  EXPECT_EQ(response["allowed"], true);
  ASSERT_EQ(response["warnings"].size(), 2u);
  EXPECT_EQ(response["warnings"][0], "unknown field \"spec.paralelism\"");
  EXPECT_EQ(response["warnings"][1].get<std::string>().size(), 256u);
}

TEST(Review, AnUpdateIsComparedWithWhatItReplaces) {
  const json before = job({{"sql", kSql}, {"keyGroups", 64}});
  const json refused = response_to(review(job({{"sql", kSql}, {"keyGroups", 128}}), before));
  EXPECT_EQ(refused["status"]["details"]["causes"][0]["field"], "spec.keyGroups");
  EXPECT_EQ(response_to(review(job({{"sql", kSql}, {"keyGroups", 64}, {"parallelism", 2}}),
                               before))["allowed"],
            true);
}

TEST(Review, TheOtherKindsHaveTheirRules) {
  json policy = job({{"minParallelism", 9}, {"maxParallelism", 8}});
  policy["kind"] = "ScalingPolicy";
  const json refused = response_to(review(policy, nullptr, "ScalingPolicy"));
  EXPECT_EQ(refused["status"]["details"]["causes"][0]["field"], "spec.minParallelism");
  json before = job({{"jobRef", {{"name", "a"}}}}), after = job({{"jobRef", {{"name", "b"}}}});
  const json changed = response_to(review(after, before, "JobSnapshot"));
  EXPECT_EQ(changed["status"]["details"]["causes"][0]["field"], "spec");
}

TEST(Review, ADryRunIsAnsweredAlike) {
  json good = review(job({{"sql", kSql}})), bad = review(job({{"sql", "SELEC"}}));
  good["request"]["dryRun"] = bad["request"]["dryRun"] = true;
  EXPECT_EQ(response_to(good)["allowed"], true);
  EXPECT_EQ(response_to(bad)["allowed"], false);
}

struct PassCase {
  const char* name;
  void (*change)(json& question);
};

class LetsThrough : public testing::TestWithParam<PassCase> {};

TEST_P(LetsThrough, ABadObject) {
  json question = review(job({{"sql", "SELEC"}}), job({{"sql", "SELE"}}));
  ASSERT_EQ(response_to(question)["allowed"], false);
  GetParam().change(question["request"]);
  EXPECT_EQ(response_to(question)["allowed"], true);
}

INSTANTIATE_TEST_SUITE_P(
    Table, LetsThrough,
    testing::Values(PassCase{"BeingDeleted",
                             [](json& r) {
                               r["object"]["metadata"]["deletionTimestamp"] =
                                   "2026-11-22T18:00:00Z";
                             }},
                    PassCase{"OfStatus", [](json& r) { r["subResource"] = "status"; }},
                    PassCase{"OfScale",
                             [](json& r) {
                               r["kind"] = {
                                   {"group", "autoscaling"}, {"version", "v1"}, {"kind", "Scale"}};
                               r["subResource"] = "scale";
                             }},
                    PassCase{"ToBeDeleted",
                             [](json& r) {
                               r["operation"] = "DELETE";
                               r["object"] = nullptr;
                             }},
                    PassCase{"OfAnUnchangedSpec",
                             [](json& r) {
                               r["oldObject"] = r["object"];
                               r["object"]["metadata"]["labels"]["a"] = "b";
                               r["object"]["status"]["phase"] = "Running";
                             }},
                    PassCase{"OfAnotherGroup", [](json& r) { r["kind"]["group"] = "example.com"; }},
                    PassCase{"OfAnotherKind", [](json& r) { r["kind"]["kind"] = "Sonata"; }}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Review, ManyCausesAreCountedNotListed) {
  json variables = json::array();
  for (int i = 0; i < 100; ++i) variables.push_back({{"name", "LD_" + std::to_string(i)}});
  const json response = response_to(review(job({{"sql", kSql}, {"variables", variables}})));
  EXPECT_EQ(response["status"]["details"]["causes"].size(), 50u);
  EXPECT_THAT(response["status"]["message"].get<std::string>(), HasSubstr(" more]"));
}

struct BadCase {
  const char* name;
  std::string body;
  const char* says;
};

class RefusesToRead : public testing::TestWithParam<BadCase> {};

TEST_P(RefusesToRead, WithABadRequest) {
  const ReviewAnswer answer = answer_review(GetParam().body);
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr(GetParam().says));
  EXPECT_FALSE(answer.allowed);
}

std::string without(const char* key) {
  json question = review(job({}));
  question["request"].erase(key);
  return question.dump();
}

std::string many(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusesToRead,
    testing::Values(BadCase{"Nothing", "", "not JSON"}, BadCase{"AText", "\"x\"", "kind"},
                    BadCase{"HalfAReview", "{\"apiVersion\":\"admission.k8s", "not JSON"},
                    BadCase{"AnOldVersion",
                            R"({"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"})",
                            "apiVersion"},
                    BadCase{"NoRequest",
                            R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"})",
                            "uid"},
                    BadCase{"NoUid", without("uid"), "uid"},
                    BadCase{"AnAbyss", std::string(2'000'000, '['), "deeper"},
                    BadCase{"AFlood", "[" + many("{},", 50'000) + "1]", "more than 50000 values"}),
    [](const auto& row) { return std::string(row.param.name); });

// Whoever reaches the port can send anything: it is answered, and never with more than was asked.
TEST(Review, MutatedReviewsAreAnswered) {
  static constexpr const char* kPieces[] = {"null",
                                            "{}",
                                            "[]",
                                            "\"\"",
                                            "-1",
                                            "1e999",
                                            "true",
                                            "\\ud800",
                                            "\xff",
                                            "\"spec\":",
                                            "\"sql\":",
                                            "{\"metadata\":",
                                            "\"deletionTimestamp\":null",
                                            "9223372036854775808",
                                            "\"UPDATE\"",
                                            "\"subResource\":3,",
                                            "'",
                                            "(((((",
                                            "CREATE TABLE",
                                            "\"name\":[],"};
  const std::uint64_t seed = 20261123;
  RecordProperty("seed", std::to_string(seed));
  Random random(seed);
  const std::string good[] = {
      review(job({{"sql", kSql}, {"variables", {{{"name", "A"}, {"value", "1"}}}}})).dump(),
      review(job({{"sql", kSql}, {"parallelism", 2}}), job({{"sql", kSql}})).dump()};
  int answered = 0, refused = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = mutated(good[random.below(std::size(good))], random, kPieces);
    const ReviewAnswer answer = answer_review(text);
    ASSERT_TRUE(answer.status == 200 || answer.status == 400) << text;
    if (answer.status == 200) {
      const json body = json::parse(answer.body, nullptr, false);
      ASSERT_TRUE(body.is_object() && body["response"]["allowed"].is_boolean()) << text;
    }
    ++(answer.status == 200 ? answered : refused);
  }
  EXPECT_GT(answered, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace penstock
