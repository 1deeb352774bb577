#include "operator/k8s/api_failure.h"

#include <simdjson.h>

#include <algorithm>

namespace penstock::k8s {
namespace {

struct ApiStatus {
  int code = 0;
  std::string reason, message;
  bool version_too_large = false;
  Duration retry_after{0};
};

ApiStatus read_status(int http, std::string_view body) {
  ApiStatus out{.code = http};
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  simdjson::dom::object status;
  if (parser.parse(body.data(), body.size()).get(element) != simdjson::SUCCESS ||
      element.get(status) != simdjson::SUCCESS) {
    out.message = std::string(body.substr(0, 300));
    return out;
  }
  std::int64_t code = 0;
  std::string_view text;
  if (status["code"].get(code) == simdjson::SUCCESS) out.code = static_cast<int>(code);
  if (status["reason"].get(text) == simdjson::SUCCESS) out.reason = text;
  if (status["message"].get(text) == simdjson::SUCCESS) out.message = text;
  std::int64_t seconds = 0;
  if (status["details"]["retryAfterSeconds"].get(seconds) == simdjson::SUCCESS && seconds > 0) {
    out.retry_after = std::min<Duration>(
        std::chrono::seconds(std::min<std::int64_t>(seconds, 3600)), kLongestRetryAfter);
  }
  simdjson::dom::array causes;
  if (status["details"]["causes"].get(causes) == simdjson::SUCCESS) {
    for (const simdjson::dom::element cause : causes) {
      if (cause["reason"].get(text) == simdjson::SUCCESS && text == "ResourceVersionTooLarge") {
        out.version_too_large = true;
      }
    }
  }
  return out;
}

Code code_of(const ApiStatus& status) {
  switch (status.code) {
    case 404:
      return Code::kNotFound;
    case 409:
      return status.reason == "AlreadyExists" ? Code::kAlreadyExists : Code::kConflict;
    case 400:
    case 413:
    case 422:
      return Code::kInvalid;
    case 405:
    case 406:
    case 415:
      return Code::kInternal;
    default:
      return Code::kUnavailable;  // 401, 403: somebody grants it; 408, 410, 429, 5xx: later
  }
}

Failure::Kind kind_of(const ApiStatus& status) {
  if (status.code == 410 || status.version_too_large) return Failure::Kind::kExpired;
  if (status.code == 429) return Failure::Kind::kThrottled;
  if (status.code >= 500) return Failure::Kind::kServer;
  return Failure::Kind::kRefused;
}

}  // namespace

Failure to_failure(int http, std::string_view body, Duration retry_after) {
  const ApiStatus status = read_status(http, body);
  std::string message = "the API server answered " + std::to_string(status.code);
  if (!status.reason.empty()) message += " " + status.reason;
  if (!status.message.empty()) message += ": " + status.message;
  if (status.code == 403) message += "; grant that to the account that asks (RBAC)";
  return {kind_of(status), Error{code_of(status), message},
          std::max(retry_after, status.retry_after)};
}

Failure to_failure(const Error& error) {
  const bool cancelled = error.code == Code::kCancelled;
  return {cancelled ? Failure::Kind::kCancelled : Failure::Kind::kUnreachable, error};
}

}  // namespace penstock::k8s
