#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

#include "operator/engines/local/local_engine_client.h"
#include "runtime/control/ctl_command.h"
#include "runtime/control/server.h"
#include "runtime/http/certificates.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/operator/engines/scripted_job.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;
using http::KeyPair;
using Usage = http::CertificateRequest::Usage;

class MutualTlsTest : public testing::Test {
 protected:
  MutualTlsTest() {
    authority_ = http::make_authority("penstock", clock_.now()).value();
    write(issue(authority_, "u1.engine", Usage::kServer), authority_, "");
    auto started = ControlServer::start(job_, clock_,
                                        {.address = "127.0.0.1:0", .certificates = folder_.path()});
    EXPECT_TRUE(started) << started.error().message;
    server_ = std::move(started).value();
  }

  KeyPair issue(const KeyPair& authority, const std::string& name, Usage usage) {
    return http::issue(authority, {.common_name = name, .hosts = {name}, .usage = usage},
                       clock_.now())
        .value();
  }
  void write(const KeyPair& pair, const KeyPair& authority, const std::string& below) {
    const std::filesystem::path folder = folder_ / below;
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "tls.crt") << pair.certificate_pem;
    std::ofstream(folder / "tls.key") << pair.key_pem;
    std::ofstream(folder / "ca.crt") << authority.certificate_pem;
  }
  std::string folder(const std::string& below) { return folder_ / below; }

  // What a client with this pair learns of the engine that calls itself `server_name`.
  EngineView ask(const KeyPair& pair, const std::string& server_name) {
    std::mutex mutex;
    std::condition_variable changed;
    bool told = false;
    const auto client = make_local_engine_client(clock_, {.certificate = pair.certificate_pem,
                                                          .key = pair.key_pem,
                                                          .authority = authority_.certificate_pem});
    client->on_change([&](const std::string&) {
      std::scoped_lock lock(mutex);
      told = true;
      changed.notify_all();
    });
    client->follow({.job = "team/flights",
                    .uid = "u1",
                    .key = "p1",
                    .address = server_->address(),
                    .server_name = server_name},
                   true);
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] {
      if (told) return true;
      const EngineView view = client->view("p1");
      return !view.report && view.unknown_reason != "not reached yet";
    });
    return client->view("p1");
  }

  TemporaryDirectory folder_;
  SystemClock clock_;
  ScriptedJob job_;
  KeyPair authority_;
  std::unique_ptr<ControlServer> server_;
};

TEST_F(MutualTlsTest, TheOperatorOfTheInstallationIsAnswered) {
  EXPECT_TRUE(ask(issue(authority_, "penstock-operator", Usage::kClient), "u1.engine").report);
}

TEST_F(MutualTlsTest, AnotherInstallationIsRefused) {
  const KeyPair other = http::make_authority("penstock", clock_.now()).value();
  const EngineView view = ask(issue(other, "penstock-operator", Usage::kClient), "u1.engine");
  EXPECT_FALSE(view.report);
  EXPECT_TRUE(view.unknown_since);
}

TEST_F(MutualTlsTest, AnotherJobsCertificateIsNoOperator) {
  EXPECT_FALSE(ask(issue(authority_, "u2.engine", Usage::kServer), "u1.engine").report);
}

TEST_F(MutualTlsTest, AnotherJobsProcessAtThisAddressIsNotTakenForThisJob) {
  EXPECT_FALSE(ask(issue(authority_, "penstock-operator", Usage::kClient), "u2.engine").report);
}

TEST_F(MutualTlsTest, BeyondLoopbackNothingListensWithoutCertificates) {
  const auto refused = ControlServer::start(job_, clock_, {.address = "0.0.0.0:0"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
}

TEST_F(MutualTlsTest, AMissingFileIsNamed) {
  const auto refused = ControlServer::start(
      job_, clock_, {.address = "127.0.0.1:0", .certificates = folder("nothing")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_NE(refused.error().message.find("nothing/tls.crt"), std::string::npos);
}

TEST_F(MutualTlsTest, CtlSpeaksItWithACertificateForClients) {
  write(issue(authority_, "admin", Usage::kClient), authority_, "admin");
  EXPECT_EQ(ctl_main({server_->address(), "status", "--certificates", folder("admin"),
                      "--server-name", "u1.engine"}),
            0);
  EXPECT_EQ(ctl_main({server_->address(), "status", "--certificates", folder("admin"),
                      "--server-name", "u2.engine"}),
            1);
}

}  // namespace
}  // namespace penstock
