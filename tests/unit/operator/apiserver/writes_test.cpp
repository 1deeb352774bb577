#include "operator/apiserver/writes.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace penstock::apiserver {
namespace {

constexpr const char* kCrd =
    R"({"metadata":{"name":"jobs.x.dev"},"spec":{"group":"x.dev","scope":"Namespaced",
  "names":{"plural":"jobs","kind":"Job"},"versions":[{"name":"v1","subresources":{"status":{}},
    "schema":{"openAPIV3Schema":{"type":"object","required":["spec"],"properties":{
      "spec":{"type":"object","properties":{"n":{"type":"integer","default":1}}},
      "status":{"type":"object","properties":{"phase":{"type":"string","enum":["Good","Bad"]}}}}}}}]}})";

class Writes : public testing::Test {
 protected:
  WriteContext context(const std::string& name = "a", const std::string& subresource = "") {
    return {.kind = kind_,
            .options = options_,
            .name_space = "default",
            .name = name,
            .subresource = subresource,
            .uid = "uid-1",
            .name_suffix = "abcde",
            .now = 1'767'225'600'000};
  }
  static Json body(const std::string& spec = "{}",
                   const std::string& metadata = R"({"name":"a"})") {
    return Json::parse(R"({"apiVersion":"x.dev/v1","kind":"Job","metadata":)" + metadata +
                       R"(,"spec":)" + spec + "}");
  }
  Json created(const std::string& spec = "{}") {
    Prepared prepared = *prepare_create(context(""), body(spec));
    prepared.object["metadata"]["resourceVersion"] = "5";
    return prepared.object;
  }
  Prepared updated(const Json& old, Json next, const std::string& subresource = "") {
    WriteContext as_patch = context("a", subresource);
    as_patch.is_patch = true;
    auto prepared = prepare_update(as_patch, old, std::move(next));
    EXPECT_TRUE(prepared) << prepared.error().message;
    return *prepared;
  }

  KindDefinition kind_ = *kind_from_crd(kCrd);
  WriteOptions options_{.field_manager = "test"};
};

TEST_F(Writes, CreateSetsIdentityAndDefaultsAndIgnoresTheRest) {
  Json sent = body("{}", R"({"name":"a","uid":"mine","generation":9,"deletionTimestamp":"x"})");
  sent["status"] = {{"phase", 7}};
  const auto prepared = prepare_create(context(""), sent);
  ASSERT_TRUE(prepared) << prepared.error().message;
  const Json& metadata = prepared->object["metadata"];
  EXPECT_EQ(metadata["uid"], "uid-1");
  EXPECT_EQ(metadata["generation"], 1);
  EXPECT_EQ(metadata["namespace"], "default");
  EXPECT_EQ(metadata["creationTimestamp"], "2026-01-01T00:00:00Z");
  EXPECT_FALSE(metadata.contains("deletionTimestamp"));
  EXPECT_FALSE(prepared->object.contains("status"));
  EXPECT_EQ(prepared->object["spec"]["n"], 1);
}

TEST_F(Writes, GeneratedNameHasTheSuffix) {
  const auto prepared = prepare_create(context(""), body("{}", R"({"generateName":"job-"})"));
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->object["metadata"]["name"], "job-abcde");
}

TEST_F(Writes, GenerationGrowsWithSpecAndNothingElse) {
  const Json old = created();
  Json labelled = old;
  labelled["metadata"]["labels"]["a"] = "b";
  EXPECT_EQ(updated(old, labelled).object["metadata"]["generation"], 1);
  Json changed = old;
  changed["spec"]["n"] = 2;
  const Prepared after = updated(old, changed);
  EXPECT_EQ(after.object["metadata"]["generation"], 2);
  EXPECT_TRUE(after.spec_changed);
}

TEST_F(Writes, WriteThatChangesNothingIsNotWritten) {
  const Json old = created();
  EXPECT_TRUE(updated(old, old).unchanged);
  Json without_default = old;
  without_default["spec"].erase("n");
  EXPECT_TRUE(updated(old, without_default).unchanged) << "the default comes back";
}

