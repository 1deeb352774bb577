#pragma once

#include <string_view>

#include "operator/apiserver/json.h"
#include "runtime/base/result.h"

namespace penstock::apiserver {

// One YAML document as JSON, plain scalars typed as in YAML 1.2's core schema. kInvalid with line
// and column.
Result<Json> yaml_to_json(std::string_view text);

}  // namespace penstock::apiserver
