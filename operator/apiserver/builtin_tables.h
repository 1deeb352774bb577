#pragma once

#include <string_view>

namespace penstock::apiserver {

// The built-in types in a notation of their own; see the .cpp. Read by builtin_types.cpp alone.
extern const std::string_view kBuiltinTypes;
// What explain says of them.
extern const std::string_view kBuiltinDescriptions;

}  // namespace penstock::apiserver
