#include "operator/apiserver/builtin_types.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/apiserver/builtin_rules.h"
#include "operator/apiserver/managed_fields.h"
#include "operator/apiserver/schema.h"
#include "operator/apiserver/service_rules.h"

namespace penstock::apiserver {
namespace {

TEST(BuiltinSchema, KnowsFieldsDefaultsAndKeys) {
  const Json pod = builtin_schema("Pod");
  const Json& container = pod.at("/properties/spec/properties/containers/items"_json_pointer);
  EXPECT_EQ(container.at("/properties/ports/x-kubernetes-list-map-keys"_json_pointer),
            Json::parse(R"(["containerPort","protocol"])"));
  EXPECT_EQ(
      container.at("/properties/livenessProbe/properties/failureThreshold/default"_json_pointer),
      3);
  EXPECT_EQ(container.at("/properties/env/items/properties/valueFrom/properties/secretKeyRef/"
                         "x-kubernetes-map-type"_json_pointer),
            "atomic");
  EXPECT_EQ(container["required"], Json::parse(R"(["name"])"));
  EXPECT_EQ(pod.at("/properties/spec/properties/containers/description"_json_pointer),
            "List of containers belonging to the pod.");
  EXPECT_EQ(
      builtin_schema("ConfigMap").at("/properties/data/additionalProperties/type"_json_pointer),
      "string");
}

TEST(BuiltinSchema, ServedKindsAllHaveOne) {
  for (const KindDefinition& kind : builtin_kinds())
    EXPECT_FALSE((*kind.schema)["properties"].empty()) << kind.kind;
}

// Applies `patch` to `live` as `who`, by the schema of Pods.
Json apply(const Json& live, const char* patch, const std::string& who) {
  const auto result = apply_fields(live, Json::parse(patch), builtin_schema("Pod"),
                                   {who, "v1", "", "2026-01-01T00:00:00Z"}, false);
  EXPECT_TRUE(result) << result.error().message;
  return result ? *result : live;
}

TEST(BuiltinApply, TwoManagersShareAContainerByItsKeys) {
  Json live = Json::parse(R"({"metadata":{}})");
  live = apply(live, R"({"spec":{"containers":[{"name":"a","image":"x",
                        "ports":[{"containerPort":80}],"env":[{"name":"A","value":"1"}]}]}})",
               "one");
  live = apply(live, R"({"spec":{"containers":[{"name":"a",
                        "ports":[{"containerPort":80,"protocol":"UDP"}],
                        "env":[{"name":"B","value":"2"}]}]}})",
               "two");
  const Json& container = live["spec"]["containers"][0];
  EXPECT_EQ(live["spec"]["containers"].size(), 1u);
  EXPECT_EQ(container["ports"].size(), 2u) << "TCP is meant where nothing is said";
  EXPECT_EQ(container["env"].size(), 2u);
  live = apply(live, R"({"spec":{"containers":[{"name":"a","image":"x"}]}})", "one");
  EXPECT_EQ(live["spec"]["containers"][0]["env"], Json::parse(R"([{"name":"B","value":"2"}])"));
  EXPECT_EQ(live["spec"]["containers"][0]["ports"].size(), 1u);
}

TEST(BuiltinApply, AtomicPartsAreReplacedWhole) {
  Json live = Json::parse(R"({"metadata":{}})");
  live = apply(live, R"({"spec":{"nodeSelector":{"a":"1","b":"2"}}})", "one");
  live = apply(live, R"({"spec":{"nodeSelector":{"c":"3"}}})", "one");
  EXPECT_EQ(live["spec"]["nodeSelector"], Json::parse(R"({"c":"3"})"));
}

struct ShapeCase {
  const char* name;
  const char* object;
  const char* field;  // "" where it fits
};
class BuiltinShape : public testing::TestWithParam<ShapeCase> {};

TEST_P(BuiltinShape, IsHeldToItsType) {
  for (const KindDefinition& kind : builtin_kinds()) {
    if (kind.kind != "Pod") continue;
    const auto fits = check_builtin_types(kind, Json::parse(GetParam().object));
    ASSERT_EQ(static_cast<bool>(fits), std::string_view(GetParam().field).empty());
    if (fits) continue;
    EXPECT_EQ(fits.error().code, 400);
    EXPECT_NE(fits.error().message.find(GetParam().field), std::string::npos)
        << fits.error().message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, BuiltinShape,
    testing::Values(
        ShapeCase{"NullFitsAnywhere", R"({"spec":null})", ""},
        ShapeCase{"ListsAreLists", R"({"spec":{"containers":"x"}})", "Pod.spec.containers"},
        ShapeCase{"ItemsHaveTypes", R"({"spec":{"containers":[1]}})", "cannot unmarshal number"},
        ShapeCase{"ItemsAreThere", R"({"spec":{"containers":[null]}})", "null"},
        ShapeCase{"TextIsText", R"({"spec":{"nodeName":true}})", "cannot unmarshal bool"},
        ShapeCase{"QuantitiesMayBeNumbers",
                  R"({"spec":{"containers":[{"resources":{"limits":{"cpu":1}}}]}})", ""},
        ShapeCase{"MapsHoldTexts", R"({"spec":{"nodeSelector":{"a":1}}})", "nodeSelector.a"}),
    [](const auto& row) { return std::string(row.param.name); });

Json service(const char* spec) {
  Json json{{"metadata", {{"name", "s"}}}, {"spec", Json::parse(spec)}};
  apply_defaults(json, builtin_schema("Service"));
  complete_service(json, nullptr);
  return json;
}

TEST(Services, GetTheFirstFreeAddress) {
  TakenAddresses taken;
  Json first = service(R"({"ports":[{"port":80}]})");
  ASSERT_TRUE(assign_addresses(first, taken));
  EXPECT_EQ(first["spec"]["clusterIP"], "10.96.0.1");
  EXPECT_EQ(first["spec"]["ports"][0]["targetPort"], 80);
  add_taken(first, taken);
  Json second = service(R"({"type":"NodePort","ports":[{"port":80},{"port":81}]})");
  ASSERT_TRUE(assign_addresses(second, taken));
  EXPECT_EQ(second["spec"]["clusterIPs"], Json::parse(R"(["10.96.0.2"])"));
  EXPECT_EQ(second["spec"]["ports"][1]["nodePort"], 30001);
  Json third = service(R"({"clusterIP":"10.96.0.1","ports":[{"port":80}]})");
  EXPECT_EQ(assign_addresses(third, taken).error().code, 422);
  Json headless = service(R"({"clusterIP":"None"})");
  ASSERT_TRUE(assign_addresses(headless, taken));
  EXPECT_EQ(headless["spec"]["clusterIPs"], Json::parse(R"(["None"])"));
}

}  // namespace
}  // namespace penstock::apiserver
