#include "operator/webhook/rotation.h"

#include <algorithm>

namespace penstock {
namespace {

using http::KeyPair;
using http::Validity;

constexpr std::string_view kEnd = "-----END CERTIFICATE-----\n";

Millis to_millis(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

// The newest authority alone.
std::string first_of(const std::string& bundle_pem) {
  const std::size_t end = bundle_pem.find(kEnd);
  return end == std::string::npos ? bundle_pem : bundle_pem.substr(0, end + kEnd.size());
}

KeyPair authority_of(const WebhookCertificates& kept) {
  return {first_of(kept.bundle_pem), kept.authority_key_pem};
}

bool ends_soon(const Validity& validity, bool leads, Millis now) {
  const Millis life = validity.to - validity.from;
  return validity.to - now < life / (leads ? 3 : 6);
}

// Why clients would not take the server's certificate; empty when they do.
std::string_view server_problem(const WebhookCertificates& kept,
                                const std::vector<std::string>& hosts, Millis now) {
  const std::string& pem = kept.server.certificate_pem;
  const auto validity = http::validity_of(pem);
  if (!validity || !http::check_pair(kept.server)) return "the certificate cannot be used";
  if (now >= validity->to || now < validity->from) return "the certificate is not valid now";
  const auto named = [&](const std::string& host) { return http::names_host(pem, host); };
  if (!std::ranges::all_of(hosts, named)) return "the certificate lacks a name of the service";
  // The bundle holds at most the newest authority and the one before it.
  const std::string newest = first_of(kept.bundle_pem);
  const bool known = http::is_signed_by(pem, newest) ||
                     http::is_signed_by(pem, kept.bundle_pem.substr(newest.size()));
  return known ? std::string_view() : "the certificate is of an unknown authority";
}

Result<KeyPair> issue_for(const KeyPair& authority, const std::vector<std::string>& hosts,
                          const CertificateTimes& times, Millis now) {
  return http::issue(authority,
                     {.common_name = "penstock-webhook", .hosts = hosts, .validity = times.server},
                     now);
}

}  // namespace

CertificateDecision decide_certificates(const std::optional<WebhookCertificates>& kept,
                                        const std::vector<std::string>& hosts, bool leads,
                                        const CertificateTimes& times, Millis now) {
  using Act = CertificateAct;
  if (!kept) return {Act::kMakeAll, "there are no certificates yet"};
  const KeyPair authority = authority_of(*kept);
  const auto authority_life = http::validity_of(authority.certificate_pem);
  if (!authority_life || !http::check_pair(authority))
    return {Act::kMakeAll, "the authority cannot be used"};
  if (now >= authority_life->to) return {Act::kMakeAll, "the authority is not valid any more"};
  if (const std::string_view problem = server_problem(*kept, hosts, now); !problem.empty())
    return {Act::kRenewServer, problem};
  if (ends_soon(*authority_life, leads, now))
    return {Act::kRenewAuthority, "the authority ends soon"};

  // Certificates begin a day before they are made.
  const Millis age = now - authority_life->from - to_millis(http::kDay);
  if (age < to_millis(times.spread)) return {Act::kKeep, "the authority is new"};
  const std::string& server = kept->server.certificate_pem;
  if (ends_soon(http::validity_of(server).value(), leads, now))
    return {Act::kRenewServer, "the certificate ends soon"};
  if (leads && !http::is_signed_by(server, authority.certificate_pem))
    return {Act::kRenewServer, "there is a new authority"};
  return {Act::kKeep, "the certificates are valid"};
}

Result<WebhookCertificates> renew_certificates(CertificateAct act,
                                               const std::optional<WebhookCertificates>& kept,
                                               const std::vector<std::string>& hosts,
                                               const CertificateTimes& times, Millis now) {
  WebhookCertificates next = kept.value_or(WebhookCertificates{});
  if (act == CertificateAct::kMakeAll || act == CertificateAct::kRenewAuthority) {
    TRY_ASSIGN(KeyPair authority,
               http::make_authority("penstock-webhook-ca", now, times.authority));
    const std::string before =
        act == CertificateAct::kRenewAuthority ? first_of(next.bundle_pem) : std::string();
    next.bundle_pem = authority.certificate_pem + before;
    next.authority_key_pem = std::move(authority.key_pem);
  }
  if (act == CertificateAct::kMakeAll || act == CertificateAct::kRenewServer) {
    TRY_ASSIGN(next.server, issue_for(authority_of(next), hosts, times, now));
  }
  return next;
}

}  // namespace penstock
