#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "controllers/desired/installation.h"
#include "controllers/desired/objects.h"
#include "operator/engines/engine_client.h"
#include "operator/k8s/transport.h"
#include "operator/manager/health.h"
#include "operator/reconcilers/namespace_scope.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/metrics/registry.h"

namespace penstock {

struct OperatorOptions {
  std::vector<std::string> namespaces;  // empty: all
  LabelSelector namespace_selector;     // of the namespaces; empty: all of the above
  bool leader_elect = false;
  std::string lease_namespace = "default";
  std::string identity;              // unlike any other operator's: host name and more
  std::function<void()> on_leading;  // leadership is won; at the start where nobody elects
  std::function<void()> on_lost;     // leadership is lost: ends the process at once
  std::string http;                  // HOST:PORT of health and metrics; empty: none
  std::vector<HealthCheck> ready;    // of others, for /readyz
  int workers = 8;  // of jobs, each waits for the API most of the time; one each of the other kinds
  Installation installation;
  // See ReconcileContext.
  std::function<Result<TlsTexts>(const std::string& server_name)> certify;
  std::function<Status(const std::string& uri)> delete_checkpoints;
};

// The whole operator over one API server: caches, controllers, leader election, health. What `run`
// and `up` start, and the one place that knows the order of starting and stopping: health server,
// caches, election, controllers; the reverse at the end, but the Lease before the caches. A
// candidate that does not lead has filled caches and writes nothing.
class Operator {
 public:
  // Everything given outlives the operator. kInvalid or kUnavailable when `http` cannot be served.
  static Result<std::unique_ptr<Operator>> create(k8s::Transport& transport, EngineClient& engines,
                                                  Clock& clock, metrics::Registry& metrics,
                                                  OperatorOptions options);
  virtual ~Operator() = default;

  // Works until `stop` is requested; kConflict when leadership was lost before.
  virtual Status run(const std::stop_token& stop) = 0;
  // The jobs as cached, from the beginning of run() on.
  virtual const k8s::ObjectStore& jobs() const = 0;
  // The port that `http` got; 0 without.
  virtual std::uint16_t http_port() const = 0;
};

}  // namespace penstock
