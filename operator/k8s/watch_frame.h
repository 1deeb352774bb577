#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "operator/k8s/api_failure.h"
#include "operator/k8s/object.h"

namespace penstock::k8s {

// One line of a watch.
struct Changed {
  enum class Kind { kAdded, kModified, kDeleted } kind = Kind::kAdded;
  Object object;
};
struct Bookmark {
  std::string resource_version;
  bool initial_end = false;  // everything that was there has come; see WatchQuery::initial
};
using WatchFrame = std::variant<Changed, Bookmark, Failure>;

Result<WatchFrame> parse_frame(std::string_view line);

}  // namespace penstock::k8s
