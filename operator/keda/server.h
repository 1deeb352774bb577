#pragma once

#include <memory>
#include <string>

#include "operator/cache/store.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock::keda {

struct ScalerOptions {
  std::string address;  // HOST:PORT; port 0 takes a free one
  // PEM texts; without them it listens on loopback only, in plain text.
  std::string certificate, key;
};

// KEDA's external scaler over the cached jobs. Answers from construction to destruction, on gRPC's
// threads; streams of activity are served by one thread of its own.
class ScalerServer {
 public:
  // `jobs` and `clock` outlive it. kInvalid without certificate on another address than loopback;
  // kUnavailable when the port is in use.
  static Result<std::unique_ptr<ScalerServer>> start(const k8s::ObjectStore& jobs, Clock& clock,
                                                     const ScalerOptions& options);
  ~ScalerServer();

  int port() const;

 private:
  class Impl;
  explicit ScalerServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::keda
