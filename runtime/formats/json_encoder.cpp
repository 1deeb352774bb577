#include "runtime/formats/json_encoder.h"

#include <cmath>

#include "runtime/formats/field_text.h"

namespace penstock {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  out += '"';
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(done, at - done);
    done = at + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
  }
  out += text.substr(done);
  out += '"';
}

// What stands before each value: {"a": or ,"b":
std::vector<std::string> key_texts(const std::vector<Field>& fields) {
  std::vector<std::string> out;
  for (const Field& field : fields) {
    std::string text = out.empty() ? "{" : ",";
    append_quoted(text, field.name);
    out.push_back(text + ":");
  }
  return out;
}

// How to write the values of one type. Prepared once; ROWs hold one per field.
class ValueWriter {
 public:
  ValueWriter(const Type& type, TimestampStandard standard) : type_(type), standard_(standard) {
    if (type.kind != TypeKind::kRow) return;
    keys_ = key_texts(*type.fields);
    for (const Field& field : *type.fields) fields_.emplace_back(field.type, standard);
  }

  void append(std::string& out, const Column& column, std::size_t row) const {
    if (column.is_null(row)) {
      out += "null";
      return;
    }
    switch (type_.kind) {
      case TypeKind::kString:
        return append_quoted(out, column.values<std::string_view>()[row]);
      case TypeKind::kRow:
        return append_object(out, column.children(), row);
      case TypeKind::kBoolean:
      case TypeKind::kInt:
      case TypeKind::kBigint:
      case TypeKind::kDecimal:
        return append_scalar(out, column, row, standard_);
      case TypeKind::kDouble:
        if (std::isfinite(column.values<double>()[row]))
          return append_scalar(out, column, row, standard_);
        break;  // NaN is no JSON number: in quotes
      default:
        break;
    }
    out += '"';
    append_scalar(out, column, row, standard_);
    out += '"';
  }

  void append_object(std::string& out, std::span<const Column> columns, std::size_t row) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      out += keys_[i];
      fields_[i].append(out, columns[i], row);
    }
    if (fields_.empty()) out += '{';
    out += '}';
  }

 private:
  Type type_;
  TimestampStandard standard_;
  std::vector<std::string> keys_;
  std::vector<ValueWriter> fields_;
};

class JsonEncoder final : public RowEncoder {
 public:
  JsonEncoder(const Schema& schema, const JsonOptions& options, bool debezium)
      : row_(Type::row(schema.fields), options.timestamps), debezium_(debezium) {}

  Status encode(const Batch& batch, std::string& out) override {
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const std::size_t row = batch.row(i);
      const RowKind kind = batch.kind_at(row);
      if (!debezium_ && kind != RowKind::kInsert)
        return Error{Code::kInvalid,
                     "format json writes inserts only, and this query updates its results; use "
                     "debezium-json"};
      if (!debezium_) {
        row_.append_object(out, batch.columns, row);
      } else if (sign_of(kind) > 0) {
        out += R"({"before":null,"after":)";
        row_.append_object(out, batch.columns, row);
        out += R"(,"op":"c"})";
      } else {
        out += R"({"before":)";
        row_.append_object(out, batch.columns, row);
        out += R"(,"after":null,"op":"d"})";
      }
      out += '\n';
    }
    return ok();
  }

 private:
  ValueWriter row_;
  bool debezium_;
};

Status check_types(const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    if (field.type.kind == TypeKind::kRow) {
      TRY(check_types(*field.type.fields));
    } else if (!is_scalar_field(field.type)) {
      return Error{Code::kInvalid, "format json cannot write column " + field.name + " of type " +
                                       field.type.to_string()};
    }
  }
  return ok();
}

}  // namespace

Result<std::unique_ptr<RowEncoder>> make_json_encoder(const JsonOptions& options,
                                                      const Schema& schema, bool debezium) {
  TRY(check_types(schema.fields));
  return std::unique_ptr<RowEncoder>(std::make_unique<JsonEncoder>(schema, options, debezium));
}

}  // namespace penstock
