// Requests that nobody well-meaning sends: whatever arrives, the server answers, and what it has
// stored can still be listed.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "controllers/api/crd.h"
#include "operator/apiserver/api.h"
#include "runtime/base/log.h"
#include "runtime/base/random.h"
#include "tests/support/mutate.h"

namespace penstock::apiserver {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPods = "/api/v1/namespaces/default/pods";
constexpr const char* kJobs = "/apis/penstock.dev/v1alpha1/namespaces/default/streamjobs";
constexpr const char* kPod =
    R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"x":"y"},"finalizers":["a/b"]},)"
    R"("spec":{"containers":[{"name":"c","image":"i","env":[{"name":"A","value":"1"}],)"
    R"("ports":[{"containerPort":80}]}],"volumes":[{"name":"v","emptyDir":{}}]}})";
constexpr const char* kJob =
    R"({"apiVersion":"penstock.dev/v1alpha1","kind":"StreamJob","metadata":{"name":"a","annotations":)"
    R"({"x":"y"}},"spec":{"sql":"INSERT INTO o SELECT p FROM t","parallelism":2}})";

class Hostile : public testing::Test {
 protected:
  Hostile() {
    log::set_level(log::Level::kError);
    fs::remove(path_);
    store_ = std::move(Store::open(path_)).value();
    std::vector<KindDefinition> kinds = builtin_kinds();
    for (const std::string_view kind : api::kinds())
      kinds.push_back(kind_from_crd(api::crd_json(kind)).value());
    api_ = std::make_unique<Api>(*store_, KindTable(std::move(kinds)), clock_, ApiServerOptions{},
                                 "token", 1);
    EXPECT_TRUE(api_->prepare_cluster());
  }
  ~Hostile() override {
    api_.reset();
    store_.reset();
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) fs::remove(path_ + suffix);
    log::set_level(log::Level::kInfo);
  }

  http::Response send(const std::string& method, const std::string& target,
                      const std::string& type = {}, const std::string& body = {}) {
    const http::Request request{.method = method,
                                .target = target,
                                .headers = {{"Authorization", "Bearer token"},
                                            {"Content-Type", type},
                                            {"User-Agent", "test"}},
                                .body = body};
    http::Reply reply = api_->handle(request);
    EXPECT_TRUE(std::holds_alternative<http::Response>(reply));
    return std::get<http::Response>(std::move(reply));
  }

  ManualClock clock_{1'767'225'600'000};
  const std::string path_ =
      fs::path(testing::TempDir()) / ("hostile-" + std::to_string(getpid()) + ".db");
  std::unique_ptr<Store> store_;
  std::unique_ptr<Api> api_;
};

constexpr const char* kPieces[] = {"{",
                                   "}",
                                   "[",
                                   "]",
                                   ",",
                                   ":",
                                   "\"",
                                   "0",
                                   "-1",
                                   "1e999",
                                   "null",
                                   "true",
                                   "\"\"",
                                   "{}",
                                   "[]",
                                   "\"x\":",
                                   "\"name\":",
                                   "\"$patch\":",
                                   "\xff",
                                   "~1",
                                   "/-",
                                   "\\u0000",
                                   "/99",
                                   "9223372036854775808",
                                   "&a ",
                                   "*a",
                                   "\n  - ",
                                   "- ",
                                   "\"path\":",
                                   "\"spec\":",
                                   "\"$retainKeys\":"};