TEST_F(Writes, StatusAndMainResourceDoNotTouchEachOther) {
  const Json old = created();
  Json next = old;
  next["spec"]["n"] = "ill-typed, and ignored";
  next["metadata"]["labels"]["a"] = "b";
  next["status"] = {{"phase", "Good"}};
  const Json status = updated(old, next, "status").object;
  EXPECT_EQ(status["spec"], old["spec"]);
  EXPECT_FALSE(status["metadata"].contains("labels"));
  EXPECT_EQ(status["status"]["phase"], "Good");
  EXPECT_EQ(status["metadata"]["generation"], 1);
  Json main = old;
  main["status"] = {{"phase", "Bad"}};
  EXPECT_FALSE(updated(old, main).object.contains("status"));
}

TEST_F(Writes, StatusIsValidated) {
  Json next = created();
  next["status"] = {{"phase", "Ugly"}};
  WriteContext as_patch = context("a", "status");
  as_patch.is_patch = true;
  const auto refused = prepare_update(as_patch, created(), next);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 422);
}

TEST_F(Writes, VersionsAreChecked) {
  const Json old = created();
  Json stale = old;
  stale["metadata"]["resourceVersion"] = "4";
  EXPECT_EQ(prepare_update(context(), old, stale).error().code, 409);
  Json none = old;
  none["metadata"].erase("resourceVersion");
  EXPECT_EQ(prepare_update(context(), old, none).error().code, 422)
      << "a PUT of a custom object needs one";
  Json other = old;
  other["metadata"]["uid"] = "other";
  EXPECT_EQ(prepare_update(context(), old, other).error().code, 409);
}

TEST_F(Writes, ObjectInDeletionTakesNoNewFinalizers) {
  Json old = created();
  old["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  old["metadata"]["finalizers"] = Json::array({"a/b"});
  Json next = old;
  next["metadata"]["finalizers"].push_back("c/d");
  EXPECT_EQ(prepare_update(context(), old, next).error().code, 422);
  next["metadata"]["finalizers"] = Json::array();
  EXPECT_FALSE(updated(old, next).object["metadata"].contains("finalizers"));
}

TEST_F(Writes, UnknownFieldsAreRefusedWarnedAboutOrIgnored) {
  const Json sent = body(R"({"nope":1})", R"({"name":"a","lables":{}})");
  EXPECT_EQ(prepare_create(context(""), sent)->warnings,
            (std::vector<std::string>{"unknown field \"metadata.lables\"",
                                      "unknown field \"spec.nope\""}));
  options_.validation = FieldValidation::kIgnore;
  EXPECT_TRUE(prepare_create(context(""), sent)->warnings.empty());
  options_.validation = FieldValidation::kStrict;
  EXPECT_EQ(prepare_create(context(""), sent).error().message,
            "Job in version \"v1\" cannot be handled as a Job: strict decoding error: unknown "
            "field \"metadata.lables\", "
            "unknown field \"spec.nope\"");
}

TEST_F(Writes, BodyMustBeWhatTheAddressSays) {
  Json other = body();
  other["apiVersion"] = "x.dev/v2";
  EXPECT_EQ(match_body(context(), other).error().code, 400);
  EXPECT_EQ(match_body(context("b"), body()).error().message,
            "the name of the object (a) does not match the name on the URL (b)");
  EXPECT_EQ(match_body(context(), body("{}", R"({"name":"a","namespace":"other"})")).error().code,
            400);
  EXPECT_EQ(match_body(context(), body("{}", R"({"name":7})")).error().code, 400);
}

TEST_F(Writes, ApplyOfAnUndeclaredFieldNamesIt) {
  WriteContext as_apply = context();
  as_apply.is_patch = as_apply.is_apply = true;
  const auto refused = prepare_apply(as_apply, nullptr, body(R"({"nope":1})"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "failed to create typed patch object (/a; x.dev/v1, Kind=Job): .spec.nope: "
            "field not declared in schema");
}

TEST_F(Writes, ApplyCreatesWithItsOwnFieldsOnly) {
  WriteContext as_apply = context();
  as_apply.is_patch = as_apply.is_apply = true;
  const auto prepared = prepare_apply(as_apply, nullptr, body("{}"));
  ASSERT_TRUE(prepared) << prepared.error().message;
  EXPECT_EQ(prepared->object["spec"]["n"], 1) << "defaulted";
  EXPECT_EQ(prepared->object["metadata"]["managedFields"][0]["fieldsV1"],
            Json::parse(R"({"f:spec":{}})"));
}

}  // namespace
}  // namespace penstock::apiserver
