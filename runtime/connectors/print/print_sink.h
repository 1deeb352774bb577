#pragma once

#include <memory>
#include <string>

#include "runtime/exec/sink.h"

namespace penstock {

// One line a row, "+I[1, a]", on standard output (or standard error): at once, so a restart may
// repeat rows. A batch is one write.
Result<std::unique_ptr<Sink>> make_print_sink(const SinkSpec& spec);

// "+I[1, a, NULL]" as the sink writes it. `row` is physical.
std::string print_row(const Batch& batch, std::size_t row);

}  // namespace penstock
