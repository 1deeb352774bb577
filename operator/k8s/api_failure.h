#pragma once

#include <string>
#include <string_view>

#include "operator/k8s/transport.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock::k8s {

// Why a request did not do what it should, in the distinctions that list and watch act upon.
struct Failure {
  enum class Kind {
    kExpired,      // 410, or a resourceVersion that the server has not reached yet: list anew
    kUnreachable,  // no answer: connection refused, cut, timed out
    kThrottled,    // 429
    kServer,       // 5xx
    kCancelled,
    kRefused,  // everything else
  } kind = Kind::kRefused;
  Error error;
  Duration retry_after{0};  // how long the server asks to be left alone, at least
};

// A server may ask for any time; nobody stays away for longer than this.
inline constexpr Duration kLongestRetryAfter = std::chrono::minutes(1);

// Reads a Kubernetes Status: `status` is the HTTP status, `body` its JSON or any text,
// `retry_after` the header.
Failure to_failure(int status, std::string_view body, Duration retry_after = Duration{0});
// For a transport that had no answer.
Failure to_failure(const Error& error);

}  // namespace penstock::k8s
