#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/storage/s3_config.h"

namespace penstock::s3 {

using Headers = std::map<std::string, std::string>;  // lower-case names

// One request as it goes out, except for its signature.
struct Request {
  std::string method = "GET";
  std::string url;     // percent-encoded as S3 signs it; the query's keys in order
  std::string region;  // what the signature is for
  Headers headers{};
  std::string_view body{};  // has to live until the answer
  Duration limit{};         // for all of it
};

struct Answer {
  int status = 0;
  Headers headers{};
  std::string body{};
};

// Signs and sends. The port between what S3 means and what the network does. Any thread.
class Http {
 public:
  virtual ~Http() = default;

  // The whole answer, whatever its status. kUnavailable: none came, or a part of one; the request
  // may have had its effect. kCancelled once `stop` is requested.
  virtual Result<Answer> send(const Request& request, const std::stop_token& stop) = 0;
};

// Over libcurl: TLS verified against `ca_bundle` or the system's authorities, connections kept
// alive, at most kConnections of them; a further caller waits. Proxies from the environment.
constexpr int kConnections = 8;
Result<std::unique_ptr<Http>> make_curl_http(Credentials credentials, std::string ca_bundle);

}  // namespace penstock::s3
