#pragma once

#include <memory>

#include "runtime/exec/source.h"

namespace penstock {

// Rows of the lines of files: one file, or all files below a directory in the order (modification
// time, name), without those whose name, or a directory's on the way, begins with '.' or '_'. A
// file is a split, complete when it appears. With source.monitor-interval new files are looked for,
// for ever.
Result<std::unique_ptr<Source>> make_filesystem_source(const SourceSpec& spec);

}  // namespace penstock
