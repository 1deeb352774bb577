#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "operator/webhook/rotation.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock {

struct CertificateKeeperOptions {
  k8s::ObjectKey secret{"default", "penstock-webhook"};
  std::string configuration;  // ValidatingWebhookConfiguration; empty: none is looked after
  std::vector<std::string> hosts;
  CertificateTimes times;
  // Gives the server its certificate.
  std::function<Status(const http::KeyPair&)> use;
  std::function<bool()> leads;
};

// Keeps a Secret with the webhook's certificates, the server and the configuration's caBundle in
// step. Every replica does: writes carry the resourceVersion that was read, so that two never undo
// each other. One thread.
class CertificateKeeper {
 public:
  CertificateKeeper(const k8s::Reader& reader, const k8s::Writer& writer, Clock& clock,
                    CertificateKeeperOptions options);

  // One look: renews what has to be, gives the server what is new, repairs the caBundle. kConflict
  // when another replica was faster: look again.
  Status look();

 private:
  Result<WebhookCertificates> certificates();
  Status serve(const WebhookCertificates& certificates);
  Status publish(const std::string& bundle_pem) const;

  const k8s::Reader& reader_;
  const k8s::Writer& writer_;
  Clock& clock_;
  const CertificateKeeperOptions options_;
  std::string served_;  // the certificate that the server has
};

// The Secret's JSON and back. Nothing when a key is missing or no base64. Pure.
std::string write_certificate_secret(const k8s::ObjectKey& key, const std::string& version,
                                     const WebhookCertificates& certificates);
std::optional<WebhookCertificates> read_certificate_secret(const std::string& json);

// A merge patch that gives every webhook of a ValidatingWebhookConfiguration the caBundle; nothing
// when all have it. Pure.
std::optional<std::string> bundle_patch(const std::string& configuration_json,
                                        const std::string& bundle_pem);

}  // namespace penstock
