#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "operator/k8s/memory_transport.h"
#include "operator/webhook/certificate_keeper.h"
#include "operator/webhook/webhook.h"

namespace penstock {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const k8s::Resource kSecrets{"", "v1", "secrets", "Secret", true};

// The answer to one request over TLS; empty when `ca_pem` does not vouch for the server.
std::string ask(std::uint16_t port, const std::string& ca_pem, const std::string& request) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  BIO* memory = BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size()));
  if (X509* ca = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca);
    X509_free(ca);
  }
  BIO_free(memory);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL* tls = SSL_new(context);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), "127.0.0.1");
  SSL_set_fd(tls, socket);
  std::string answer;
  // A server that refuses a request may close before all of it is sent.
  ::signal(SIGPIPE, SIG_IGN);
  if (SSL_connect(tls) == 1) {
    SSL_write(tls, request.data(), static_cast<int>(request.size()));
    char buffer[4096];
    for (int n = 0; (n = SSL_read(tls, buffer, sizeof buffer)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(n));
  }
  SSL_free(tls);
  SSL_CTX_free(context);
  ::close(socket);
  return answer;
}

std::string post(const std::string& target, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr const char* kReview =
    R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1",)"
    R"("kind":{"group":"penstock.dev","version":"v1alpha1","kind":"StreamJob"},"operation":"CREATE",)"
    R"("object":{"metadata":{"name":"a"},"spec":{}}}})";

class WebhookServer : public testing::Test {
 protected:
  Result<std::unique_ptr<Webhook>> start(WebhookOptions options) {
    options.name_space = "penstock";
    options.leads = [] { return true; };
    return Webhook::start(transport_, clock_, metrics_, std::move(options));
  }
  // Once the webhook's thread has made its certificates.
  std::string authority(const Webhook& webhook) const {
    while (!webhook.problem().empty()) std::this_thread::yield();
    const auto kept =
        read_certificate_secret(api_.find(kSecrets, {"penstock", "penstock-webhook"}));
    return kept ? kept->bundle_pem : std::string();
  }

  k8s::MemoryApi api_;
  k8s::MemoryTransport transport_{api_};
  SystemClock clock_;
  metrics::Registry metrics_;
};

TEST_F(WebhookServer, AnswersReviewsWithACertificateOfItsOwn) {
  const auto webhook = start({.address = "127.0.0.1:0"});
  ASSERT_TRUE(webhook) << webhook.error().message;
  const std::string ca = authority(**webhook);
  const std::uint16_t port = (*webhook)->port();
  const std::string refused = ask(port, ca, post("/validate?timeout=5s", kReview));
  EXPECT_THAT(refused, HasSubstr("200 OK"));
  EXPECT_THAT(refused, HasSubstr(R"("allowed":false)"));
  EXPECT_THAT(refused, HasSubstr("one of sql and sqlFrom is needed"));
  EXPECT_THAT(ask(port, ca, post("/validate", "{}")), HasSubstr("400 Bad Request"));
  EXPECT_THAT(ask(port, ca, post("/other", "{}")), HasSubstr("404 Not Found"));
  EXPECT_THAT(ask(port, ca, "GET /validate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("405 Method Not Allowed"));
  EXPECT_THAT(ask(port, ca, post("/validate", std::string(5'000'000, ' '))), HasSubstr("413 "));
  const std::string metrics = metrics_.text();
  EXPECT_THAT(metrics, HasSubstr("controller_runtime_webhook_requests_total{code=\"200\","
                                 "webhook=\"/validate\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("controller_runtime_webhook_requests_total{code=\"400\","
                                 "webhook=\"/validate\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("penstock_webhook_denied_total 1"));
}

TEST_F(WebhookServer, ServesFilesOfSomebodyElseAndMakesNoSecret) {
  const std::filesystem::path folder = testing::TempDir() + "webhook_files";
  std::filesystem::create_directories(folder);
  const auto made = http::make_server_certificate({"127.0.0.1"}, clock_.now()).value();
  std::ofstream(folder / "tls.crt") << made.certificate_pem;
  std::ofstream(folder / "tls.key") << made.key_pem;
  const auto webhook = start({.address = "127.0.0.1:0", .certificates = folder});
  ASSERT_TRUE(webhook) << webhook.error().message;
  EXPECT_THAT((*webhook)->problem(), IsEmpty());
  EXPECT_THAT(ask((*webhook)->port(), made.ca_pem, post("/validate", kReview)),
              HasSubstr("200 OK"));
  EXPECT_EQ(api_.count(kSecrets), 0u);
  std::filesystem::remove_all(folder);
}

TEST_F(WebhookServer, IsNotReadyWithACertificateThatEnded) {
  const std::filesystem::path folder = testing::TempDir() + "webhook_ended";
  std::filesystem::create_directories(folder);
  const Millis long_ago = clock_.now() - 40LL * 86'400'000;
  const auto ca = http::make_authority("ca", long_ago).value();
  const auto pair = http::issue(
      ca, {.common_name = "x", .hosts = {"127.0.0.1"}, .validity = 30 * http::kDay}, long_ago);
  std::ofstream(folder / "tls.crt") << pair->certificate_pem;
  std::ofstream(folder / "tls.key") << pair->key_pem;
  const auto webhook = start({.address = "127.0.0.1:0", .certificates = folder});
  ASSERT_TRUE(webhook) << webhook.error().message;
  EXPECT_THAT((*webhook)->problem(), HasSubstr("the certificate ended at 20"));
  std::filesystem::remove_all(folder);
}

TEST_F(WebhookServer, SaysAtTheStartWhatItCannotUse) {
  const auto webhook = start({.address = "127.0.0.1:0"});
  const std::string taken = "127.0.0.1:" + std::to_string((*webhook)->port());
  EXPECT_EQ(start({.address = taken}).error().code, Code::kUnavailable);
  EXPECT_THAT(start({.address = "9443"}).error().message, HasSubstr("HOST:PORT"));
  EXPECT_THAT(start({.address = ":0"}).error().message, HasSubstr("--webhook-service"));
  const auto no_files = start({.address = "127.0.0.1:0", .certificates = "/no/such/folder"});
  EXPECT_EQ(no_files.error().code, Code::kInvalid);
  EXPECT_THAT(no_files.error().message, HasSubstr("/no/such/folder/tls.crt"));
}

TEST(WebhookHosts, AreTheServicesAndTheAddress) {
  EXPECT_THAT(webhook_hosts({.address = ":9443", .service = "hook", .name_space = "p"}),
              testing::ElementsAre("hook.p.svc", "hook.p.svc.cluster.local"));
  EXPECT_THAT(webhook_hosts({.address = "127.0.0.1:9443"}), testing::ElementsAre("127.0.0.1"));
}

}  // namespace
}  // namespace penstock
