#pragma once

#include <string>
#include <vector>

#include "controllers/api/json.h"

namespace penstock {

// Whether an object is acceptable. The webhook, the API server of `up`, `penstock validate` and the
// reconciler all show the same causes.
struct Verdict {
  std::vector<api::FieldError> causes;  // empty: accepted
  std::vector<std::string> warnings;
  bool accepted() const { return causes.empty(); }
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

}  // namespace penstock
