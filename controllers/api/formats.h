#pragma once

#include <string_view>

#include "controllers/api/field.h"

namespace penstock::api {

// The pattern of the schema for `format`; empty for kAny.
std::string_view pattern_of(Format format);
// What kubectl users call it: "a lower case name of letters, digits, - and .".
std::string_view name_of(Format format);
// Whether `text` matches pattern_of(format).
bool matches(Format format, std::string_view text);

inline constexpr std::string_view kDurationPattern = R"(^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d))+$)";
inline constexpr std::string_view kBytesPattern = R"(^[0-9]+(\.[0-9]+)?(k|M|G|T|Ki|Mi|Gi|Ti)?$)";
inline constexpr std::string_view kCpuPattern = R"(^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$)";

}  // namespace penstock::api
