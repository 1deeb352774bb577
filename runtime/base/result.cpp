#include "runtime/base/result.h"

namespace penstock {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kNotFound:
      return "NotFound";
    case Code::kAlreadyExists:
      return "AlreadyExists";
    case Code::kConflict:
      return "Conflict";
    case Code::kInvalid:
      return "Invalid";
    case Code::kUnavailable:
      return "Unavailable";
    case Code::kCancelled:
      return "Cancelled";
    case Code::kCorrupt:
      return "Corrupt";
    case Code::kInternal:
      return "Internal";
  }
  return "Unknown";
}

Error Error::within(std::string_view context) const {
  return {code, std::string(context) + ": " + message};
}

}  // namespace penstock
