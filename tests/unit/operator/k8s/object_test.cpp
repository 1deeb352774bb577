#include "operator/k8s/object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/k8s/watch_frame.h"
#include "runtime/base/random.h"

namespace penstock::k8s {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Object, KeepsWhatMattersAndDropsManagedFields) {
  const auto object = Object::parse(R"({
    "kind": "Pod", "apiVersion": "v1",
    "metadata": {"name": "p", "namespace": "a", "uid": "u", "resourceVersion": "7", "generation": 2,
      "labels": {"app": "x \"y\""}, "deletionTimestamp": "2026-01-01T00:00:00Z",
      "ownerReferences": [{"kind": "X", "name": "no", "uid": "n"},
                          {"kind": "StreamJob", "name": "j", "uid": "ju", "controller": true}],
      "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}]},
    "spec": {"nodeName": "n1", "x": [1, 2.5, null, true, "\u00e9\n"]}})");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(object->key(), (ObjectKey{"a", "p"}));
  EXPECT_EQ(object->uid(), "u");
  EXPECT_EQ(object->resource_version(), "7");
  EXPECT_EQ(object->meta().generation, 2);
  EXPECT_TRUE(object->meta().deleting);
  EXPECT_EQ(object->meta().controller_uid, "ju");
  EXPECT_EQ(object->meta().controller_name, "j");
  EXPECT_EQ(object->meta().labels.at("app"), "x \"y\"");
  EXPECT_THAT(object->text(), Not(HasSubstr("managedFields")));
  EXPECT_THAT(object->text(), HasSubstr(R"("x":[1,2.5,null,true,"é\n"])"));
}

TEST(Object, KeepsTheManagersOfAStreamJob) {
  const auto object = Object::parse(
      R"({"kind":"StreamJob","metadata":{"name":"j","managedFields":[{"manager":"kubectl"}]}})");
  ASSERT_TRUE(object);
  EXPECT_THAT(object->text(), HasSubstr("managedFields"));
}

TEST(Object, RefusesWhatIsNoObject) {
  EXPECT_EQ(Object::parse("nonsense").error().code, Code::kInvalid);
  EXPECT_EQ(Object::parse("[]").error().code, Code::kInvalid);
  EXPECT_EQ(Object::parse(R"({"metadata":{}})").error().code, Code::kInvalid);
}

TEST(WatchFrame, ReadsAllFiveTypes) {
  const auto added = parse_frame(R"({"type":"ADDED","object":{"metadata":{"name":"p"}}})");
  ASSERT_TRUE(added);
  EXPECT_EQ(std::get<Changed>(*added).kind, Changed::Kind::kAdded);
  const auto bookmark =
      parse_frame(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}})");
  ASSERT_TRUE(bookmark);
  EXPECT_EQ(std::get<Bookmark>(*bookmark).resource_version, "9");
  const auto error = parse_frame(
      R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}})");
  ASSERT_TRUE(error);
  EXPECT_EQ(std::get<Failure>(*error).kind, Failure::Kind::kExpired);
  EXPECT_EQ(parse_frame(R"({"type":"NEW","object":{"metadata":{"name":"p"}}})").error().code,
            Code::kInvalid);
}

TEST(Versions, CompareAsNumbers) {
  EXPECT_TRUE(version_at_least("10", "9"));
  EXPECT_TRUE(version_at_least("10", "10"));
  EXPECT_FALSE(version_at_least("9", "10"));
  EXPECT_TRUE(version_at_least("1", ""));
}

struct FailureCase {
  const char* name;
  int status;
  const char* body;
  Code code;
  Failure::Kind kind;
};

class FailureTable : public testing::TestWithParam<FailureCase> {};

TEST_P(FailureTable, MapsToCodeAndKind) {
  const Failure failure = to_failure(GetParam().status, GetParam().body);
  EXPECT_EQ(failure.error.code, GetParam().code) << failure.error.message;
  EXPECT_EQ(failure.kind, GetParam().kind) << failure.error.message;
}

