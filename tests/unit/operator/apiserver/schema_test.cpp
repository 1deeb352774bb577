#include "operator/apiserver/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace penstock::apiserver {
namespace {

const Json& schema() {
  static const Json kSchema =
      Json::parse(R"({"type":"object","required":["spec"],"properties":{"spec":{
    "type":"object","required":["sql"],"properties":{
      "sql":{"type":"string","minLength":1},
      "parallelism":{"type":"integer","minimum":1,"maximum":720,"default":1},
      "state":{"type":"string","enum":["Running","Suspended"]},
      "name":{"type":"string","pattern":"^[a-z]+$"},
      "memory":{"x-kubernetes-int-or-string":true},
      "keep":{"type":"integer","nullable":true,"default":3},
      "checkpoints":{"type":"object","default":{},"properties":{"interval":{"type":"string","default":"10s"}}},
      "config":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
      "labels":{"type":"object","additionalProperties":{"type":"string"}},
      "sinks":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
        "items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"retries":{"type":"integer","default":5}}}},
      "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}}})");
  return kSchema;
}

struct Case {
  const char* name;
  const char* spec;
  std::vector<std::string> expect;  // "field: message"
};

class Validate : public testing::TestWithParam<Case> {};

TEST_P(Validate, NamesWhatIsWrong) {
  const Json object{{"spec", Json::parse(GetParam().spec)}};
  std::vector<std::string> found;
  for (const FieldError& error : validate(object, schema())) {
    if (error.field != "<nil>") found.push_back(error.field + ": " + error.message);
  }
  EXPECT_EQ(found, GetParam().expect);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Validate,
    testing::Values(
        Case{.name = "NothingWrong",
             .spec = R"({"sql":"x","parallelism":2,"memory":"1Gi","keep":null})",
             .expect = {}},
        Case{.name = "Required", .spec = R"({})", .expect = {"spec.sql: Required value"}},
        Case{.name = "Range",
             .spec = R"({"sql":"","parallelism":721})",
             .expect = {"spec.parallelism: Invalid value: 721: spec.parallelism in body should be "
                        "less than or equal to 720",
                        "spec.sql: Invalid value: \"\": spec.sql in body should be at least 1 "
                        "chars long"}},
        Case{.name = "WrongType",
             .spec = R"({"sql":"x","parallelism":"two"})",
             .expect = {"spec.parallelism: Invalid value: \"string\": spec.parallelism in body "
                        "must be of type integer: \"string\""}},
        Case{.name = "Enum",
             .spec = R"({"sql":"x","state":"Paused"})",
             .expect = {"spec.state: Unsupported value: \"Paused\": supported values: \"Running\", "
                        "\"Suspended\""}},
        Case{.name = "Pattern",
             .spec = R"({"sql":"x","name":"A1"})",
             .expect =
                 {"spec.name: Invalid value: \"A1\": spec.name in body should match '^[a-z]+$'"}},
        Case{.name = "IntOrString",
             .spec = R"({"sql":"x","memory":true})",
             .expect = {"spec.memory: Invalid value: \"boolean\": spec.memory in body must be of "
                        "type integer,string: \"boolean\""}},
        Case{.name = "DuplicatesComeLast",
             .spec = R"({"sinks":[{"name":"x"},{},{"name":"x"}],"tags":["a","a"]})",
             .expect = {"spec.sinks[1].name: Required value", "spec.sql: Required value",
                        "spec.sinks[2]: Duplicate value: {\"name\":\"x\"}",
                        "spec.tags[1]: Duplicate value: \"a\""}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ValidateRest, PresenceErrorsSayThatRulesWereNotChecked) {
  const auto errors = validate(Json::parse(R"({"spec":{}})"), schema());
  ASSERT_EQ(errors.size(), 2u);
  EXPECT_EQ(errors.back().field, "<nil>");
  EXPECT_EQ(validate(Json::parse(R"({"spec":{"sql":"x","parallelism":0}})"), schema()).size(), 1u);
}

TEST(Prune, RemovesUndeclaredFieldsAndNamesThem) {
  Json object =
      Json::parse(R"({"kind":"K","metadata":{"any":1},"extra":1,"spec":{"sql":"x","nope":1,
    "config":{"kept":{"deep":1}},"labels":{"a":"b"},"sinks":[{"name":"a","bad":1}]}})");
  EXPECT_EQ(prune(object, schema()),
            (std::vector<std::string>{"extra", "spec.nope", "spec.sinks[0].bad"}));
  EXPECT_EQ(object, Json::parse(R"({"kind":"K","metadata":{"any":1},"spec":{"sql":"x",
    "config":{"kept":{"deep":1}},"labels":{"a":"b"},"sinks":[{"name":"a"}]}})"));
}

TEST(Defaults, FillInWhatIsAbsentAtEveryDepth) {
  Json object = Json::parse(R"({"spec":{"sql":"x","sinks":[{"name":"a"}]}})");
  apply_defaults(object, schema());
  EXPECT_EQ(
      object,
      Json::parse(R"({"spec":{"sql":"x","parallelism":1,"keep":3,"checkpoints":{"interval":"10s"},
    "sinks":[{"name":"a","retries":5}]}})"));
}

TEST(Defaults, NullStaysOnlyWhereItIsAllowed) {
  Json object = Json::parse(R"({"spec":{"sql":"x","parallelism":null,"keep":null}})");
  drop_nulls(object, schema());
  apply_defaults(object, schema());
  EXPECT_EQ(object["spec"]["parallelism"], 1);
  EXPECT_TRUE(object["spec"]["keep"].is_null());
}

}  // namespace
}  // namespace penstock::apiserver
