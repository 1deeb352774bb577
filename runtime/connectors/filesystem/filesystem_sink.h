#pragma once

#include <memory>

#include "runtime/exec/sink.h"

namespace penstock {

// Rows into files of one directory, each row exactly once; see part_files.h for the life of a file.
// Whatever there begins with a dot is not committed.
Result<std::unique_ptr<Sink>> make_filesystem_sink(const SinkSpec& spec);

}  // namespace penstock
