#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace penstock::s3 {

// Who asks. Never in a message or a log line.
struct Credentials {
  std::string access_key, secret_key;
  std::string session_token;  // empty: none
};

// A prefix of a bucket and the server that has it.
struct Config {
  std::string bucket;
  std::string prefix;    // "" or "a/b": without slashes at its ends
  std::string endpoint;  // "https://host[:port]"; empty: the region's at AWS
  std::string region;
  std::string ca_bundle;  // authorities to trust: a file, or their PEM text; empty: the system's
  Credentials credentials;

  // "s3://bucket/prefix"
  std::string uri() const;
  // For messages: 'bucket "b" at http://127.0.0.1:9000'.
  std::string place() const;
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

// Reads "s3://bucket/prefix" and what each S3 tool reads: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
// AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL (a
// plain http:// only there), AWS_CA_BUNDLE (or the PEM text itself, for a Secret). kInvalid when
// the URI is wrong, kUnavailable when the environment is.
Result<Config> read_config(std::string_view uri, const Environment& environment);

}  // namespace penstock::s3
