#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/columns/batch.h"

namespace penstock {

// Options of a table as written in its WITH clause: "json.ignore-parse-errors" -> "true". Formats
// read the keys with their own name in front, and refuse those of them that they do not know.
using FormatOptions = std::map<std::string, std::string>;

// Records to rows. One per split reader; one thread.
class RowDecoder {
 public:
  virtual ~RowDecoder() = default;

  // Decodes one record: a line without its line break (a trailing '\r' is taken off). Adds a row,
  // or none (a blank line, a row skipped by ignore-parse-errors). kInvalid says which field and
  // what was wrong with it, and leaves no row; the caller adds file and line. `record` is not kept.
  virtual Status append(std::string_view record) = 0;
  // Rows appended since finish().
  virtual std::size_t rows() const = 0;
  // The rows as a dense batch, a column per wanted column, in that order; empties the decoder.
  virtual Batch finish() = 0;
  // Whether the first line of each file is a header, not a record.
  virtual bool has_header() const { return false; }

  // With ignore-parse-errors: rows left out, and fields that became NULL, since the start.
  std::uint64_t skipped_rows() const { return skipped_rows_; }
  std::uint64_t nulled_fields() const { return nulled_fields_; }

 protected:
  std::uint64_t skipped_rows_ = 0;
  std::uint64_t nulled_fields_ = 0;
};

// Rows to records. One per sink writer; one thread.
class RowEncoder {
 public:
  virtual ~RowEncoder() = default;

  // Appends one line, with its line break, per row of `batch` to `out`. kInvalid: a row that the
  // format cannot express (a retraction in an append-only format); `out` may then hold a part.
  virtual Status encode(const Batch& batch, std::string& out) = 0;
  // What stands at the start of each file: empty, or a line with its line break.
  virtual std::string header() const { return {}; }
};

// `wanted` are indexes of `schema` (the physical columns of the table), ascending. kInvalid: an
// unknown format, option or option value, or a column type that the format cannot read.
Result<std::unique_ptr<RowDecoder>> make_decoder(std::string_view format,
                                                 const FormatOptions& options, const Schema& schema,
                                                 const std::vector<std::size_t>& wanted);
Result<std::unique_ptr<RowEncoder>> make_encoder(std::string_view format,
                                                 const FormatOptions& options,
                                                 const Schema& schema);

}  // namespace penstock