TEST_F(Hostile, RandomChangesOfBodiesAreAnswered) {
  constexpr std::uint64_t kSeed = 20260101;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  struct Sample {
    const char* method;
    const char* target;
    const char* type;
    const char* body;
  };
  const std::string pod = std::string(kPods) + "/a", job = std::string(kJobs) + "/a";
  const std::string apply = "?fieldManager=m&force=true";
  const std::string apply_pod = pod + apply, apply_job = job + apply, status = pod + "/status";
  constexpr const char* kJsonPatch =
      R"([{"op":"add","path":"/metadata/labels/z","value":"1"},{"op":"test","path":"/spec","value":{}},)"
      R"({"op":"move","from":"/metadata/labels","path":"/metadata/annotations"},)"
      R"({"op":"remove","path":"/spec/containers/0"}])";
  constexpr const char* kStrategic =
      R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["a/b"]},"spec":{"$retainKeys":["containers"],)"
      R"("containers":[{"name":"c","$patch":"delete"},{"name":"d","image":"j"}],)"
      R"("$setElementOrder/containers":[{"name":"c"}]},"status":{"conditions":[{"type":"Ready"}]}})";
  constexpr const char* kYaml =
      "apiVersion: penstock.dev/v1alpha1\nkind: StreamJob\nmetadata: {name: a, labels: {b: c}}\n"
      "spec:\n  sql: &s |\n    INSERT INTO o SELECT p FROM t\n  parallelism: 2\n";
  const Sample samples[] = {
      {"POST", kPods, "application/json", kPod},
      {"POST", kJobs, "application/json", kJob},
      {"PUT", pod.c_str(), "application/json", kPod},
      {"PUT", job.c_str(), "application/yaml", kYaml},
      {"PATCH", pod.c_str(), "application/strategic-merge-patch+json", kStrategic},
      {"PATCH", status.c_str(), "application/strategic-merge-patch+json", kStrategic},
      {"PATCH", pod.c_str(), "application/json-patch+json", kJsonPatch},
      {"PATCH", job.c_str(), "application/merge-patch+json", kJob},
      {"PATCH", apply_job.c_str(), "application/apply-patch+yaml", kYaml},
      {"PATCH", apply_pod.c_str(), "application/apply-patch+yaml", kPod},
      {"DELETE", pod.c_str(), "application/json", R"({"propagationPolicy":"Background"})"},
  };
  int accepted = 0, refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    const Sample& sample = samples[random.below(std::size(samples))];
    // Every other request is as it should be, so that there is something to break.
    const std::string body =
        random.below(2) == 0 ? sample.body : mutated(sample.body, random, kPieces);
    const http::Response response = send(sample.method, sample.target, sample.type, body);
    ASSERT_GE(response.status, 200) << body;
    ASSERT_FALSE(Json::parse(response.body, nullptr, false).is_discarded()) << body;
    ++(response.status < 300 ? accepted : refused);
  }
  EXPECT_GT(accepted, 300);
  EXPECT_GT(refused, 300);
  for (const char* target : {kPods, kJobs}) {
    EXPECT_EQ(send("GET", target).status, 200);
  }
}

TEST_F(Hostile, RandomChangesOfAddressesAreAnswered) {
  constexpr std::uint64_t kSeed = 20260102;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  ASSERT_EQ(send("POST", kPods, "application/json", kPod).status, 201);
  const std::string target =
      std::string(kPods) +
      "?labelSelector=x+in+(y,z),!q,size%3E3&fieldSelector=metadata.name%3Da&" +
      "limit=1&resourceVersion=0&pretty=true&includeObject=None";
  ASSERT_EQ(send("GET", target).status, 200);
  for (int round = 0; round < 3'000; ++round)
    ASSERT_GE(send("GET", mutated(target, random, kPieces)).status, 200);
}

// The server's own functions, and those of its JSON library, go down into a value by recursion.
TEST_F(Hostile, ValuesThatNestTooDeepAreRefused) {
  constexpr std::size_t kDeep = 1'000'000;
  const std::string deep = R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":)" +
                           std::string(kDeep, '[') + std::string(kDeep, ']') + "}";
  const std::string pod = std::string(kPods) + "/a";
  ASSERT_EQ(send("POST", kPods, "application/json", kPod).status, 201);
  EXPECT_EQ(send("POST", kPods, "application/json", deep).status, 400);
  EXPECT_EQ(send("PATCH", pod, "application/merge-patch+json", deep).status, 400);
  EXPECT_EQ(send("PATCH", pod, "application/strategic-merge-patch+json", deep).status, 400);
  EXPECT_EQ(send("PATCH", pod, "application/json-patch+json", "[" + deep + "]").status, 400);
  EXPECT_EQ(send("PATCH", pod + "?fieldManager=m", "application/apply-patch+yaml", deep).status,
            400);
  EXPECT_EQ(send("DELETE", pod, "application/json", deep).status, 400);
  // Brackets within a text nest nothing.
  const std::string text =
      R"({"metadata":{"annotations":{"x":"\")" + std::string(5000, '[') + R"("}}})";
  EXPECT_EQ(send("PATCH", pod, "application/merge-patch+json", text).status, 200);
}

// Nine aliases of nine aliases of ...: a few lines that would be a billion values.
TEST_F(Hostile, YamlThatMultipliesItselfIsRefused) {
  std::string yaml = "apiVersion: v1\nkind: Pod\nx0: &x0 [1]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string alias = "*x" + std::to_string(i - 1);
    yaml += "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) yaml += alias + ", ";
    yaml += "]\n";
  }
  EXPECT_EQ(send("POST", kPods, "application/yaml", yaml).status, 400);
}

}  // namespace
}  // namespace penstock::apiserver
