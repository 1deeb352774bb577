#pragma once

#include <memory>

#include "runtime/base/clock.h"
#include "runtime/exec/source.h"

namespace penstock {

// Nexmark's auctions: persons, auctions and bids by the published generator's rules, the same rows
// whatever the parallelism, the batch size and the columns wanted. Split k of n holds every n-th
// group of 50 events.
Result<std::unique_ptr<Source>> make_nexmark_source(const SourceSpec& spec, Clock& clock);

}  // namespace penstock
