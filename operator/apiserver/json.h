#pragma once

#include <nlohmann/json_fwd.hpp>

namespace penstock::apiserver {

using Json = nlohmann::json;

}  // namespace penstock::apiserver
