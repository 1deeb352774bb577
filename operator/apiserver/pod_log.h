#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "operator/apiserver/api_server.h"
#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/request.h"
#include "runtime/http/server.h"

namespace penstock::apiserver {

struct LogOptions {
  LogTarget target;
  bool follow = false;
  std::optional<std::int64_t> tail_lines;
  std::optional<std::int64_t> limit_bytes;
  std::optional<Millis> since;
  bool timestamps = false;
};

// The options of GET .../pods/NAME/log. 400 for a container that the Pod has not.
Answer<LogOptions> parse_log_options(const Query& query, const Json& pod, Millis now);

// The stream of a container's output, or why there is none. `clock` outlives the stream.
Answer<http::Reply> open_log(const LogOptions& options, const FindLog& find_log, Clock& clock);

}  // namespace penstock::apiserver
