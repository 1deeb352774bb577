#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "operator/k8s/cpprest_transport.h"
#include "operator/k8s/reader.h"
#include "runtime/http/certificates.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/operator/k8s/loopback_api.h"

namespace penstock::k8s {
namespace {

// A server over TLS whose authority is, besides, the only one that the system trusts.
class Trust : public testing::Test {
 protected:
  void SetUp() override {
    mine_ = std::move(http::make_server_certificate({"127.0.0.1"}, clock_.now())).value();
    other_ = std::move(http::make_server_certificate({"127.0.0.1"}, clock_.now())).value();
    const std::string file = folder_ / "system.pem";
    std::ofstream(file) << mine_.ca_pem;
    setenv("SSL_CERT_FILE", file.c_str(), 1);
    spare_system_certificates();
    server_ = std::make_unique<LoopbackApi>(
        api_, "",
        http::ServerOptions{.certificate_pem = mine_.certificate_pem, .key_pem = mine_.key_pem});
  }
  void TearDown() override { unsetenv("SSL_CERT_FILE"); }

  Result<ObjectList> list_trusting(const std::string& authority) {
    Cluster cluster;
    cluster.server = "https://" + server_->authority();
    cluster.authority.text = authority;
    const auto transport = std::move(make_cpprest_transport(cluster, clock_, metrics_)).value();
    return Reader(*transport).list_all(pods(), "");
  }

  TemporaryDirectory folder_;
  SystemClock clock_;
  metrics::Registry metrics_;
  MemoryApi api_;
  http::ServerCertificate mine_, other_;
  std::unique_ptr<LoopbackApi> server_;
};

TEST_F(Trust, AClustersOwnAuthorityIsEnough) {
  const auto listed = list_trusting(mine_.ca_pem);
  EXPECT_TRUE(listed) << listed.error().message;
}

TEST_F(Trust, TheSystemsAuthoritiesDoNotCountWhereTheClusterNamesItsOwn) {
  const auto listed = list_trusting(other_.ca_pem);
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, Code::kUnavailable);
}

TEST_F(Trust, TheSystemsAuthoritiesCountWhereTheClusterNamesNone) {
  const auto listed = list_trusting("");
  EXPECT_TRUE(listed) << listed.error().message;
}

}  // namespace
}  // namespace penstock::k8s
