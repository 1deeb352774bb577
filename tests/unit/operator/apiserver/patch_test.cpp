#include "operator/apiserver/patch.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace penstock::apiserver {
namespace {

struct PatchCase {
  const char* name;
  const char* object;
  const char* patch;
  const char* expect;
};

class StrategicPatch : public testing::TestWithParam<PatchCase> {};

TEST_P(StrategicPatch, Merges) {
  const Json schema = Json::parse(R"({"properties":{
    "containers":{"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{}},
    "env":{"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{}},
    "finalizers":{"x-kubernetes-list-type":"set"},
    "args":{"x-kubernetes-list-type":"atomic"}}})");
  const auto result =
      apply_strategic_patch(Json::parse(GetParam().object), Json::parse(GetParam().patch), schema);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, Json::parse(GetParam().expect)) << result->dump();
}

INSTANTIATE_TEST_SUITE_P(
    Table, StrategicPatch,
    testing::Values(
        PatchCase{.name = "MapsMergeAndNullRemoves",
                  .object = R"({"data":{"a":"1","b":"2"}})",
                  .patch = R"({"data":{"b":null,"c":"3"}})",
                  .expect = R"({"data":{"a":"1","c":"3"}})"},
        PatchCase{
            .name = "ContainersMergeByName",
            .object = R"({"containers":[{"name":"a","image":"x"},{"name":"b","image":"y"}]})",
            .patch = R"({"containers":[{"name":"b","image":"z"},{"name":"c","image":"w"}]})",
            .expect =
                R"({"containers":[{"name":"a","image":"x"},{"name":"b","image":"z"},{"name":"c","image":"w"}]})"},
        PatchCase{.name = "ItemIsDeletedByDirective",
                  .object = R"({"env":[{"name":"a","value":"1"},{"name":"b","value":"2"}]})",
                  .patch = R"({"env":[{"name":"a","$patch":"delete"}]})",
                  .expect = R"({"env":[{"name":"b","value":"2"}]})"},
        PatchCase{.name = "FinalizersAreASet",
                  .object = R"({"finalizers":["a/b"]})",
                  .patch = R"({"$deleteFromPrimitiveList/finalizers":["a/b"],"x":1})",
                  .expect = R"({"x":1})"},
        PatchCase{.name = "OtherListsAreReplaced",
                  .object = R"({"args":["a","b"]})",
                  .patch = R"({"args":["c"]})",
                  .expect = R"({"args":["c"]})"},
        PatchCase{.name = "MapIsReplacedByDirective",
                  .object = R"({"data":{"a":"1"}})",
                  .patch = R"({"data":{"$patch":"replace","b":"2"}})",
                  .expect = R"({"data":{"b":"2"}})"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(MergePatch, MustBeAnObject) {
  const auto result = apply_merge_patch(Json::object(), Json::array());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, 400);
}

TEST(JsonPatch, FailedTestIs422WithTheServersWords) {
  const auto result = apply_json_patch(Json::parse(R"({"a":1})"),
                                       Json::parse(R"([{"op":"test","path":"/a","value":2}])"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, 422);
  EXPECT_EQ(result.error().message,
            "the server rejected our request due to an error in our request");
}

TEST(JsonPatch, AddsAndRemoves) {
  const auto result = apply_json_patch(
      Json::parse(R"({"a":1})"),
      Json::parse(R"([{"op":"add","path":"/b","value":2},{"op":"remove","path":"/a"}])"));
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, Json::parse(R"({"b":2})"));
}

}  // namespace
}  // namespace penstock::apiserver
