#pragma once

#include <string>
#include <vector>

#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// The limits of `schema` (minimum, maxLength, pattern, maxItems, format, ...) that `value` breaks,
// each as the message of a 422 cause. The type has been checked before. Patterns are those of
// re2-like syntax, matched anywhere in the text.
std::vector<std::string> broken_limits(const Json& value, const Json& schema,
                                       const std::string& path);

}  // namespace penstock::apiserver
