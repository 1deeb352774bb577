#pragma once

#include <ostream>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/bench/measurement.h"

namespace penstock::bench {

// Bytes per (BIGINT, COUNT) in the keyed state, by its own account and by the kernel's; what it
// costs to hand a key group over that holds one key, and one that holds a million.
Result<Measurements> bench_state(Clock& clock, std::ostream& progress);

}  // namespace penstock::bench
