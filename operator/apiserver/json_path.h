#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// The value that a printer column's or scale subresource's path points at: ".spec.parallelism",
// ".status.conditions[?(@.type=='Ready')].status", ".a['b.c']", ".list[0]". Null when absent.
const Json* find_path(const Json& object, std::string_view path);

// Sets the value at a path of plain fields, making the objects on the way.
void set_path(Json& object, std::string_view path, const Json& value);

// The field names of a path of plain fields.
std::vector<std::string> path_fields(std::string_view path);

// "string" member of an object, or "" when absent or of another type. Never throws.
std::string text_at(const Json& object, std::string_view path);

}  // namespace penstock::apiserver
