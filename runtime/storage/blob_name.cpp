#include "runtime/storage/blob_name.h"

namespace penstock {
namespace {

bool name_is_legal(std::string_view name) {
  bool at_start = true;
  for (const char c : name) {
    if (at_start && (c == '.' || c == '/')) return false;
    at_start = c == '/';
  }
  return !name.empty() && !at_start;
}

}  // namespace

Status check_blob_name(std::string_view name) {
  if (name_is_legal(name)) return ok();
  return Error{Code::kInvalid, "not a name for a blob: \"" + std::string(name) + "\""};
}

}  // namespace penstock
