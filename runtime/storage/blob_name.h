#pragma once

#include <string_view>

#include "runtime/base/result.h"

namespace penstock {

// kInvalid unless the name is relative and no part is empty or begins with a dot (those are
// temporaries, or leave the root).
Status check_blob_name(std::string_view name);

}  // namespace penstock
