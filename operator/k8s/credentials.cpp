#include "operator/k8s/credentials.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

namespace penstock::k8s {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio open(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

Certificate first_certificate(const std::string& pem) {
  const Bio bio = open(pem);
  return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

// Never asks a terminal for a password.
int no_password(char*, int, int, void*) { return 0; }

Key private_key(const std::string& pem) {
  const Bio bio = open(pem);
  return {PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr), EVP_PKEY_free};
}

std::string name_of(const Material& material, std::string_view what) {
  return std::string(what) + (material.file.empty() ? "" : " in the file " + material.file);
}

Result<std::string> read(const Material& material, std::string_view what) {
  TRY_ASSIGN(std::string text, material.read());
  if (text.empty() && !material.empty()) {
    return Error{Code::kUnavailable, name_of(material, what) + " is empty"};
  }
  return text;
}

}  // namespace

Result<Credentials> read_credentials(const Cluster& cluster) {
  Credentials out;
  TRY_ASSIGN(out.authority, read(cluster.authority, "the cluster's authority"));
  TRY_ASSIGN(out.certificate, read(cluster.client_certificate, "the client certificate"));
  TRY_ASSIGN(out.key, read(cluster.client_key, "the client key"));
  TRY_ASSIGN(out.token, read(cluster.token, "the token"));
  while (!out.token.empty() && (out.token.back() == '\n' || out.token.back() == ' ')) {
    out.token.pop_back();
  }
  if (!out.authority.empty() && !first_certificate(out.authority)) {
    return Error{Code::kUnavailable, name_of(cluster.authority, "the cluster's authority") +
                                         " is no certificate in PEM form"};
  }
  if (out.certificate.empty()) return out;
  const Certificate certificate = first_certificate(out.certificate);
  const Key key = private_key(out.key);
  if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Error{Code::kUnavailable, name_of(cluster.client_certificate, "the client certificate") +
                                         " and " + name_of(cluster.client_key, "the client key") +
                                         " do not belong together"};
  }
  return out;
}

}  // namespace penstock::k8s
