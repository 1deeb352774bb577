#pragma once

#include <string>

#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// The structural schema of a built-in type ("Pod", "ConfigMap", ...), with what defaulting, pruning
// and merging by keys go by, and descriptions for explain. The type must be one of those here.
Json builtin_schema(const std::string& type);

}  // namespace penstock::apiserver
