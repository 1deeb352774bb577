#include "operator/apiserver/request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "operator/apiserver/protobuf.h"
#include "operator/apiserver/selectors.h"
#include "operator/apiserver/time_text.h"
#include "operator/apiserver/yaml.h"

namespace penstock::apiserver {
namespace {

KindTable kinds() { return KindTable(builtin_kinds()); }

struct RouteCase {
  const char* name;
  const char* path;
  const char* expect;  // "plural|namespace|name|subresource", or "" for none
};

class ParseRoute : public testing::TestWithParam<RouteCase> {};

TEST_P(ParseRoute, Table) {
  const KindTable table = kinds();
  const auto route = parse_route(GetParam().path, table);
  const std::string found = route ? route->kind->plural + "|" + route->name_space + "|" +
                                        route->name + "|" + route->subresource
                                  : "";
  EXPECT_EQ(found, GetParam().expect);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseRoute,
    testing::Values(
        RouteCase{"NamespacedObject", "/api/v1/namespaces/default/pods/p1", "pods|default|p1|"},
        RouteCase{"Subresource", "/api/v1/namespaces/default/pods/p1/log", "pods|default|p1|log"},
        RouteCase{"AllNamespaces", "/api/v1/pods", "pods|||"},
        RouteCase{"Namespace", "/api/v1/namespaces/default", "namespaces||default|"},
        RouteCase{"NamespaceStatus", "/api/v1/namespaces/default/status",
                  "namespaces||default|status"},
        RouteCase{"ClusterObject", "/api/v1/nodes/n1", "nodes||n1|"},
        RouteCase{"Group", "/apis/coordination.k8s.io/v1/namespaces/a/leases/l", "leases|a|l|"},
        RouteCase{"EscapedName", "/api/v1/nodes/a%2Db", "nodes||a-b|"},
        RouteCase{"NamespacedWithoutNamespace", "/api/v1/pods/p1", ""},
        RouteCase{"ClusterKindInNamespace", "/api/v1/namespaces/default/nodes/n1", ""},
        RouteCase{"UnknownKind", "/api/v1/namespaces/default/replicasets/x", ""},
        RouteCase{"UnknownGroup", "/apis/apps/v1/deployments", ""},
        RouteCase{"TooLong", "/api/v1/nodes/a/b/c", ""}, RouteCase{"Root", "/", ""}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Query, DecodesAndKeepsTheFirst) {
  const Query query("a=1&b=x%3Dy&c&a=2&watch=notabool");
  EXPECT_EQ(query.get("a"), "1");
  EXPECT_EQ(query.get("b"), "x=y");
  EXPECT_TRUE(query.has("c"));
  EXPECT_TRUE(query.flag("watch"));
  EXPECT_FALSE(query.flag("none"));
}

TEST(WriteOptions, ManagerComesFromTheUserAgent) {
  EXPECT_EQ(parse_write_options(Query(""), "curl/7.88.1", "PatchOptions", false)->field_manager,
            "curl");
  EXPECT_EQ(parse_write_options(Query(""), "curl/7.88.1", "PatchOptions", true).error().code, 422);
  EXPECT_EQ(parse_write_options(Query("dryRun=Some"), "x", "PatchOptions", false).error().code,
            422);
  EXPECT_EQ(parse_write_options(Query("force=true"), "x", "PatchOptions", false).error().code, 422);
  EXPECT_EQ(
      parse_write_options(Query("fieldValidation=Maybe"), "x", "PatchOptions", false).error().code,
      422);
}

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// Bodies as kubectl 1.32 sends them.
TEST(Protobuf, NamespaceOfKubectl) {
  const auto object =
      decode_protobuf(bytes_of("6b3873000a0f0a02763112094e616d657370616365121e0a160a067465616d2d611"
                               "2001a0022002a0032003800420012001a020a001a002200"));
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ((*object)["kind"], "Namespace");
  EXPECT_EQ((*object)["metadata"], Json::parse(R"({"name":"team-a"})"));
}

TEST(Protobuf, ConfigMapOfKubectl) {
  const auto object =
      decode_protobuf(bytes_of("6b3873000a0f0a0276311209436f6e6669674d617012260a140a04706c616e12001"
                               "a0022002a0032003800420012060a01611201"
                               "3112060a01621201321a002200"));
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ((*object)["data"], Json::parse(R"({"a":"1","b":"2"})"));
}

TEST(Protobuf, SecretOfKubectlIsBase64) {
  const auto object =
      decode_protobuf(bytes_of("6b3873000a0c0a027631120653656372657412230a120a02707712001a0022002a0"
                               "0320038004200120b0a04757365721203616e6e1a001a002200"));
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ((*object)["data"], Json::parse(R"({"user":"YW5u"})"));
}

TEST(Protobuf, EveryPrefixOfABodyIsRefusedOrReadWithoutHarm) {
  const std::string whole = bytes_of(
      "6b3873000a0f0a02763112094e616d657370616365121e0a160a067465616d2d6112001a0022002a003200380042"
      "0012001a020a001a002200");
  for (std::size_t size = 0; size < 20; ++size)
    EXPECT_FALSE(decode_protobuf(whole.substr(0, size))) << size;
  EXPECT_FALSE(decode_protobuf(bytes_of("6b387300ffffffffffffffffffff")));
  EXPECT_FALSE(decode_protobuf("{}"));
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string block(int field, const std::string& bytes) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(bytes.size()) + bytes;
}

TEST(Protobuf, TimeBeyondTheYear9999IsRefused) {
  const auto lease = [](std::uint64_t seconds) {
    const std::string time = varint(1 << 3) + varint(seconds);
    return std::string("k8s\0", 4) +
           block(1, block(1, "coordination.k8s.io/v1") + block(2, "Lease")) +
           block(2, block(2, block(4, time)));
  };
  const auto read = decode_protobuf(lease(1'767'225'600));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)["spec"]["renewTime"], "2026-01-01T00:00:00.000000Z");
  for (const std::uint64_t seconds :
       {std::uint64_t{253'402'300'800}, std::uint64_t{1} << 62, UINT64_MAX << 40}) {
    const auto refused = decode_protobuf(lease(seconds));
    ASSERT_FALSE(refused) << seconds;
    EXPECT_EQ(refused.error().code, 400);
  }
}

TEST(LabelSelector, Table) {
  const Json object = Json::parse(R"({"metadata":{"labels":{"team":"a","size":"7"}}})");
  const auto matches = [&](const char* text) {
    auto parsed = parse_label_selector(text);
    EXPECT_TRUE(parsed) << text;
    Selector selector;
    selector.labels = *parsed;
    return selector.matches(object);
  };
  for (const char* text : {"", "team", "team=a", "team==a", "team!=b", "team in (a, b)",
                           "team notin (b)", "!none", "size>6", "team=a,size=7"}) {
    EXPECT_TRUE(matches(text)) << text;
  }
  for (const char* text :
       {"none", "team=b", "team!=a", "team in (b,c)", "!team", "size<7", "team=a,size=8"}) {
    EXPECT_FALSE(matches(text)) << text;
  }
  EXPECT_EQ(parse_label_selector("team=(").error().code, 400);
}

TEST(FieldSelector, OnlyOffersWhatTheKindDoes) {
  const KindTable table = kinds();
  const KindDefinition& pods = *table.find("", "v1", "pods");
  EXPECT_TRUE(parse_field_selector("metadata.name=a,status.phase!=Running", pods));
  EXPECT_EQ(parse_field_selector("spec.sql=x", pods).error().message,
            "field label not supported: spec.sql");
}

TEST(Yaml, PlainScalarsHaveTypesAndQuotedOnesAreText) {
  const auto json = yaml_to_json("a: 1\nb: '1'\nc: true\nd: null\ne: [1.5, x]\nf: \"true\"\n");
  ASSERT_TRUE(json);
  EXPECT_EQ(*json, Json::parse(R"({"a":1,"b":"1","c":true,"d":null,"e":[1.5,"x"],"f":"true"})"));
  EXPECT_EQ(yaml_to_json("spec: [").error().code, Code::kInvalid);
}

TEST(TimeText, Ages) {
  struct Row {
    Millis seconds;
    const char* expect;
  };
  for (const Row& row : {Row{0, "0s"}, Row{119, "119s"}, Row{120, "2m"}, Row{184, "3m4s"},
                         Row{3600, "60m"}, Row{4 * 3600 + 300, "4h5m"}, Row{30 * 3600, "30h"},
                         Row{50 * 3600, "2d2h"}, Row{325 * 86400, "325d"}}) {
    EXPECT_EQ(human_age(row.seconds * 1000), row.expect);
  }
}

TEST(TimeText, TimestampsGoThereAndBack) {
  EXPECT_EQ(to_timestamp(1'767'225'600'000), "2026-01-01T00:00:00Z");
  EXPECT_EQ(from_timestamp("2026-01-01T00:00:00Z"), 1'767'225'600'000);
  EXPECT_EQ(from_timestamp("2026-01-01T00:00:00.250000Z"), 1'767'225'600'250);
  EXPECT_EQ(from_timestamp("yesterday"), 0);
}

}  // namespace
}  // namespace penstock::apiserver
