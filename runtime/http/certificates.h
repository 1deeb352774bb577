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
