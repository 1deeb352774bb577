#include "runtime/http/certificates.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <utility>

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

Error no_pem(const char* what) {
  ERR_clear_error();
  return Error{Code::kInvalid, std::string("no PEM text of a ") + what};
}

Result<Certificate> read_certificate(std::string_view pem) {
  Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
  if (!certificate) return no_pem("certificate");
  return certificate;
}

Result<Identity> read_identity(const KeyPair& pair) {
  Identity identity;
  TRY_ASSIGN(identity.certificate, read_certificate(pair.certificate_pem));
  Memory memory(BIO_new_mem_buf(pair.key_pem.data(), static_cast<int>(pair.key_pem.size())));
  // Without this OpenSSL would ask the terminal for a password.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  identity.key.reset(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_password, nullptr));
  if (!identity.key) return no_pem("private key");
  return identity;
}

Result<Millis> to_millis(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return openssl_error("read the time of a certificate");
  return static_cast<Millis>(timegm(&parts)) * 1000;
}

Result<KeyPair> to_pair(const Identity& identity) {
  KeyPair pair;
  TRY_ASSIGN(pair.certificate_pem, to_pem(*identity.certificate));
  TRY_ASSIGN(pair.key_pem, to_pem(*identity.key));
  return pair;
}

// An unsigned certificate with a fresh key.
Result<Identity> new_identity(const std::string& common_name, Millis now, Duration validity) {
  Identity identity{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  if (!identity.key || !identity.certificate) return openssl_error("make key");
  X509& certificate = *identity.certificate;
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) {
    return openssl_error("random serial number");
  }
  X509_set_version(&certificate, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), serial >> 1);
  const auto at = [now](Duration later) {
    return static_cast<time_t>(now / 1000 + later / std::chrono::seconds(1));
  };
  ASN1_TIME_set(X509_getm_notBefore(&certificate), at(-kDay));
  ASN1_TIME_set(X509_getm_notAfter(&certificate), at(validity));
  X509_set_pubkey(&certificate, identity.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(&certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  return identity;
}

}  // namespace

Result<KeyPair> make_authority(const std::string& common_name, Millis now, Duration validity) {
  TRY_ASSIGN(const Identity ca, new_identity(common_name, now, validity));
  X509& certificate = *ca.certificate;
  X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate));
  const bool done =
      add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") &&
      add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
      X509_sign(&certificate, ca.key.get(), EVP_sha256()) > 0;
  if (!done) return openssl_error("sign CA certificate");
  return to_pair(ca);
}

Result<KeyPair> issue(const KeyPair& authority, const CertificateRequest& request, Millis now) {
  const bool server = request.usage == CertificateRequest::Usage::kServer;
  if (server && request.hosts.empty())
    return Error{Code::kInvalid, "a server certificate needs at least one host"};
  TRY_ASSIGN(const Identity ca, read_identity(authority));
  TRY_ASSIGN(const Identity made, new_identity(request.common_name, now, request.validity));
  X509& certificate = *made.certificate;
  X509& issuer = *ca.certificate;
  X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer));
  const std::string names = alternative_names(request.hosts);
  const bool done =
      add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
      add_extension(certificate, issuer, NID_ext_key_usage, server ? "serverAuth" : "clientAuth") &&
      add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") &&
      (names.empty() || add_extension(certificate, issuer, NID_subject_alt_name, names)) &&
      X509_sign(&certificate, ca.key.get(), EVP_sha256()) > 0;
  if (!done) return openssl_error("sign certificate " + request.common_name + " for " + names);
  return to_pair(made);
}

Result<Millis> not_after(std::string_view certificate_pem) {
  TRY_ASSIGN(const Validity validity, validity_of(certificate_pem));
  return validity.to;
}

Result<Validity> validity_of(std::string_view certificate_pem) {
  TRY_ASSIGN(const Certificate certificate, read_certificate(certificate_pem));
  Validity validity;
  TRY_ASSIGN(validity.from, to_millis(X509_get0_notBefore(certificate.get())));
  TRY_ASSIGN(validity.to, to_millis(X509_get0_notAfter(certificate.get())));
  return validity;
}

bool names_host(std::string_view certificate_pem, const std::string& host) {
  const auto certificate = read_certificate(certificate_pem);
  if (!certificate) return false;
  return X509_check_host(certificate->get(), host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(certificate->get(), host.c_str(), 0) == 1;
}

bool is_signed_by(std::string_view certificate_pem, std::string_view authority_pem) {
  const auto certificate = read_certificate(certificate_pem);
  const auto authority = read_certificate(authority_pem);
  return certificate && authority &&
         X509_verify(certificate->get(), X509_get0_pubkey(authority->get())) == 1;
}

Status check_pair(const KeyPair& pair) {
  TRY_ASSIGN(const Identity identity, read_identity(pair));
  if (X509_check_private_key(identity.certificate.get(), identity.key.get()) != 1)
    return Error{Code::kInvalid, "the private key is not that of the certificate"};
  return ok();
}

Result<ServerCertificate> make_server_certificate(const std::vector<std::string>& hosts,
                                                  Millis now) {
  TRY_ASSIGN(const KeyPair ca, make_authority("penstock-ca", now));
  TRY_ASSIGN(KeyPair server, issue(ca, {.common_name = "penstock-apiserver", .hosts = hosts}, now));
  return ServerCertificate{ca.certificate_pem, std::move(server.certificate_pem),
                           std::move(server.key_pem)};
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
