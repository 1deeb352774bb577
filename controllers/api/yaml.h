#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace penstock::api {

// `value` as block YAML that every reader takes for the same value. Keys keep their order.
std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace penstock::api
