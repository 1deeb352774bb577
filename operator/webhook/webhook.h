#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "operator/k8s/transport.h"
#include "operator/webhook/rotation.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/metrics/registry.h"

namespace penstock {

struct WebhookOptions {
  std::string address;        // HOST:PORT; ":PORT" is every address, port 0 takes a free one
  std::string service;        // the Service in front of it, in `name_space`; empty: none
  std::string configuration;  // the ValidatingWebhookConfiguration to keep right; empty: none
  std::string certificates;   // folder with tls.crt and tls.key; empty: certificates of its own
  std::string name_space;     // where Secret penstock-webhook is
  std::function<bool()> leads;
  CertificateTimes times;
};

// The validating admission webhook: POST /validate over TLS. Every replica serves it, leader or
// not. Listens from start() until it is destroyed, and has a thread that keeps certificates fresh.
class Webhook {
 public:
  // `transport`, `clock` and `metrics` outlive it. kInvalid for an address, or a folder of
  // certificates, that cannot be used; kUnavailable when the port is taken. Certificates of its own
  // come later, from the API server: see problem().
  static Result<std::unique_ptr<Webhook>> start(k8s::Transport& transport, Clock& clock,
                                                metrics::Registry& metrics, WebhookOptions options);
  virtual ~Webhook() = default;

  virtual std::uint16_t port() const = 0;
  // Why API servers cannot use it now; empty when they can. Any thread.
  virtual std::string problem() const = 0;
};

// The names that clients may call it by: those of the service, and the address unless that is every
// address.
std::vector<std::string> webhook_hosts(const WebhookOptions& options);

}  // namespace penstock
