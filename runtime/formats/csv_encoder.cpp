#include "runtime/formats/csv.h"
#include "runtime/formats/field_text.h"

namespace penstock {
namespace {

class CsvEncoder final : public RowEncoder {
 public:
  CsvEncoder(const CsvOptions& options, const Schema& schema) : options_(options) {
    special_ = {options.delimiter, '\n', '\r'};
    if (options.quote) special_ += *options.quote;
    for (const Field& field : schema.fields) names_.push_back(field.name);
  }

  std::string header() const override {
    if (!options_.header) return {};
    std::string line;
    for (const std::string& name : names_) {
      if (&name != &names_.front()) line += options_.delimiter;
      append_quoted(line, name);
    }
    return line + "\n";
  }

  Status encode(const Batch& batch, std::string& out) override {
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const std::size_t row = batch.row(i);
      if (batch.kind_at(row) != RowKind::kInsert)
        return Error{Code::kInvalid,
                     "format csv writes inserts only, and this query updates its results; use "
                     "debezium-json"};
      for (std::size_t column = 0; column < batch.columns.size(); ++column) {
        if (column > 0) out += options_.delimiter;
        TRY(append_field(out, batch.columns[column], row, names_[column]));
      }
      out += '\n';
    }
    return ok();
  }

 private:
  Status append_field(std::string& out, const Column& column, std::size_t row,
                      std::string_view name) {
    if (column.is_null(row)) {
      out += options_.null_literal.value_or("");
    } else if (column.type().kind != TypeKind::kString) {
      append_scalar(out, column, row, TimestampStandard::kSql);
    } else {
      const std::string_view text = column.values<std::string_view>()[row];
      if (text.find_first_of("\n\r") != text.npos)
        return Error{Code::kInvalid, "field " + std::string(name) +
                                         ": csv cannot hold text with a line break; use json"};
      if (!options_.quote && text.find(options_.delimiter) != text.npos)
        return Error{Code::kInvalid, "field " + std::string(name) +
                                         ": text holds the delimiter and quoting is off: '" +
                                         std::string(text) + "'"};
      append_quoted(out, text);
    }
    return ok();
  }

  // In quotes where it would be read as something else without them.
  void append_quoted(std::string& out, std::string_view text) const {
    const bool like_null = options_.null_literal && text == *options_.null_literal;
    if (!options_.quote || (!like_null && text.find_first_of(special_) == text.npos)) {
      out += text;
      return;
    }
    out += *options_.quote;
    for (const char c : text) {
      out += c;
      if (c == *options_.quote) out += c;
    }
    out += *options_.quote;
  }

  CsvOptions options_;
  std::string special_;
  std::vector<std::string> names_;
};

}  // namespace

Result<std::unique_ptr<RowEncoder>> make_csv_encoder(const CsvOptions& options,
                                                     const Schema& schema) {
  for (const Field& field : schema.fields)
    if (!is_scalar_field(field.type))
      return Error{Code::kInvalid, "format csv cannot write column " + field.name + " of type " +
                                       field.type.to_string()};
  return std::unique_ptr<RowEncoder>(std::make_unique<CsvEncoder>(options, schema));
}

}  // namespace penstock
