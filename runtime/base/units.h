#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock {

// "10s", "1m30s", "250ms", "1h", "2d"; Flink's "10 s" and "5 min" too. Never negative.
Result<Duration> parse_duration(std::string_view text);
// The shortest exact form that parse_duration reads: "90s" is "1m30s".
std::string format_duration(Duration duration);

// A Kubernetes quantity of bytes: "64Mi", "1Gi", "500M", "1024".
Result<std::int64_t> parse_bytes(std::string_view text);
std::string format_bytes(std::int64_t bytes);

// A Kubernetes quantity of CPU in thousandths: "100m" is 100, "1" is 1000, "0.5" is 500.
Result<std::int64_t> parse_millicpu(std::string_view text);
std::string format_millicpu(std::int64_t millicpu);

}  // namespace penstock
