#pragma once

#include "runtime/formats/format_options.h"

namespace penstock {

// One JSON object per row, its fields in the schema's order, NULL as null; only inserts. With
// `debezium`: {"before": ..., "after": ..., "op": "c" | "d"} of any row kind.
Result<std::unique_ptr<RowEncoder>> make_json_encoder(const JsonOptions& options,
                                                      const Schema& schema, bool debezium);

}  // namespace penstock
