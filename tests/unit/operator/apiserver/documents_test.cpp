#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/apiserver/builtin_rules.h"
#include "operator/apiserver/discovery.h"
#include "operator/apiserver/json_path.h"
#include "operator/apiserver/openapi.h"
#include "operator/apiserver/table.h"

// Discovery, OpenAPI and tables: what tells kubectl about kinds and shows objects.

namespace penstock::apiserver {
namespace {

constexpr const char* kCrd =
    R"({"metadata":{"name":"jobs.x.dev"},"spec":{"group":"x.dev","scope":"Namespaced",
  "names":{"plural":"jobs","kind":"Job","shortNames":["jb"],"categories":["all"]},
  "versions":[{"name":"v1","subresources":{"status":{},"scale":{"specReplicasPath":".spec.n","statusReplicasPath":".status.n"}},
    "additionalPrinterColumns":[{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type=='Ready')].status"},
                                {"name":"N","type":"integer","jsonPath":".spec.n"},
                                {"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}],
    "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object"}}}}}]}})";

KindTable kinds() {
  std::vector<KindDefinition> all = builtin_kinds();
  all.push_back(*kind_from_crd(kCrd));
  return KindTable(std::move(all));
}

TEST(KindFromCrd, ReadsNamesSubresourcesAndColumns) {
  const auto kind = kind_from_crd(kCrd);
  ASSERT_TRUE(kind);
  EXPECT_EQ(kind->singular, "job");
  EXPECT_EQ(kind->list_kind, "JobList");
  EXPECT_TRUE(kind->has_status);
  EXPECT_EQ(kind->scale->spec, ".spec.n");
  EXPECT_EQ(kind->columns.size(), 3u);
  EXPECT_EQ(kind_from_crd(R"({"spec":{}})").error().code, Code::kInvalid);
  EXPECT_EQ(kind_from_crd("nonsense").error().code, Code::kInvalid);
}

TEST(Discovery, AggregatedAndPlainTellTheSame) {
  const KindTable table = kinds();
  const Json all = aggregated_discovery(table, false);
  bool found = false;
  for (const Json& group : all["items"]) {
    if (group["metadata"]["name"] != "x.dev") continue;
    found = true;
    const Json& resource = group["versions"][0]["resources"][0];
    EXPECT_EQ(resource["resource"], "jobs");
    EXPECT_EQ(resource["shortNames"], Json::parse(R"(["jb"])"));
    EXPECT_EQ(resource["subresources"].size(), 2u);
  }
  EXPECT_TRUE(found);
  const Json plain = resource_list(table, "x.dev", "v1");
  EXPECT_EQ(plain["resources"].size(), 3u);
  EXPECT_EQ(plain["resources"][2]["kind"], "Scale");
  EXPECT_TRUE(group_document(table, "none.dev").is_null());
}

TEST(OpenApiDocuments, IndexPointsAtDocumentsByHash) {
  const KindTable table = kinds();
  const OpenApi openapi(table);
  const Json index = Json::parse(openapi.index());
  const OpenApi::Document* document = openapi.document("apis/x.dev/v1");
  ASSERT_NE(document, nullptr);
  EXPECT_EQ(index["paths"]["apis/x.dev/v1"]["serverRelativeURL"],
            "/openapi/v3/apis/x.dev/v1?hash=" + document->hash);
  const Json json = Json::parse(document->json);
  EXPECT_TRUE(json["components"]["schemas"].contains("dev.x.v1.Job"));
  EXPECT_EQ(openapi.document("apis/none/v1"), nullptr);
}

TEST(OpenApiDocuments, Version2IsAProtobufDocument) {
  EXPECT_EQ(openapi_v2_protobuf().substr(0, 5), std::string("\x0a\x03"
                                                            "2.0"));
}

TEST(Table, CustomCellsFollowTheirPaths) {
  const KindTable table = kinds();
  const Json object = Json::parse(
      R"({"metadata":{"name":"a","creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{"n":3},
    "status":{"conditions":[{"type":"Other","status":"False"},{"type":"Ready","status":"True"}]}})");
  EXPECT_EQ(table_cells(*table.find("x.dev", "v1", "jobs"), object, 1'767'225'605'000),
            Json::parse(R"(["a","True",3,"5s"])"));
}

TEST(Table, MissingValuesAreNull) {
  const KindTable table = kinds();
  const Json cells = table_cells(*table.find("x.dev", "v1", "jobs"),
                                 Json::parse(R"({"metadata":{"name":"a"}})"), 0);
  EXPECT_EQ(cells, Json::parse(R"(["a",null,null,null])"));
}

TEST(Table, PodsSayWhyTheyDoNotRun) {
  const KindTable table = kinds();
  const Json pod =
      Json::parse(R"({"metadata":{"name":"p","creationTimestamp":"2026-01-01T00:00:00Z"},
    "spec":{"containers":[{"name":"c"}]},"status":{"phase":"Pending",
    "containerStatuses":[{"ready":false,"restartCount":2,"state":{"waiting":{"reason":"ErrImagePull"}}}]}})");
  const Json cells = table_cells(*table.find("", "v1", "pods"), pod, 1'767'225'605'000);
  EXPECT_EQ(
      cells,
      Json::parse(R"(["p","0/1","ErrImagePull","2","5s","<none>","<none>","<none>","<none>"])"));
}

TEST(JsonPath, SetAndFind) {
  Json object = Json::object();
  set_path(object, ".spec.deep.value", 7);
  EXPECT_EQ(*find_path(object, ".spec.deep.value"), 7);
  EXPECT_EQ(find_path(object, ".spec.none.value"), nullptr);
  EXPECT_EQ(*find_path(Json::parse(R"({"a":[{"b":1}]})"), ".a[0].b"), 1);
}

TEST(Events, TheTwoGroupsAreViewsOfOneStore) {
  const Json v1 = Json::parse(
      R"({"apiVersion":"events.k8s.io/v1","kind":"Event","regarding":{"name":"a"},"note":"n",
    "reportingController":"c","eventTime":"t"})");
  const Json core = event_to_core(v1);
  EXPECT_EQ(core["message"], "n");
  EXPECT_EQ(core["involvedObject"]["name"], "a");
  EXPECT_EQ(event_from_core(core), v1);
}

}  // namespace
}  // namespace penstock::apiserver
