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

int verify(const KeyPair& pair, const KeyPair& authority, int purpose) {
  const Certificate leaf = read(pair.certificate_pem), ca = read(authority.certificate_pem);
  X509_STORE* trusted = X509_STORE_new();
  X509_STORE_add_cert(trusted, ca.get());
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, trusted, leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(context, purpose);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), kNow / 1000);
  const int good = X509_verify_cert(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(trusted);
  return good;
}

TEST(Certificates, AServerCannotPoseAsAClient) {
  const auto ca = make_authority("ca", kNow);
  ASSERT_TRUE(ca);
  const auto server = issue(*ca, {.common_name = "engine", .hosts = {"engine"}}, kNow);
  const auto client =
      issue(*ca, {.common_name = "operator", .usage = CertificateRequest::Usage::kClient}, kNow);
  ASSERT_TRUE(server && client);
  EXPECT_EQ(verify(*server, *ca, X509_PURPOSE_SSL_SERVER), 1);
  EXPECT_EQ(verify(*server, *ca, X509_PURPOSE_SSL_CLIENT), 0);
  EXPECT_EQ(verify(*client, *ca, X509_PURPOSE_SSL_CLIENT), 1);
  EXPECT_EQ(verify(*client, *ca, X509_PURPOSE_SSL_SERVER), 0);
}

TEST(Certificates, AnotherAuthorityOfTheSameNameIsNotTheIssuer) {
  const auto mine = make_authority("ca", kNow), other = make_authority("ca", kNow);
  ASSERT_TRUE(mine && other);
  const auto server = issue(*mine, {.common_name = "engine", .hosts = {"engine"}}, kNow);
  ASSERT_TRUE(server);
  EXPECT_EQ(verify(*server, *other, X509_PURPOSE_SSL_SERVER), 0);
}

TEST(Certificates, EndWhenAskedTo) {
  const auto ca = make_authority("ca", kNow, 90 * kDay);
  ASSERT_TRUE(ca);
  EXPECT_EQ(not_after(ca->certificate_pem).value(), kNow + 90LL * 24 * 3600 * 1000);
  EXPECT_EQ(not_after("no PEM").error().code, Code::kInvalid);
  EXPECT_EQ(issue({"no", "PEM"}, {.common_name = "x", .hosts = {"x"}}, kNow).error().code,
            Code::kInvalid);
}

TEST(RandomHex, HasTwoDigitsPerByteAndDiffers) {
  const auto a = random_hex(16);
  const auto b = random_hex(16);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->size(), 32u);
  EXPECT_NE(*a, *b);
}

TEST(Certificates, SayHowLongForWhomAndByWhomTheyAre) {
  const KeyPair ca = make_authority("one", kNow, 10 * kDay).value();
  const KeyPair other = make_authority("one", kNow, 10 * kDay).value();
  const CertificateRequest request{
      .common_name = "server", .hosts = {"a.b.svc", "127.0.0.1"}, .validity = 5 * kDay};
  const KeyPair pair = issue(ca, request, kNow).value();
  constexpr Millis kDayMillis = 86'400'000;
  EXPECT_EQ(validity_of(pair.certificate_pem).value(),
            (Validity{kNow - kDayMillis, not_after(pair.certificate_pem).value()}));
  EXPECT_TRUE(names_host(pair.certificate_pem, "a.b.svc"));
  EXPECT_TRUE(names_host(pair.certificate_pem, "127.0.0.1"));
  EXPECT_FALSE(names_host(pair.certificate_pem, "a.c.svc"));
  EXPECT_TRUE(is_signed_by(pair.certificate_pem, ca.certificate_pem));
  EXPECT_FALSE(is_signed_by(pair.certificate_pem, other.certificate_pem));
  EXPECT_TRUE(check_pair(pair));
  EXPECT_EQ(check_pair({pair.certificate_pem, ca.key_pem}).error().code, Code::kInvalid);
  EXPECT_FALSE(names_host("no PEM", "a"));
  EXPECT_FALSE(is_signed_by("no PEM", "no PEM"));
  EXPECT_FALSE(validity_of("no PEM"));
}

// What is read may be anything: somebody can write Secrets.
TEST(Certificates, AKeyWithAPasswordIsRefusedWithoutAsking) {
  const KeyPair ca = make_authority("one", kNow, 10 * kDay).value();
  BIO* in = BIO_new_mem_buf(ca.key_pem.data(), static_cast<int>(ca.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  BIO* out = BIO_new(BIO_s_mem());
  unsigned char password[] = "secret";
  ASSERT_EQ(PEM_write_bio_PrivateKey(out, key, EVP_aes_128_cbc(), password, 6, nullptr, nullptr),
            1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  const std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(in);
  BIO_free(out);
  EVP_PKEY_free(key);
  EXPECT_EQ(check_pair({ca.certificate_pem, pem}).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace penstock::http
