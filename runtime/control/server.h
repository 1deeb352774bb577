#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/job/job.h"

namespace penstock {

struct ControlOptions {
  // "127.0.0.1:7000", "[::1]:0" or "unix:/path". Port 0 takes a free one.
  std::string address;
  // Folder with tls.crt, tls.key and ca.crt (PEM), as a Secret of type kubernetes.io/tls is
  // mounted; empty: plain text. Clients must show a certificate of that authority, valid for
  // clients.
  std::string certificates;
};

// The gRPC service through which the operator and `penstock ctl` reach a running job. Without TLS
// it listens only on loopback or a unix socket and refuses anything else. Any number of callers;
// orders run on gRPC's threads. Destroying it ends open watches.
class ControlServer {
 public:
  // `job` and `clock` outlive the server. kInvalid for an address that needs TLS, kUnavailable when
  // it cannot be bound: the port may be in use.
  static Result<std::unique_ptr<ControlServer>> start(Job& job, Clock& clock,
                                                      const ControlOptions& options);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // "127.0.0.1:41234", with the port that was taken.
  const std::string& address() const;

 private:
  class Impl;
  explicit ControlServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether plain text may be spoken there: loopback or a unix socket.
bool is_local_address(const std::string& address);

}  // namespace penstock
