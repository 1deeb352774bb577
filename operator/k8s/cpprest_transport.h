#pragma once

#include <memory>

#include "operator/k8s/cluster.h"
#include "operator/k8s/transport.h"
#include "runtime/base/clock.h"
#include "runtime/metrics/registry.h"

namespace penstock::k8s {

struct TransportOptions {
  Duration call_timeout = std::chrono::seconds(30);  // of silence, not in total
  // A stream on which nothing came for this long is dead: HTTP/1.1 has no ping. Above the
  // timeoutSeconds that watches ask for.
  Duration idle_guard = std::chrono::seconds(320);
  Duration reload_period = std::chrono::seconds(60);  // of tokens and certificates in files
};

// Call at the start of main, before any thread is there: it changes the environment. cpprestsdk
// parses the system's certificates for each connection, needed or not: 1.3 MB and 40 ms each. After
// this only a cluster that names no authority of its own pays for them.
void spare_system_certificates();

// HTTP/1.1 by cpprestsdk: a pool of connections for calls and one connection per stream.
// Credentials in files are read again every `reload_period`, and at once after a 401; when a
// certificate changed, new clients replace the old ones. kUnavailable or kInvalid when the
// credentials cannot be read.
Result<std::unique_ptr<Transport>> make_cpprest_transport(Cluster cluster, Clock& clock,
                                                          metrics::Registry& metrics,
                                                          TransportOptions options = {});

}  // namespace penstock::k8s
