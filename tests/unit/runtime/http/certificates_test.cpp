#include "runtime/http/certificates.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace penstock::http {
namespace {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Certificate read(const std::string& pem) {
  BIO* memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(memory, nullptr, nullptr, nullptr));
  BIO_free(memory);
  return certificate;
}

constexpr Millis kNow = 1'800'000'000'000;

TEST(Certificates, ServerCertificateIsSignedByItsCa) {
  const auto made = make_server_certificate({"localhost", "127.0.0.1"}, kNow);
  ASSERT_TRUE(made) << made.error().message;
  const Certificate ca = read(made->ca_pem);
  const Certificate server = read(made->certificate_pem);
  ASSERT_TRUE(ca && server);
  EXPECT_EQ(X509_verify(server.get(), X509_get0_pubkey(ca.get())), 1);
  EXPECT_NE(made->key_pem.find("PRIVATE KEY"), std::string::npos);
}

TEST(Certificates, NamesItsHostsAndNoOthers) {
  const auto made = make_server_certificate({"localhost", "127.0.0.1"}, kNow);
  ASSERT_TRUE(made) << made.error().message;
  const Certificate server = read(made->certificate_pem);
  EXPECT_EQ(X509_check_host(server.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(server.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(server.get(), "127.0.0.2", 0), 0);
}

TEST(Certificates, NoHostIsRefused) {
  EXPECT_EQ(make_server_certificate({}, kNow).error().code, Code::kInvalid);
}

TEST(RandomHex, HasTwoDigitsPerByteAndDiffers) {
  const auto a = random_hex(16);
  const auto b = random_hex(16);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->size(), 32u);
  EXPECT_NE(*a, *b);
}

}  // namespace
}  // namespace penstock::http
