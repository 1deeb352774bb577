#pragma once

#include <memory>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/exec/sink.h"
#include "runtime/exec/source.h"
#include "runtime/graph/graph.h"

namespace penstock {

// The connector behind a spec, ready to use; kInvalid names the table, the option and what to do.
// `clock` outlives it.
Result<std::unique_ptr<Source>> make_source(const SourceSpec& spec, Clock& clock);
Result<std::unique_ptr<Sink>> make_sink(const SinkSpec& spec, Clock& clock);

}  // namespace penstock
