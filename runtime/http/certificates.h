#pragma once

#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock::http {

struct ServerCertificate {
  std::string ca_pem;           // what clients trust
  std::string certificate_pem;  // signed by that CA, for server authentication
  std::string key_pem;          // secret
};

// A new CA (whose key is thrown away) and a server certificate for `hosts`: DNS names and IP
// addresses, at least one. ECDSA P-256; valid from a day before `now` for ten years.
Result<ServerCertificate> make_server_certificate(const std::vector<std::string>& hosts,
                                                  Millis now);

// `bytes` from the system's secure generator, as lower-case hex.
Result<std::string> random_hex(std::size_t bytes);

}  // namespace penstock::http
