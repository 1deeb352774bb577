#include "operator/apiserver/managed_fields.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/apiserver/field_set.h"

namespace penstock::apiserver {
namespace {

const Json& schema() {
  static const Json kSchema =
      Json::parse(R"({"type":"object","properties":{"spec":{"type":"object","properties":{
      "sql":{"type":"string"},"parallelism":{"type":"integer"},
      "checkpoints":{"type":"object","properties":{"interval":{"type":"string"}}},
      "args":{"type":"array","items":{"type":"string"}},
      "sinks":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
        "items":{"type":"object","properties":{"name":{"type":"string"},"url":{"type":"string"}}}},
      "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}}})");
  return kSchema;
}

Json object(const std::string& spec, const std::string& metadata = R"({"name":"raw"})") {
  return Json::parse(R"({"apiVersion":"g/v1","kind":"K","metadata":)" + metadata + R"(,"spec":)" +
                     spec + "}");
}

FieldManager manager(const std::string& name, const std::string& subresource = "") {
  return {name, "g/v1", subresource, "2026-01-01T00:00:00Z"};
}

Json apply(const Json& live, const std::string& spec, const std::string& who, bool force = false) {
  auto result = apply_fields(live, object(spec), schema(), manager(who), force);
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : live;
}

const Json kNothing = Json::parse(R"({"metadata":{}})");

TEST(FieldSets, AppliedFieldsAreThoseOfARealServer) {
  const FieldSet set = applied_fields(
      object(R"({"sql":"SELECT 1","sinks":[{"name":"a","url":"x"}],"tags":["t1"],"args":["1"]})",
             R"({"name":"raw","labels":{"a":"b"}})"),
      schema());
  EXPECT_EQ(to_json(set),
            Json::parse(R"({"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:args":{},"f:sinks":{
    "k:{\"name\":\"a\"}":{".":{},"f:name":{},"f:url":{}}},"f:sql":{},"f:tags":{"v:\"t1\"":{}}}})"));
}

TEST(FieldSets, SurviveTheirJson) {
  const Json json =
      Json::parse(R"({"f:spec":{".":{},"f:a":{},"f:b":{"k:{\"name\":\"x\"}":{".":{},"f:u":{}}}}})");
  EXPECT_EQ(to_json(field_set_from(json)), json);
}

TEST(TrackUpdate, CreateOwnsEveryFieldWithItsContainers) {
  Json created = object(R"({"sql":"x","checkpoints":{"interval":"10s"}})",
                        R"({"name":"raw","annotations":{"n":"1"}})");
  track_update(kNothing, created, schema(), manager("kubectl"));
  EXPECT_EQ(created["metadata"]["managedFields"],
            Json::parse(R"([{"apiVersion":"g/v1","fieldsType":"FieldsV1","fieldsV1":
    {"f:metadata":{"f:annotations":{".":{},"f:n":{}}},
     "f:spec":{".":{},"f:checkpoints":{".":{},"f:interval":{}},"f:sql":{}}},
    "manager":"kubectl","operation":"Update","time":"2026-01-01T00:00:00Z"}])"));
}

TEST(TrackUpdate, ChangedFieldsChangeTheirOwner) {
  Json first = object(R"({"sql":"x","parallelism":1})");
  track_update(kNothing, first, schema(), manager("one"));
  Json second = first;
  second["spec"]["parallelism"] = 2;
  track_update(first, second, schema(), manager("two", "scale"));
  const Json& fields = second["metadata"]["managedFields"];
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[0]["fieldsV1"], Json::parse(R"({"f:spec":{".":{},"f:sql":{}}})"));
  EXPECT_EQ(fields[1]["fieldsV1"], Json::parse(R"({"f:spec":{"f:parallelism":{}}})"));
  EXPECT_EQ(fields[1]["subresource"], "scale");
}

TEST(TrackUpdate, NothingChangedLeavesTheEntriesAlone) {
  Json first = object(R"({"sql":"x"})");
  track_update(kNothing, first, schema(), manager("one"));
  Json second = first;
  track_update(first, second, schema(), manager("two"));
  EXPECT_EQ(second, first);
}