using Kind = Failure::Kind;
INSTANTIATE_TEST_SUITE_P(
    Table, FailureTable,
    testing::Values(
        FailureCase{"NotFound", 404, R"({"code":404,"reason":"NotFound"})", Code::kNotFound,
                    Kind::kRefused},
        FailureCase{"Exists", 409, R"({"code":409,"reason":"AlreadyExists"})", Code::kAlreadyExists,
                    Kind::kRefused},
        FailureCase{"Conflict", 409, R"({"code":409,"reason":"Conflict"})", Code::kConflict,
                    Kind::kRefused},
        FailureCase{"Invalid", 422, R"({"code":422,"reason":"Invalid"})", Code::kInvalid,
                    Kind::kRefused},
        FailureCase{"Forbidden", 403, "", Code::kUnavailable, Kind::kRefused},
        FailureCase{"Expired", 410, "", Code::kUnavailable, Kind::kExpired},
        FailureCase{"TooLarge", 504,
                    R"({"code":504,"details":{"causes":[{"reason":"ResourceVersionTooLarge"}]}})",
                    Code::kUnavailable, Kind::kExpired},
        FailureCase{"Throttled", 429, "", Code::kUnavailable, Kind::kThrottled},
        FailureCase{"Server", 500, "<html>", Code::kUnavailable, Kind::kServer}),
    [](const auto& row) { return std::string(row.param.name); });

struct ClassifyCase {
  const char* name;
  const char* method;
  const char* target;
  const char* verb;
  const char* resource;
};

class ClassifyTable : public testing::TestWithParam<ClassifyCase> {};

TEST_P(ClassifyTable, NamesVerbAndResource) {
  const auto [verb, resource] = classify(GetParam().method, GetParam().target);
  EXPECT_EQ(verb, GetParam().verb);
  EXPECT_EQ(resource, GetParam().resource);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ClassifyTable,
    testing::Values(ClassifyCase{"List", "GET", "/api/v1/pods", "list", "pods"},
                    ClassifyCase{"ListOne", "GET", "/api/v1/namespaces/a/pods?limit=5", "list",
                                 "pods"},
                    ClassifyCase{"Watch", "GET", "/apis/g/v1/things?watch=1", "watch", "things"},
                    ClassifyCase{"Get", "GET", "/apis/g/v1/namespaces/a/things/b", "get", "things"},
                    ClassifyCase{"Namespace", "GET", "/api/v1/namespaces/a", "get", "namespaces"},
                    ClassifyCase{"Status", "PATCH", "/apis/g/v1/namespaces/a/things/b/status",
                                 "patch", "things/status"},
                    ClassifyCase{"Create", "POST", "/api/v1/namespaces/a/pods", "create", "pods"},
                    ClassifyCase{"Version", "GET", "/version", "get", "/version"}),
    [](const auto& row) { return std::string(row.param.name); });

// What a broken server or proxy may send is refused, or read for what it is.
TEST(WatchFrame, SurvivesRandomChanges) {
  constexpr std::uint64_t kSeed = 5;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  const std::string good =
      R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"p","generation":2,"labels":{"a":"b"},)"
      R"("ownerReferences":[{"controller":true,"uid":"u"}],"managedFields":[{}]},"spec":{"x":["\u00e9"]}}})";
  ASSERT_TRUE(parse_frame(good));
  int refused = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string text = good;
    for (std::uint64_t changes = 1 + random.below(3); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = random.below(text.size());
      if (random.below(2) == 0)
        text[at] = static_cast<char>(random.below(256));
      else
        text.erase(at, random.below(12));
    }
    const auto frame = parse_frame(text);
    if (!frame) ++refused;
    static_cast<void>(parse_list(text));
  }
  EXPECT_GT(refused, 1'000);
  EXPECT_LT(refused, 5'000);
}

}  // namespace
}  // namespace penstock::k8s
