#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock::http {

inline constexpr Duration kDay = std::chrono::hours(24);

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;  // secret
  friend bool operator==(const KeyPair&, const KeyPair&) = default;
};

struct CertificateRequest {
  enum class Usage { kServer, kClient };  // one alone: a server cannot pose as a client
  std::string common_name;
  std::vector<std::string> hosts;  // DNS names and IP addresses; a server needs at least one
  Usage usage = Usage::kServer;
  Duration validity = 3650 * kDay;
};

// A self-signed authority. ECDSA P-256, as everything here; valid from a day before `now`, for
// clocks that differ.
Result<KeyPair> make_authority(const std::string& common_name, Millis now,
                               Duration validity = 3650 * kDay);

// kInvalid without a host for a server, or when `authority` is no PEM pair.
Result<KeyPair> issue(const KeyPair& authority, const CertificateRequest& request, Millis now);

// When the first certificate of a PEM text ends. kInvalid when there is none.
Result<Millis> not_after(std::string_view certificate_pem);

struct Validity {
  Millis from = 0, to = 0;
  friend bool operator==(const Validity&, const Validity&) = default;
};
// Of the first certificate of a PEM text. kInvalid when there is none.
Result<Validity> validity_of(std::string_view certificate_pem);
// Whether clients that ask for `host`, a DNS name or an IP address, take the certificate; false for
// what is no certificate.
bool names_host(std::string_view certificate_pem, const std::string& host);
// Whether the first certificate of one text is signed with the key of the first of the other.
bool is_signed_by(std::string_view certificate_pem, std::string_view authority_pem);
// kInvalid when the key is not the certificate's, has a password, or one of them is no PEM.
Status check_pair(const KeyPair& pair);

struct ServerCertificate {
  std::string ca_pem;           // what clients trust
  std::string certificate_pem;  // signed by that CA, for server authentication
  std::string key_pem;          // secret
};

// A new authority, whose key is thrown away, and a server certificate for `hosts`.
Result<ServerCertificate> make_server_certificate(const std::vector<std::string>& hosts,
                                                  Millis now);

// `bytes` from the system's secure generator, as lower-case hex.
Result<std::string> random_hex(std::size_t bytes);

}  // namespace penstock::http
