#include "runtime/formats/format.h"

#include "runtime/formats/csv.h"
#include "runtime/formats/format_options.h"
#include "runtime/formats/json_decoder.h"
#include "runtime/formats/json_encoder.h"

namespace penstock {
namespace {

Error unknown_format(std::string_view format) {
  return {Code::kInvalid,
          "unknown format '" + std::string(format) + "'; known are csv, debezium-json, json"};
}

}  // namespace

Result<std::unique_ptr<RowDecoder>> make_decoder(std::string_view format,
                                                 const FormatOptions& options, const Schema& schema,
                                                 const std::vector<std::size_t>& wanted) {
  for (const std::size_t index : wanted) CHECK(index < schema.size());
  if (format == "json") {
    TRY_ASSIGN(const JsonOptions json, parse_json_options(options, format));
    return make_json_decoder(json, schema, wanted);
  }
  if (format == "csv") {
    TRY_ASSIGN(const CsvOptions csv, parse_csv_options(options));
    return make_csv_decoder(csv, schema, wanted);
  }
  if (format == "debezium-json")
    return Error{Code::kInvalid,
                 "NotImplemented: format debezium-json in a source; it is for sinks only"};
  return unknown_format(format);
}

Result<std::unique_ptr<RowEncoder>> make_encoder(std::string_view format,
                                                 const FormatOptions& options,
                                                 const Schema& schema) {
  if (format == "json" || format == "debezium-json") {
    TRY_ASSIGN(const JsonOptions json, parse_json_options(options, format));
    return make_json_encoder(json, schema, format == "debezium-json");
  }
  if (format == "csv") {
    TRY_ASSIGN(const CsvOptions csv, parse_csv_options(options));
    return make_csv_encoder(csv, schema);
  }
  return unknown_format(format);
}

}  // namespace penstock
