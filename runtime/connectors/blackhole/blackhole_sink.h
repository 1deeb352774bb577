#pragma once

#include <memory>

#include "runtime/exec/sink.h"

namespace penstock {

// Takes every row, of any kind, and keeps none: for measuring.
Result<std::unique_ptr<Sink>> make_blackhole_sink(const SinkSpec& spec);

}  // namespace penstock
