#include "runtime/http/certificates.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>

namespace penstock::http {

namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, Free<BIO_free_all>>;

Error openssl_error(std::string_view what) {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  return Error{Code::kInternal, std::string(what) + ": " + text};
}

std::string read_all(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<std::string> to_pem(X509& certificate) {
  Memory memory(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(memory.get(), &certificate) != 1)
    return openssl_error("write certificate");
  return read_all(memory.get());
}

Result<std::string> to_pem(EVP_PKEY& key) {
  Memory memory(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(memory.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_error("write key");
  }
  return read_all(memory.get());
}

bool add_extension(X509& certificate, X509& issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::string names;
  for (const std::string& host : hosts) {
    unsigned char address[16];
    const bool is_ip = inet_pton(AF_INET, host.c_str(), address) == 1 ||
                       inet_pton(AF_INET6, host.c_str(), address) == 1;
    names += (names.empty() ? "" : ",") + std::string(is_ip ? "IP:" : "DNS:") + host;
  }
  return names;
}

struct Identity {
  Key key;
  Certificate certificate;
};

// An unsigned certificate with a fresh key.
Result<Identity> new_identity(const char* common_name, Millis now) {
  constexpr long kDay = 24 * 3600;
  Identity identity{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  if (!identity.key || !identity.certificate) return openssl_error("make key");
  X509& certificate = *identity.certificate;
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) {
    return openssl_error("random serial number");
  }
  X509_set_version(&certificate, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1);
  const auto begin = static_cast<time_t>(now / 1000 - kDay);
  ASN1_TIME_set(X509_getm_notBefore(&certificate), begin);
  ASN1_TIME_set(X509_getm_notAfter(&certificate), begin + 3650 * kDay);
  X509_set_pubkey(&certificate, identity.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  return identity;
}

Result<Identity> make_authority(Millis now) {
  TRY_ASSIGN(Identity ca, new_identity("penstock-ca", now));
  X509& certificate = *ca.certificate;
  X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate));
  const bool done =
      add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") &&
      add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
      X509_sign(&certificate, ca.key.get(), EVP_sha256()) > 0;
  if (!done) return openssl_error("sign CA certificate");
  return ca;
}

}  // namespace

Result<ServerCertificate> make_server_certificate(const std::vector<std::string>& hosts,
                                                  Millis now) {
  if (hosts.empty()) return Error{Code::kInvalid, "a server certificate needs at least one host"};
  TRY_ASSIGN(const Identity ca, make_authority(now));
  TRY_ASSIGN(const Identity server, new_identity("penstock-apiserver", now));
  X509& certificate = *server.certificate;
  X509& issuer = *ca.certificate;
  X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer));
  const bool done =
      add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
      add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
      add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") &&
      add_extension(certificate, issuer, NID_subject_alt_name, alternative_names(hosts)) &&
      X509_sign(&certificate, ca.key.get(), EVP_sha256()) > 0;
  if (!done) return openssl_error("sign server certificate for " + alternative_names(hosts));
  ServerCertificate made;
  TRY_ASSIGN(made.ca_pem, to_pem(issuer));
  TRY_ASSIGN(made.certificate_pem, to_pem(certificate));
  TRY_ASSIGN(made.key_pem, to_pem(*server.key));
  return made;
}

Result<std::string> random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes)) != 1) {
    return openssl_error("random bytes");
  }
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : raw) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

}  // namespace penstock::http
