#pragma once

#include <memory>

#include "runtime/base/clock.h"
#include "runtime/exec/source.h"

namespace penstock {

// Made-up rows at a rate by the wall clock, by Flink's options. A row depends on the seed and its
// number only (times: also on the job's first start). Split k of n holds every n-th row.
Result<std::unique_ptr<Source>> make_datagen_source(const SourceSpec& spec, Clock& clock);

}  // namespace penstock
