#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "operator/k8s/cpprest_transport.h"
#include "operator/k8s/credentials.h"
#include "operator/k8s/reader.h"
#include "runtime/http/certificates.h"
#include "tests/component/client/scripted_server.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/operator/k8s/loopback_api.h"

namespace penstock::k8s {
namespace {

using namespace std::chrono_literals;

// Credentials in files that somebody replaces while the client is at work.
class Rotation : public testing::Test {
 protected:
  Material file(const std::string& name, const std::string& text) {
    write(name, text);
    return {.file = folder_ / name};
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  void connect(const std::string& url) {
    cluster_.server = url;
    transport_ = std::move(make_cpprest_transport(cluster_, clock_, metrics_)).value();
  }
  Result<ObjectList> list() { return Reader(*transport_).list_all(pods(), ""); }

  TemporaryDirectory folder_;
  ManualClock clock_{1'780'000'000'000};
  metrics::Registry metrics_;
  MemoryApi api_;
  Cluster cluster_;
  std::unique_ptr<Transport> transport_;
};

TEST_F(Rotation, ANewTokenIsReadAtOnceWhenTheOldOneIsRefused) {
  LoopbackApi server(api_, "first");
  cluster_.token = file("token", "first\n");
  connect("http://" + server.authority());
  ASSERT_TRUE(list());
  server.set_token("second");
  EXPECT_FALSE(list()) << "the file still has the old one";
  write("token", "second\n");
  EXPECT_TRUE(list());
}

TEST_F(Rotation, ANewTokenIsReadWithinAMinuteWithoutARefusal) {
  LoopbackApi server(api_, "");
  cluster_.token = file("token", "first\n");
  connect("http://" + server.authority());
  write("token", "second\n");
  clock_.advance(61s);
  ASSERT_TRUE(list());
  server.set_token("second");
  EXPECT_TRUE(list());
  EXPECT_EQ(transport_->counts().at({"list", "pods"}), 2u) << "nothing was asked twice";
}

TEST_F(Rotation, ATokenFileThatIsEmptyForAMomentChangesNothing) {
  LoopbackApi server(api_, "first");
  cluster_.token = file("token", "first\n");
  connect("http://" + server.authority());
  write("token", "");
  clock_.advance(61s);
  EXPECT_TRUE(list());
}

TEST_F(Rotation, WithoutATokenToBeginWithThereIsNoClient) {
  cluster_.server = "http://127.0.0.1:1";
  cluster_.token = file("token", "");
  const auto made = make_cpprest_transport(cluster_, clock_, metrics_);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, testing::HasSubstr("token is empty"));
}

TEST_F(Rotation, ANewAuthorityIsTrustedWithinAMinute) {
  const auto before = http::make_server_certificate({"127.0.0.1"}, clock_.now()).value();
  const auto after = http::make_server_certificate({"127.0.0.1"}, clock_.now()).value();
  LoopbackApi server(api_, "",
                     {.certificate_pem = before.certificate_pem, .key_pem = before.key_pem});
  cluster_.authority = file("ca.crt", before.ca_pem);
  connect("https://" + server.authority());
  ASSERT_TRUE(list());
  server.replace_certificate(after.certificate_pem, after.key_pem);
  transport_->rotate();  // a new connection, which the old authority does not know
  EXPECT_FALSE(list());
  write("ca.crt", after.ca_pem);
  clock_.advance(61s);
  const auto listed = list();
  EXPECT_TRUE(listed) << listed.error().message;
}

// An empty authority would mean: trust whom the system trusts.
TEST_F(Rotation, AnAuthorityThatIsEmptyOrGarbageForAMomentChangesNothing) {
  const auto ours = http::make_server_certificate({"127.0.0.1"}, clock_.now()).value();
  LoopbackApi server(api_, "", {.certificate_pem = ours.certificate_pem, .key_pem = ours.key_pem});
  cluster_.authority = file("ca.crt", ours.ca_pem);
  connect("https://" + server.authority());
  ASSERT_TRUE(list());
  for (const char* text : {"", "-----BEGIN CERTIFICATE-----\nMIIB", "not found"}) {
    write("ca.crt", text);
    clock_.advance(61s);
    const auto listed = list();
    EXPECT_TRUE(listed) << text << ": " << listed.error().message;
  }
}

TEST_F(Rotation, ANewClientCertificateMeansNewConnectionsOnceBothFilesAreThere) {
  const auto authority = http::make_authority("clients", clock_.now()).value();
  const auto pair = [&](const char* name) {
    return http::issue(authority,
                       {.common_name = name, .usage = http::CertificateRequest::Usage::kClient},
                       clock_.now())
        .value();
  };
  const auto before = pair("before"), after = pair("after");
  ScriptedServer server({[](Connection& it) {
    while (!it.read_request().empty()) it.answer(200, R"({"metadata":{},"items":[]})");
  }});
  cluster_.client_certificate = file("tls.crt", before.certificate_pem);
  cluster_.client_key = file("tls.key", before.key_pem);
  connect(server.url());
  ASSERT_TRUE(list());
  const Credentials first = read_credentials(cluster_).value();
  write("tls.crt", after.certificate_pem);
  EXPECT_FALSE(read_credentials(cluster_)) << "the key is not this certificate's yet";
  clock_.advance(61s);
  ASSERT_TRUE(list());
  write("tls.key", after.key_pem);
  const auto second = read_credentials(cluster_);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_FALSE(first.same_identity(*second));
  const int connections = server.connections();
  clock_.advance(61s);
  ASSERT_TRUE(list());
  EXPECT_GT(server.connections(), connections);
}

}  // namespace
}  // namespace penstock::k8s
