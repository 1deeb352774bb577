#include "controllers/api/crd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "controllers/api/formats.h"
#include "controllers/api/json.h"
#include "controllers/api/stream_job.h"
#include "controllers/api/yaml.h"

namespace penstock::api {
namespace {

using nlohmann::json;

// Calls `visit(path, schema)` for a schema and everything below it.
void walk(const std::string& path, const json& schema,
          const std::function<void(const std::string&, const json&)>& visit) {
  visit(path, schema);
  if (schema.contains("properties"))
    for (const auto& [name, inner] : schema["properties"].items())
      walk(path + "." + name, inner, visit);
  if (schema.contains("items")) walk(path + "[]", schema["items"], visit);
  if (schema.contains("additionalProperties"))
    walk(path + ".*", schema["additionalProperties"], visit);
}

json schema_of(std::string_view kind) {
  return json::parse(crd_json(kind))["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
}

// What the API server fills in for a value that lacks it.
void fill_defaults(json& value, const json& schema) {
  if (!value.is_object() || !schema.contains("properties")) return;
  for (const auto& [name, inner] : schema["properties"].items()) {
    if (!value.contains(name) && inner.contains("default")) value[name] = inner["default"];
    if (value.contains(name)) fill_defaults(value[name], inner);
  }
}

TEST(Crd, IsStructuralAndBoundsEverything) {
  for (const std::string_view kind : kinds()) {
    walk(std::string(kind), schema_of(kind), [&](const std::string& path, const json& schema) {
      const bool quantity = schema.contains("x-kubernetes-int-or-string");
      ASSERT_TRUE(schema.contains("type") || quantity) << path;
      const std::string type = quantity ? "quantity" : schema["type"].get<std::string>();
      if (type == "array") {
        EXPECT_TRUE(schema.contains("maxItems")) << path;
        EXPECT_TRUE(schema.contains("x-kubernetes-list-type")) << path;
      }
      const bool top = path.ends_with(".apiVersion") || path.ends_with(".kind");
      if (type == "string" && !top) {
        EXPECT_TRUE(schema.contains("maxLength") || schema.contains("enum")) << path;
      }
      if (schema.contains("additionalProperties")) {
        EXPECT_TRUE(schema.contains("maxProperties")) << path;
      }
      if (path.find(".status") != std::string::npos) {
        EXPECT_FALSE(schema.contains("default")) << path;
      }
      if (!schema.contains("x-kubernetes-list-map-keys")) return;
      const json& item = schema["items"];
      EXPECT_THAT(item["required"], testing::Contains(schema["x-kubernetes-list-map-keys"][0]))
          << path;
    });
    EXPECT_LT(crd_json(kind).size(), 60'000u) << kind;
  }
}

TEST(Crd, DefaultsOfTheSchemaAreThoseOfTheStructs) {
  json spec = json::object();
  fill_defaults(spec, schema_of("StreamJob")["properties"]["spec"]);
  EXPECT_EQ(spec["checkpoints"]["interval"], "10s");
  EXPECT_EQ(spec["resources"]["slot"]["memory"], "256Mi");
  EXPECT_EQ(spec["upgrade"]["rollback"], true);
  const auto decoded = decode<StreamJobSpec>(spec);
  EXPECT_TRUE(decoded.errors.empty()) << join(decoded.errors);
  EXPECT_TRUE(decoded.unknown.empty());
  EXPECT_EQ(decoded.value, StreamJobSpec{});
  EXPECT_TRUE(not_implemented(decoded.value, "spec").empty());

  json policy = json::object();
  fill_defaults(policy, schema_of("ScalingPolicy")["properties"]["spec"]);
  EXPECT_EQ(policy["behavior"]["scaleDown"]["policies"][0]["value"], 50);
  EXPECT_EQ(decode<ScalingPolicySpec>(policy).value, ScalingPolicySpec{});
}

TEST(Crd, DefaultsAreValidByTheirOwnSchema) {
  for (const std::string_view kind : kinds())
    walk(std::string(kind), schema_of(kind), [&](const std::string& path, const json& schema) {
      if (!schema.contains("default")) return;
      const json& it = schema["default"];
      if (schema.contains("enum")) {
        EXPECT_THAT(schema["enum"], testing::Contains(it)) << path;
      }
      if (schema.contains("minimum")) {
        EXPECT_GE(it, schema["minimum"]) << path;
      }
      if (schema.contains("maximum")) {
        EXPECT_LE(it, schema["maximum"]) << path;
      }
      if (it.is_object()) {
        EXPECT_FALSE(schema.contains("required")) << path;
      }
    });
}

TEST(Crd, HasWhatKubectlNeeds) {
  const json crd = json::parse(crd_json("StreamJob"));
  EXPECT_EQ(crd["metadata"]["name"], "streamjobs.penstock.dev");
  EXPECT_EQ(crd["spec"]["names"]["shortNames"], json::array({"sj"}));
  EXPECT_EQ(crd["spec"]["names"]["categories"], json::array({"penstock"}));
  const json& version = crd["spec"]["versions"][0];
  EXPECT_EQ(version["subresources"]["scale"]["specReplicasPath"], ".spec.parallelism");
  EXPECT_EQ(version["subresources"]["scale"]["labelSelectorPath"], ".status.selector");
  EXPECT_GE(version["additionalPrinterColumns"].size(), 6u);
  for (const std::string_view kind : kinds())
    EXPECT_TRUE(
        json::parse(crd_json(kind))["spec"]["versions"][0]["subresources"].contains("status"))
        << kind;
}

TEST(Crd, FilesInTheTreeAreUpToDate) {
  for (const GeneratedFile& file : generated_files()) {
    std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/" + file.path);
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), file.text) << file.path << ": run ./dev generate";
  }
}

TEST(Yaml, QuotesWhatAReaderWouldTakeForSomethingElse) {
  const auto value = nlohmann::ordered_json::parse(
      R"({"z": "plain text", "a": "true", "b": "1", "c": "", "d": "a: b", "e": ["x", {"k": [], "l": {}}], "f": 2, "yes": null, "g": "tail "})");
  EXPECT_EQ(to_yaml(value),
            "z: plain text\na: \"true\"\nb: \"1\"\nc: \"\"\nd: \"a: b\"\ne:\n- x\n- k: []\n  l: "
            "{}\nf: 2\n\"yes\": null\ng: "
            "\"tail \"\n");
}

TEST(Formats, CheckWhatTheirPatternsSay) {
  for (const char* good : {"a", "a-b", "a.b", "1.2-3.c"})
    EXPECT_TRUE(matches(Format::kObjectName, good)) << good;
  for (const char* bad : {"", "-a", "a-", "a..b", "a.-b", "a-.b", "A", "a_b", ".a"})
    EXPECT_FALSE(matches(Format::kObjectName, bad)) << bad;
  EXPECT_FALSE(matches(Format::kLabelName, "a.b"));
  EXPECT_TRUE(matches(Format::kVariable, "_A1"));
  EXPECT_FALSE(matches(Format::kVariable, "1A"));
}

}  // namespace
}  // namespace penstock::api
