#pragma once

#include "runtime/formats/format_options.h"

namespace penstock {

// JSON objects, one per record. Field names are case-sensitive; fields that nobody wants are
// skipped.
Result<std::unique_ptr<RowDecoder>> make_json_decoder(const JsonOptions& options,
                                                      const Schema& schema,
                                                      const std::vector<std::size_t>& wanted);

}  // namespace penstock
