#pragma once

#include "runtime/formats/format_options.h"

namespace penstock {

// Fields by position, one record per line: a quoted field cannot hold a line break.
Result<std::unique_ptr<RowDecoder>> make_csv_decoder(const CsvOptions& options,
                                                     const Schema& schema,
                                                     const std::vector<std::size_t>& wanted);
Result<std::unique_ptr<RowEncoder>> make_csv_encoder(const CsvOptions& options,
                                                     const Schema& schema);

}  // namespace penstock
