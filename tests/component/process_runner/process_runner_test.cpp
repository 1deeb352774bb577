#include "operator/process_runner/process_runner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "operator/apiserver/api_server.h"
#include "operator/k8s/cpprest_transport.h"
#include "runtime/base/clock.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// A runner beside an API server of its own; the engine's program is a shell that runs the Pod's
// first argument.
class LocalRunner : public testing::Test {
 protected:
  void SetUp() override {
    data_ = fs::path(testing::TempDir()) / ("runner-" + std::to_string(getpid()));
    fs::remove_all(data_);
    fs::create_directories(data_);
    const fs::path program = data_ / "penstock";
    std::ofstream(program) << "#!/bin/sh\neval \"$1\"\n";
    fs::permissions(program, fs::perms::owner_all);
    auto server = ApiServer::start({.data_directory = (data_ / "server").string()}, clock_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(server).value();
    auto transport = k8s::make_cpprest_transport({.server = server_->url(),
                                                  .name_space = "default",
                                                  .authority = {.text = server_->ca_pem()},
                                                  .token = {.text = server_->token()}},
                                                 clock_, metrics_);
    ASSERT_TRUE(transport) << transport.error().message;
    transport_ = std::move(transport).value();
    start_runner();
  }
  void TearDown() override {
    if (runner_) runner_->stop_all(Duration(0));
    runner_.reset();
    transport_.reset();
    server_.reset();
    fs::remove_all(data_);
  }

  void start_runner() {
    auto runner = ProcessRunner::start({.data = data_,
                                        .shim = fs::path(PENSTOCK_BIN_DIR) / "penstock-shim",
                                        .program = data_ / "penstock"},
                                       *transport_, clock_);
    ASSERT_TRUE(runner) << runner.error().message;
    runner_ = std::move(runner).value();
  }

  Json call(const std::string& method, const std::string& target, const Json& body = {}) {
    const auto answer =
        transport_->call({.method = method,
                          .target = "/api/v1/namespaces/default/" + target,
                          .body = body.is_null() ? "" : body.dump(),
                          .content_type = method == "PATCH" ? "application/merge-patch+json" : ""});
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return {};
    EXPECT_LT(answer->status, 300) << answer->body;
    return Json::parse(answer->body, nullptr, false);
  }

  void create_pod(const std::string& script, Json container, Json volumes = Json::array()) {
    container.update({{"name", "engine"}, {"image", "penstock"}, {"args", {script}}});
    call("POST", "pods",
         {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", "orders-0"}}},
          {"spec",
           {{"terminationGracePeriodSeconds", 1},
            {"containers", Json::array({container})},
            {"volumes", std::move(volumes)}}}});
  }
  Json pod() { return call("GET", "pods/orders-0"); }
  fs::path folder() { return data_ / "pods" / pod()["metadata"]["uid"].get<std::string>(); }

  // Looks every 20 ms until `holds`.
  bool wait_for(const std::function<bool()>& holds) {
    const Duration end = clock_.monotonic() + std::chrono::seconds(30);
    const std::stop_source never;
    while (!holds()) {
      if (clock_.monotonic() > end) return false;
      clock_.sleep(std::chrono::milliseconds(20), never.get_token());
    }
    return true;
  }
  bool wait_for_phase(const std::string& phase) {
    return wait_for([&] { return pod()["status"].value("phase", "") == phase; });
  }

  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static Json secret(const std::string& value) {
    return {{"apiVersion", "v1"},
            {"kind", "Secret"},
            {"metadata", {{"name", "orders-0-tls"}}},
            {"stringData", {{"tls.crt", value}}}};
  }

  SystemClock clock_;
  metrics::Registry metrics_;
  fs::path data_;
  std::unique_ptr<ApiServer> server_;
  std::unique_ptr<k8s::Transport> transport_;
  std::unique_ptr<ProcessRunner> runner_;
};

const Json kTlsVolumes = {{{"name", "tls"}, {"secret", {{"secretName", "orders-0-tls"}}}}};
const Json kTlsMounts = {{"volumeMounts", {{{"name", "tls"}, {"mountPath", "/etc/penstock-tls"}}}}};

TEST_F(LocalRunner, MountedSecretsFollowTheSecretWhileTheContainerRuns) {
  call("POST", "secrets", secret("first"));
  create_pod("exec sleep 1000", kTlsMounts, kTlsVolumes);
  ASSERT_TRUE(wait_for_phase("Running"));
  const fs::path file = folder() / "mounts" / "tls" / "tls.crt";
  EXPECT_EQ(read(file), "first");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms(0600));
  call("PATCH", "secrets/orders-0-tls", {{"stringData", {{"tls.crt", "second"}}}});
  EXPECT_TRUE(wait_for([&] { return read(file) == "second"; }));
  EXPECT_EQ(pod()["status"]["containerStatuses"][0]["restartCount"], 0);
}

TEST_F(LocalRunner, APodStartsAsSoonAsItsSecretIsThere) {
  create_pod("cat /etc/penstock-tls/tls.crt; exec sleep 1000", kTlsMounts, kTlsVolumes);
  ASSERT_TRUE(wait_for([&] {
    return pod()["status"].value("/containerStatuses/0/state/waiting/reason"_json_pointer, "") ==
           "CreateContainerConfigError";
  }));
  const Duration before = clock_.monotonic();
  call("POST", "secrets", secret("late"));
  ASSERT_TRUE(wait_for_phase("Running"));
  // Without being told it would be tried again after 5 s.
  EXPECT_LT(clock_.monotonic() - before, std::chrono::seconds(4));
  EXPECT_TRUE(wait_for([&] { return read(folder() / "0.log") == "late"; }));
}

TEST_F(LocalRunner, MountsFollowWhatChangedWhileNobodyLooked) {
  call("POST", "secrets", secret("first"));
  create_pod("exec sleep 1000", kTlsMounts, kTlsVolumes);
  ASSERT_TRUE(wait_for_phase("Running"));
  runner_.reset();
  call("PATCH", "secrets/orders-0-tls", {{"stringData", {{"tls.crt", "second"}}}});
  start_runner();
  EXPECT_TRUE(wait_for([&] { return read(folder() / "mounts/tls/tls.crt") == "second"; }));
}

TEST_F(LocalRunner, AFailedLivenessProbeRestartsTheContainer) {
  // Nobody listens at the port.
  create_pod("exec sleep 1000", {{"livenessProbe",
                                  {{"httpGet", {{"path", "/healthz"}, {"port", 9}}},
                                   {"periodSeconds", 1},
                                   {"failureThreshold", 2}}}});
  const auto status = [&] {
    return pod()["status"].value("/containerStatuses/0"_json_pointer, Json::object());
  };
  ASSERT_TRUE(wait_for([&] { return status().value("restartCount", 0) == 1; }));
  const Json before = status()["lastState"]["terminated"];
  EXPECT_EQ(before["exitCode"], 143) << "ended by SIGTERM: " << before;
}

TEST_F(LocalRunner, AContainerThatDoesNotStartInTimeIsStartedAgain) {
  create_pod("exec sleep 1000", {{"startupProbe",
                                  {{"httpGet", {{"path", "/readyz"}, {"port", 9}}},
                                   {"periodSeconds", 1},
                                   {"failureThreshold", 1}}}});
  ASSERT_TRUE(wait_for_phase("Running"));
  EXPECT_EQ(pod()["status"]["containerStatuses"][0]["started"], false);
  EXPECT_TRUE(
      wait_for([&] { return pod()["status"]["containerStatuses"][0]["restartCount"] == 1; }));
}

}  // namespace
}  // namespace penstock
