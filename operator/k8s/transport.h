#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock::k8s {

struct Request {
  std::string method = "GET";
  std::string target;  // path and query
  std::string body;
  std::string content_type;  // "application/json" when empty and there is a body
};

struct Response {
  int status = 0;
  std::string body;
  Duration retry_after{0};  // what the header of that name asks for, in seconds; at most a minute
};

// Requests so far by (verb, resource): ("list", "pods"), ("patch", "streamjobs/status"). Verbs are
// get list watch create update patch delete.
using RequestCounts = std::map<std::pair<std::string, std::string>, std::uint64_t>;

// How bytes reach an API server. Any thread. An answer of any HTTP status is a Response; only when
// there is none is it an Error: kUnavailable, or kCancelled after a stop.
class Transport {
 public:
  virtual ~Transport() = default;

  // Blocks for at most the transport's time-out. A request may reach the server twice when a pooled
  // connection dies: callers use deterministic names and resourceVersions (see README.md).
  virtual Result<Response> call(const Request& request) = 0;

  // Calls `on_line` in this thread for every line of an endless 200 answer; the server is read no
  // faster than that. Returns when the server ends it (status 200, no body), when the answer is
  // another one (with its body), when `on_line` returns an error (that error) or at a stop.
  using OnLine = std::function<Status(std::string_view line)>;
  virtual Result<Response> stream(const Request& request, const OnLine& on_line,
                                  const std::stop_token& stop) = 0;

  // Reads credentials again and opens new connections from here on.
  virtual void rotate() = 0;

  virtual RequestCounts counts() const = 0;
};

// ("list", "pods") for GET /api/v1/namespaces/a/pods.
std::pair<std::string, std::string> classify(std::string_view method, std::string_view target);

}  // namespace penstock::k8s
