#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock {

// What admission says about an object. No problems: accepted.
struct AdmissionVerdict {
  struct Problem {
    std::string field;  // "spec.sql"
    std::string message;
  };
  std::vector<Problem> problems;
  std::vector<std::string> warnings;
};
// Called for each create and each change of spec of our kinds, with JSON; `old_json` is empty for a
// create. Any thread; must not call the API.
using Admission =
    std::function<AdmissionVerdict(const std::string& object_json, const std::string& old_json)>;

// Which container's output `kubectl logs` wants.
struct LogTarget {
  std::string name_space, pod, uid, container;
  bool previous = false;
};
struct LogFile {
  std::string path;
  bool running = false;  // more may come: a follower waits for it
  std::string times;     // beside it, see LineTimes; empty: nobody notes when lines come
};
// Finds it; kNotFound when the container has not started (or, for `previous`, has not ended) yet.
// Any thread.
using FindLog = std::function<Result<LogFile>(const LogTarget&)>;

struct ApiServerOptions {
  std::string
      data_directory;  // made when absent: objects.db, ca.crt, server.crt, server.key, token
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;         // 0 takes a free one
  std::vector<std::string> crds;  // CustomResourceDefinitions to serve, as JSON text
  Admission admission;            // empty admits everything
  FindLog find_log;               // empty: no Pod has logs
  int threads = 2;
};

// A Kubernetes-compatible API server on loopback: TLS, one bearer token, objects in SQLite. Serves
// from start() until it is destroyed. State survives SIGKILL; a second server on the same directory
// is refused.
class ApiServer {
 public:
  // `clock` outlives the server. kUnavailable: the port or the directory is taken; kInvalid: a CRD
  // is wrong.
  static Result<std::unique_ptr<ApiServer>> start(const ApiServerOptions& options, Clock& clock);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  std::uint16_t port() const;
  std::string url() const;  // "https://127.0.0.1:6443"
  const std::string& token() const;
  const std::string& ca_pem() const;
  std::string kubeconfig() const;  // YAML, with the CA and the token in it

 private:
  class Impl;
  explicit ApiServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock
