#pragma once

#include <ostream>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/bench/measurement.h"

namespace penstock::bench {

// How long a checkpoint's barrier holds subtasks up with 256 MiB of state, against 1 MiB.
Result<Measurements> bench_checkpoint(Clock& clock, std::ostream& progress);

// Slots 1 -> 2 -> 4 -> 2 under load: how late rows of moved groups are, against rows far from any
// rescale. When the machine does not keep up with `rows_per_second` it is halved until it does.
Result<Measurements> bench_rescale(std::uint64_t rows_per_second, Clock& clock,
                                   std::ostream& progress);

// A job of 1 GiB of state handed over to another process's follower while 5 % of its state changes
// per second: for how long nobody processed.
Result<Measurements> bench_move(Clock& clock, std::ostream& progress);

}  // namespace penstock::bench
