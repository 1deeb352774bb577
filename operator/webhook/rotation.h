#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/http/certificates.h"

namespace penstock {

// What Secret penstock-webhook holds.
struct WebhookCertificates {
  std::string bundle_pem;  // authorities that clients trust, the newest first
  std::string authority_key_pem;
  http::KeyPair server;  // signed by one of them
  friend bool operator==(const WebhookCertificates&, const WebhookCertificates&) = default;
};

enum class CertificateAct { kKeep, kRenewServer, kRenewAuthority, kMakeAll };

struct CertificateDecision {
  CertificateAct act = CertificateAct::kKeep;
  std::string_view reason;  // constant text, for the log
};

// How long certificates last, and how long a new authority is only published before the server's
// certificate comes from it: every replica has to have put it into the configuration by then, and
// every API server has to have seen it.
struct CertificateTimes {
  Duration authority = 730 * http::kDay;
  Duration server = 90 * http::kDay;
  Duration spread = std::chrono::minutes(10);
};

// What to do with the certificates that are kept, if any. The leader renews what has a third of its
// life left; the others only what has a sixth left, so that they help where nobody leads. `hosts`:
// the names that clients use. Pure.
CertificateDecision decide_certificates(const std::optional<WebhookCertificates>& kept,
                                        const std::vector<std::string>& hosts, bool leads,
                                        const CertificateTimes& times, Millis now);

// The certificates after `act`. A renewed authority stands in the bundle before the one it follows,
// which signed the server's certificate and still does until kRenewServer. kKeep needs none of
// this.
Result<WebhookCertificates> renew_certificates(CertificateAct act,
                                               const std::optional<WebhookCertificates>& kept,
                                               const std::vector<std::string>& hosts,
                                               const CertificateTimes& times, Millis now);

}  // namespace penstock