TEST(Apply, ListItemsAndSetMembersAreSharedByKey) {
  const Json first =
      apply(kNothing, R"({"sql":"SELECT 1","sinks":[{"name":"a","url":"x"}],"tags":["t1"]})", "m1");
  const Json second = apply(first, R"({"sinks":[{"name":"b","url":"y"}],"tags":["t2"]})", "m2");
  EXPECT_EQ(second["spec"]["sinks"],
            Json::parse(R"([{"name":"a","url":"x"},{"name":"b","url":"y"}])"));
  EXPECT_EQ(second["spec"]["tags"], Json::parse(R"(["t1","t2"])"));
}

TEST(Apply, FieldsThatAreGivenUpGoUnlessOthersOwnThem) {
  const Json first =
      apply(kNothing,
            R"({"sql":"a","args":["1"],"tags":["t1","t2"],"checkpoints":{"interval":"1s"}})", "m1");
  const Json both = apply(first, R"({"tags":["t2"]})", "m2");
  const Json after = apply(both, R"({"sql":"a"})", "m1");
  EXPECT_EQ(after["spec"], Json::parse(R"({"sql":"a","tags":["t2"]})"));
}

TEST(Apply, TheSameAgainChangesNothing) {
  const Json first = apply(kNothing, R"({"sql":"a","sinks":[{"name":"x"}]})", "m1");
  EXPECT_EQ(apply(first, R"({"sql":"a","sinks":[{"name":"x"}]})", "m1"), first);
}

TEST(Apply, ConflictsNameManagersAndFields) {
  const Json live = apply(kNothing, R"({"args":["1"],"sinks":[{"name":"a","url":"x"}]})", "m1");
  const auto result =
      apply_fields(live, object(R"({"args":["2"],"sinks":[{"name":"a","url":"z"}]})"), schema(),
                   manager("m3"), false);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, 409);
  EXPECT_EQ(result.error().message,
            "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .spec.args\n- "
            ".spec.sinks[name=\"a\"].url");
}

TEST(Apply, ConflictWithAnUpdateNamesItsVersionAndSubresource) {
  Json live = object(R"({"parallelism":1})");
  track_update(kNothing, live, schema(), manager("hpa", "scale"));
  const auto result =
      apply_fields(live, object(R"({"parallelism":2})"), schema(), manager("me"), false);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message,
            "Apply failed with 1 conflict: conflict with \"hpa\" with subresource \"scale\" using "
            "g/v1: .spec.parallelism");
}

TEST(Apply, ForceTakesTheFieldAway) {
  const Json live = apply(kNothing, R"({"parallelism":1,"sql":"a"})", "m1");
  const Json forced = apply(live, R"({"parallelism":2})", "m2", true);
  EXPECT_EQ(forced["spec"]["parallelism"], 2);
  EXPECT_EQ(forced["metadata"]["managedFields"][0]["fieldsV1"],
            Json::parse(R"({"f:spec":{"f:sql":{}}})"));
}

TEST(Apply, SameValueIsSharedWithoutConflict) {
  const Json live = apply(kNothing, R"({"parallelism":1})", "m1");
  const Json shared = apply(live, R"({"parallelism":1})", "m2");
  EXPECT_EQ(shared["metadata"]["managedFields"].size(), 2u);
  EXPECT_EQ(apply(shared, R"({})", "m1")["spec"]["parallelism"], 1) << "m2 still owns it";
}

TEST(UndeclaredFields, AreNamedAsTheTypedPatchErrorNamesThem) {
  EXPECT_EQ(undeclared_fields(object(R"({"paralelism":2,"sinks":[{"name":"a","x":1}]})"), schema()),
            (std::vector<std::string>{".spec.paralelism", ".spec.sinks[name=\"a\"].x"}));
}

}  // namespace
}  // namespace penstock::apiserver
