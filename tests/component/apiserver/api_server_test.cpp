#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/component/apiserver/cluster_fixture.h"

// The API server over HTTP, where kubectl shows too little: by curl, as the recordings of a real
// server were made.

namespace penstock {
namespace {

using testing::HasSubstr;

class ApiServerOverHttp : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "/api-server-test-" + std::to_string(::getpid());
    std::filesystem::remove_all(directory_);
    start();
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  void start() {
    ApiServerOptions options;
    options.data_directory = directory_;
    options.crds = {stream_job_crd()};
    auto started = ApiServer::start(std::move(options), clock_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(started).value();
  }

  // The answer's body, a line feed, and its status.
  std::string curl(const std::string& method, const std::string& path, const std::string& body = "",
                   const std::string& type = "application/json", const std::string& token = "") {
    const std::string bearer =
        "Authorization: Bearer " + (token.empty() ? server_->token() : token);
    std::vector<std::string> command{"curl",       "-s",
                                     "--max-time", "20",
                                     "--cacert",   directory_ + "/ca.crt",
                                     "-X",         method,
                                     "-w",         "\n%{http_code}",
                                     "-H",         "Content-Type: " + type};
    if (token != "none") command.insert(command.end(), {"-H", bearer});
    if (!body.empty()) command.insert(command.end(), {"--data-binary", body});
    command.push_back(server_->url() + path);
    return run_command(command).out;
  }

  static std::string job(const std::string& name, const std::string& metadata = "") {
    return R"({"apiVersion":"penstock.dev/v1alpha1","kind":"StreamJob","metadata":{"name":")" +
           name + "\"" + metadata + R"(},"spec":{"sql":"SELECT 1"}})";
  }

  const std::string jobs_ = "/apis/penstock.dev/v1alpha1/namespaces/default/streamjobs";
  std::string directory_;
  SystemClock clock_;
  std::unique_ptr<ApiServer> server_;
};

TEST_F(ApiServerOverHttp, AsksForTheToken) {
  EXPECT_THAT(curl("GET", jobs_, "", "application/json", "wrong"), testing::EndsWith("\n401"));
  EXPECT_THAT(curl("GET", jobs_, "", "application/json", "none"), testing::EndsWith("\n403"));
  EXPECT_THAT(curl("GET", "/version", "", "application/json", "none"), testing::EndsWith("\n200"));
  EXPECT_THAT(curl("GET", jobs_), testing::EndsWith("\n200"));
}

TEST_F(ApiServerOverHttp, ABodyThatIsTooLargeIsRefusedWithAStatus) {
  const std::string file = directory_ + "/large.json";
  std::ofstream(file) << std::string(3 * 1024 * 1024 + 1, 'x');
  EXPECT_THAT(curl("POST", jobs_, "@" + file),
              testing::AllOf(HasSubstr("\"reason\":\"RequestEntityTooLarge\""),
                             HasSubstr("limit is 3145728"), testing::EndsWith("\n413")));
}

TEST_F(ApiServerOverHttp, WatchFromALostVersionIsExpired) {
  curl("POST", jobs_, job("w"));
  server_.reset();
  start();  // the history of changes is gone
  const std::string answer = curl("GET", jobs_ + "?watch=true&resourceVersion=2");
  EXPECT_THAT(answer, testing::AllOf(HasSubstr("\"type\":\"ERROR\""), HasSubstr("\"code\":410"),
                                     HasSubstr("too old resource version: 2")));
}

TEST_F(ApiServerOverHttp, WatchTellsEveryChangeInOrder) {
  curl("POST", jobs_, job("w"));
  curl("PATCH", jobs_ + "/w", R"({"metadata":{"labels":{"team":"a"}}})",
       "application/merge-patch+json");
  curl("PATCH", jobs_ + "/w", R"({"metadata":{"labels":{"team":"b"}}})",
       "application/merge-patch+json");
  curl("DELETE", jobs_ + "/w");
  const std::string all = curl("GET", jobs_ + "?watch=true&resourceVersion=4&timeoutSeconds=1");
  EXPECT_THAT(all, testing::ContainsRegex("ADDED.*\n.*MODIFIED.*\n.*MODIFIED.*\n.*DELETED"));
  const std::string team =
      curl("GET", jobs_ + "?watch=true&resourceVersion=4&timeoutSeconds=1&labelSelector=team%3Da");
  EXPECT_THAT(team, testing::ContainsRegex("ADDED.*\n.*DELETED"))
      << "begins to match, stops to match";
}

TEST_F(ApiServerOverHttp, WatchEndsTheInitialStateWithABookmark) {
  curl("POST", jobs_, job("w"));
  const std::string frames =
      curl("GET", jobs_ +
                      "?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&"
                      "sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
  EXPECT_THAT(frames, testing::ContainsRegex(
                          "ADDED.*\n.*\"k8s.io/initial-events-end\":\"true\".*BOOKMARK"));
}

TEST_F(ApiServerOverHttp, WrongPreconditionsAreConflicts) {
  curl("POST", jobs_, job("p"));
  EXPECT_THAT(curl("DELETE", jobs_ + "/p", R"({"preconditions":{"uid":"other"}})"),
              HasSubstr("the UID in the precondition (other) does not match the UID in record"));
  EXPECT_THAT(curl("PUT", jobs_ + "/p", job("p", R"(,"resourceVersion":"1")")),
              testing::EndsWith("\n409"));
  EXPECT_THAT(curl("PUT", jobs_ + "/p", job("p")), HasSubstr("must be specified for an update"));
  EXPECT_THAT(curl("PATCH", jobs_ + "/p", R"({"metadata":{"resourceVersion":"1"}})",
                   "application/merge-patch+json"),
              testing::EndsWith("\n409"));
}

TEST_F(ApiServerOverHttp, OwnedObjectsGoWithTheirOwner) {
  curl("POST", jobs_, job("owner"));
  const std::string answer = curl("GET", jobs_ + "/owner");
  const std::size_t at = answer.find("\"uid\": \"");
  ASSERT_NE(at, std::string::npos) << answer;
  const std::string uid = answer.substr(at + 8, 36);
  const std::string maps = "/api/v1/namespaces/default/configmaps";
  const auto map = [&](const std::string& name, const std::string& owner) {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
           R"(","ownerReferences":[{"apiVersion":"penstock.dev/v1alpha1","kind":"StreamJob","name":"owner","uid":")" +
           owner + "\"}]}}";
  };
  EXPECT_THAT(curl("POST", maps, map("owned", uid)), testing::EndsWith("\n201"));
  EXPECT_THAT(curl("GET", maps + "/owned"), testing::EndsWith("\n200"));
  curl("POST", maps, map("stray", "00000000-0000-4000-8000-000000000000"));
  EXPECT_THAT(curl("GET", maps + "/stray"), testing::EndsWith("\n404")) << "its owner never was";
  EXPECT_THAT(curl("DELETE", jobs_ + "/owner"), testing::EndsWith("\n200"));
  EXPECT_THAT(curl("GET", maps + "/owned"), testing::EndsWith("\n404"));
}

TEST_F(ApiServerOverHttp, ForegroundDeletionWaitsForDependents) {
  curl("POST", jobs_, job("owner"));
  const std::string answer = curl("GET", jobs_ + "/owner");
  const std::string uid = answer.substr(answer.find("\"uid\": \"") + 8, 36);
  const std::string owned =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"blocks","finalizers":["a.b/c"],"ownerReferences":[)"
      R"({"apiVersion":"penstock.dev/v1alpha1","kind":"StreamJob","name":"owner","uid":")" +
      uid + R"(","blockOwnerDeletion":true}]}})";
  curl("POST", "/api/v1/namespaces/default/configmaps", owned);
  curl("DELETE", jobs_ + "/owner", R"({"propagationPolicy":"Foreground"})");
  EXPECT_THAT(curl("GET", jobs_ + "/owner"), HasSubstr("foregroundDeletion"));
  curl("PATCH", "/api/v1/namespaces/default/configmaps/blocks",
       R"({"metadata":{"finalizers":null}})", "application/merge-patch+json");
  EXPECT_THAT(curl("GET", jobs_ + "/owner"), testing::EndsWith("\n404"));
}

