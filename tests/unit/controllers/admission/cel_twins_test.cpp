// Each CEL rule of the CRDs has a case that breaks it, and a twin here that says the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

#include "controllers/admission/admission.h"
#include "controllers/api/crd.h"

namespace penstock {
namespace {

using nlohmann::json;

// Where a rule stands: kind, path in the schema, text.
using Place = std::tuple<std::string, std::string, std::string>;

json cases() {
  std::ifstream in(std::string(PENSTOCK_SOURCE_DIR) + "/tests/support/cel_cases.json");
  return json::parse(in);
}

void collect(const std::string& kind, const std::string& path, const json& schema,
             std::set<Place>& rules) {
  if (schema.contains("x-kubernetes-validations"))
    for (const json& rule : schema["x-kubernetes-validations"])
      rules.emplace(kind, path, rule["rule"].get<std::string>());
  if (schema.contains("properties"))
    for (const auto& [name, inner] : schema["properties"].items())
      collect(kind, path.empty() ? name : path + "." + name, inner, rules);
  if (schema.contains("items")) collect(kind, path + "[]", schema["items"], rules);
}

std::string object(const std::string& kind, const json& spec) {
  return json{{"apiVersion", "penstock.dev/v1alpha1"},
              {"kind", kind},
              {"metadata", {{"name", "a"}}},
              {"spec", spec}}
      .dump();
}

TEST(CelRules, EachHasACaseAndEachCaseARule) {
  std::set<Place> rules, broken;
  for (const std::string_view kind : api::kinds())
    collect(std::string(kind), "", json::parse(api::schema_json(kind)), rules);
  const json all = cases();
  for (const json& it : all["cases"]) broken.emplace(it["kind"], it["at"], it["rule"]);
  std::vector<Place> without_case, without_rule;
  std::ranges::set_difference(rules, broken, std::back_inserter(without_case));
  std::ranges::set_difference(broken, rules, std::back_inserter(without_rule));
  EXPECT_THAT(without_case, testing::IsEmpty()) << "give them one in tests/support/cel_cases.json";
  EXPECT_THAT(without_rule, testing::IsEmpty()) << "in tests/support/cel_cases.json";
  EXPECT_GT(rules.size(), 30u);
}

TEST(CelRules, TheirTwinsSayTheSameAboutTheSameField) {
  const json all = cases();
  for (const auto& [kind, spec] : all["valid"].items())
    EXPECT_TRUE(check_json(kind, object(kind, spec)).accepted()) << kind;
  for (const json& it : all["cases"]) {
    const std::string kind = it["kind"];
    json spec = all["valid"][kind], before = spec;
    spec.merge_patch(it["spec"]);
    if (it.contains("before")) before.merge_patch(it["before"]);
    const Verdict verdict =
        check_json(kind, object(kind, spec), it.contains("before") ? object(kind, before) : "");
    ASSERT_EQ(verdict.causes.size(), 1u) << it << api::join(verdict.causes);
    EXPECT_EQ(verdict.causes[0].path, it["field"]) << it;
    EXPECT_EQ(verdict.causes[0].message, it["message"]) << it;
  }
}

}  // namespace
}  // namespace penstock
