#include <algorithm>

#include "runtime/formats/csv.h"
#include "runtime/formats/field_text.h"

namespace penstock {
namespace {

struct CsvField {
  std::string_view text;
  bool quoted = false;
};

// Cuts a record into fields. Quoted fields with doubled quotes are rewritten into a buffer of its
// own.
class CsvSplitter {
 public:
  explicit CsvSplitter(const CsvOptions& options)
      : delimiter_(options.delimiter), quote_(options.quote) {}

  // Empty on success, else what is wrong.
  std::string_view split(std::string_view record, std::vector<CsvField>& fields) {
    fields.clear();
    unquoted_.clear();
    unquoted_.reserve(record.size());  // views into it stay valid
    for (std::size_t at = 0;; ++at) {
      if (quote_ && at < record.size() && record[at] == *quote_) {
        if (!take_quoted(record, at, fields)) return "a quoted field without an end";
      } else {
        const std::size_t end = std::min(record.find(delimiter_, at), record.size());
        fields.push_back({.text = record.substr(at, end - at)});
        at = end;
      }
      if (at >= record.size()) return {};
      if (record[at] != delimiter_) return "text behind a quoted field";
    }
  }

 private:
  // `at` stands on the quote, and behind the closing one afterwards.
  bool take_quoted(std::string_view record, std::size_t& at, std::vector<CsvField>& fields) {
    const std::size_t start = unquoted_.size();
    for (++at;;) {
      const std::size_t end = record.find(*quote_, at);
      if (end == record.npos) return false;
      unquoted_ += record.substr(at, end - at);
      at = end + 1;
      if (at >= record.size() || record[at] != *quote_) break;
      unquoted_ += *quote_;
      ++at;
    }
    fields.push_back({.text = std::string_view(unquoted_).substr(start), .quoted = true});
    return true;
  }

  char delimiter_;
  std::optional<char> quote_;
  std::string unquoted_;
};

class CsvDecoder final : public ColumnDecoder {
 public:
  CsvDecoder(const CsvOptions& options, const Schema& schema, std::vector<std::size_t> wanted)
      : ColumnDecoder(chosen(schema, wanted), options.ignore_parse_errors),
        options_(options),
        declared_(schema.size()),
        wanted_(std::move(wanted)),
        splitter_(options) {
    for (const std::size_t index : wanted_) names_.push_back(schema.fields[index].name);
  }

  Status append(std::string_view record) override {
    if (record.ends_with('\r')) record.remove_suffix(1);
    if (record.empty() || (options_.allow_comments && record.starts_with('#'))) return ok();
    return add_row([&] { return read(record); });
  }

  bool has_header() const override { return options_.header; }

 private:
  static std::vector<Field> chosen(const Schema& schema, const std::vector<std::size_t>& wanted) {
    std::vector<Field> fields;
    for (const std::size_t index : wanted) fields.push_back(schema.fields[index]);
    return fields;
  }

  Status read(std::string_view record) {
    if (const std::string_view problem = splitter_.split(record, fields_); !problem.empty())
      return Error{Code::kInvalid, "not CSV: " + std::string(problem)};
    if (fields_.size() != declared_)
      return Error{Code::kInvalid, "expected " + std::to_string(declared_) + " fields, got " +
                                       std::to_string(fields_.size())};
    for (std::size_t i = 0; i < wanted_.size(); ++i) TRY(read_field(fields_[wanted_[i]], i));
    return ok();
  }

  bool is_null(const CsvField& field, const Type& type) const {
    if (field.quoted) return false;
    if (options_.null_literal) return field.text == *options_.null_literal;
    return field.text.empty() && type.kind != TypeKind::kString;
  }

  Status read_field(const CsvField& field, std::size_t i) {
    DecodedColumn& column = columns_[i];
    const Type& type = column.type();
    const bool null = is_null(field, type);
    if (null && !type.nullable)
      return Error{Code::kInvalid, "field " + names_[i] + ": NULL in a NOT NULL column"};
    if (!null) {
      if (set_from_text(column, rows_, trimmed(field.text, type), TimestampStandard::kSql))
        return ok();
      if (!options_.ignore_parse_errors || !type.nullable)
        return bad_field(names_[i], type, field.text);
      ++nulled_;
    }
    column.set_null(rows_);
    return ok();
  }

  // Blanks around what is not text mean nothing.
  static std::string_view trimmed(std::string_view text, const Type& type) {
    if (type.kind == TypeKind::kString) return text;
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
  }

  CsvOptions options_;
  std::size_t declared_;
  std::vector<std::size_t> wanted_;
  std::vector<std::string> names_;  // of the wanted columns
  CsvSplitter splitter_;
  std::vector<CsvField> fields_;
};

}  // namespace

Result<std::unique_ptr<RowDecoder>> make_csv_decoder(const CsvOptions& options,
                                                     const Schema& schema,
                                                     const std::vector<std::size_t>& wanted) {
  for (const std::size_t index : wanted)
    if (!is_scalar_field(schema.fields[index].type))
      return Error{Code::kInvalid, "format csv cannot read column " + schema.fields[index].name +
                                       " of type " + schema.fields[index].type.to_string()};
  return std::unique_ptr<RowDecoder>(std::make_unique<CsvDecoder>(options, schema, wanted));
}

}  // namespace penstock