TEST_F(ApiServerOverHttp, BadBodiesAreRefusedAndTheServerGoesOn) {
  EXPECT_THAT(curl("POST", jobs_, "{\"spec\":"), testing::EndsWith("\n400"));
  EXPECT_THAT(curl("POST", jobs_, "[]"), testing::EndsWith("\n400"));
  EXPECT_THAT(curl("POST", jobs_, job("x"), "text/html"), testing::EndsWith("\n415"));
  EXPECT_THAT(
      curl("POST", jobs_,
           R"({"apiVersion":"penstock.dev/v1alpha1","kind":"StreamJob","metadata":{"name":7}})"),
      testing::EndsWith("\n400"));
  EXPECT_THAT(
      curl(
          "POST", jobs_,
          R"({"apiVersion":"penstock.dev/v1alpha1","kind":"StreamJob","metadata":{"name":"x"},"spec":[]})"),
      testing::EndsWith("\n422"));
  EXPECT_THAT(
      curl("POST", "/api/v1/namespaces/default/pods",
           R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":7}})"),
      testing::AnyOf(testing::EndsWith("\n422"), testing::EndsWith("\n400")));
  EXPECT_THAT(curl("PATCH", jobs_ + "/x", "{}", "application/strategic-merge-patch+json"),
              testing::EndsWith("\n415"));
  EXPECT_THAT(curl("GET", jobs_ + "?fieldSelector=spec.sql%3Dx"),
              HasSubstr("field label not supported: spec.sql"));
  EXPECT_THAT(curl("GET", "/apis/none.dev/v1/things"), testing::EndsWith("\n404"));
  EXPECT_THAT(curl("GET", jobs_), testing::EndsWith("\n200"));
}

TEST_F(ApiServerOverHttp, ObjectsAndCredentialsSurviveARestart) {
  curl("POST", jobs_, job("kept"));
  const std::string before = curl("GET", jobs_ + "/kept");
  const std::string token = server_->token();
  server_.reset();
  start();
  EXPECT_EQ(curl("GET", jobs_ + "/kept"), before);
  EXPECT_EQ(server_->token(), token);
}

TEST_F(ApiServerOverHttp, SecondServerOnTheSameDirectoryIsRefused) {
  ApiServerOptions options;
  options.data_directory = directory_;
  const auto second = ApiServer::start(std::move(options), clock_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("another process uses this data directory"));
}

TEST_F(ApiServerOverHttp, DamagedStoreIsCorruptAndNamed) {
  server_.reset();
  for (const char* suffix : {"-wal", "-shm"})
    std::filesystem::remove(directory_ + "/objects.db" + suffix);
  std::ofstream(directory_ + "/objects.db", std::ios::trunc) << std::string(4096, 'x');
  ApiServerOptions options;
  options.data_directory = directory_;
  const auto started = ApiServer::start(std::move(options), clock_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::kCorrupt);
  EXPECT_THAT(started.error().message, HasSubstr("objects.db"));
}

}  // namespace
}  // namespace penstock
