#pragma once

#include <string>
#include <string_view>

#include "runtime/base/ids.h"

namespace penstock::apiserver {

// "2026-11-22T17:57:44Z"; what Kubernetes stores has whole seconds.
std::string to_timestamp(Millis time);
// Milliseconds since 1970 of an RFC 3339 time; 0 when it is none.
Millis from_timestamp(std::string_view text);
// "5s", "3m4s", "2d3h": the ages that kubectl shows.
std::string human_age(Millis milliseconds);

}  // namespace penstock::apiserver
