#include "runtime/formats/json_decoder.h"

#include <unordered_map>

#include "runtime/formats/field_text.h"
#include "runtime/formats/json_scanner.h"
#include "runtime/formats/utf8_check.h"

namespace penstock {
namespace {

// The fields of one object, and what the last record's keys were: records of one file mostly have
// the same keys in the same order, so that one comparison per key finds its column.
class ObjectFields {
 public:
  explicit ObjectFields(const std::vector<std::string>& names) : seen_(names.size(), 0) {
    for (std::size_t i = 0; i < names.size(); ++i) index_.emplace(names[i], static_cast<int>(i));
  }

  void begin() {
    position_ = 0;
    ++record_;
  }
  // Number of the field that the object's next key names; -1: not wanted.
  int find(std::string_view key) {
    if (position_ < expected_.size() && expected_[position_].key == key)
      return expected_[position_++].field;
    const auto found = index_.find(std::string(key));
    const int field = found == index_.end() ? -1 : found->second;
    constexpr std::size_t kMostRemembered = 1000;
    if (position_ < expected_.size()) {
      expected_[position_] = {.key = std::string(key), .field = field};
    } else if (position_ < kMostRemembered) {
      expected_.push_back({.key = std::string(key), .field = field});
    }
    ++position_;
    return field;
  }
  void mark(int field) { seen_[static_cast<std::size_t>(field)] = record_; }
  bool missing(std::size_t field) const { return seen_[field] != record_; }

 private:
  struct Expected {
    std::string key;
    int field = -1;
  };
  std::unordered_map<std::string, int> index_;
  std::vector<Expected> expected_;
  std::size_t position_ = 0;
  std::vector<std::uint64_t> seen_;  // number of the record that last had the field
  std::uint64_t record_ = 0;
};

// Where the values of an object go: a column per field, a layout of its own per ROW.
struct ObjectLayout {
  std::vector<Field> fields;
  std::vector<std::unique_ptr<ObjectLayout>> nested;  // by field; null unless it is a ROW
  ObjectFields keys;

  explicit ObjectLayout(std::vector<Field> all) : fields(std::move(all)), keys(names(fields)) {
    for (const Field& field : fields)
      nested.push_back(field.type.kind == TypeKind::kRow
                           ? std::make_unique<ObjectLayout>(*field.type.fields)
                           : nullptr);
  }
  static std::vector<std::string> names(const std::vector<Field>& fields) {
    std::vector<std::string> out;
    for (const Field& field : fields) out.push_back(field.name);
    return out;
  }
};

Status check_types(const std::vector<Field>& fields) {
  for (const Field& field : fields) {
    if (field.type.kind == TypeKind::kRow) {
      TRY(check_types(*field.type.fields));
    } else if (!is_scalar_field(field.type)) {
      return Error{Code::kInvalid, "format json cannot read column " + field.name + " of type " +
                                       field.type.to_string()};
    }
  }
  return ok();
}

class JsonDecoder final : public ColumnDecoder {
 public:
  JsonDecoder(const JsonOptions& options, std::vector<Field> fields)
      : ColumnDecoder(fields, options.ignore_parse_errors),
        options_(options),
        layout_(std::move(fields)) {}

  Status append(std::string_view record) override {
    if (record.find_first_not_of(" \t\r") == record.npos) return ok();
    return add_row([&] { return read(record); });
  }

 private:
  static Error syntax(const JsonScanner& scanner) { return {Code::kInvalid, scanner.problem()}; }

  Status read(std::string_view record) {
    JsonScanner scanner(record);
    TRY(read_object(scanner, layout_,
                    [this](std::size_t i) -> DecodedColumn& { return columns_[i]; }));
    return scanner.at_end() ? ok() : syntax(scanner);
  }

  template <typename ColumnOf>
  Status read_object(JsonScanner& scanner, ObjectLayout& layout, ColumnOf column_of) {
    if (!scanner.begin_object()) return syntax(scanner);
    layout.keys.begin();
    JsonToken key;
    for (bool first = true;; first = false) {
      bool more = false;
      if (!scanner.next_key(first, more, key)) return syntax(scanner);
      if (!more) break;
      if (key.escaped && !unescape_json(key.text, unescaped_)) return bad_escape("a field name");
      const int field = layout.keys.find(key.escaped ? std::string_view(unescaped_) : key.text);
      if (field < 0) {
        JsonToken skipped;
        if (!scanner.value(skipped)) return syntax(scanner);
        continue;
      }
      layout.keys.mark(field);
      const auto i = static_cast<std::size_t>(field);
      TRY(read_field(scanner, layout, i, column_of(i)));
    }
    for (std::size_t i = 0; i < layout.fields.size(); ++i) {
      if (!layout.keys.missing(i)) continue;
      if (options_.fail_on_missing_field)
        return Error{Code::kInvalid, "field " + layout.fields[i].name + " is missing"};
      TRY(set_null(layout.fields[i], column_of(i)));
    }
    return ok();
  }

  Status read_field(JsonScanner& scanner, ObjectLayout& layout, std::size_t i,
                    DecodedColumn& column) {
    const Field& field = layout.fields[i];
    if (layout.nested[i] != nullptr && scanner.at_object()) {
      column.set_present(rows_);
      return read_object(
          scanner, *layout.nested[i],
          [&column](std::size_t child) -> DecodedColumn& { return column.child(child); });
    }
    JsonToken token;
    if (!scanner.value(token)) return syntax(scanner);
    if (token.kind == JsonKind::kNull) return set_null(field, column);
    if (set_value(token, column)) return ok();
    if (options_.ignore_parse_errors && field.type.nullable) {
      ++nulled_;
      column.set_null(rows_);
      return ok();
    }
    const bool time =
        field.type.kind == TypeKind::kTimestamp || field.type.kind == TypeKind::kTimestampLtz;
    return bad_field(
        field.name, field.type, token.text,
        !time ? ""
        : options_.timestamps == TimestampStandard::kSql
            ? "expected yyyy-MM-dd HH:mm:ss; json.timestamp-format.standard is SQL"
            : "expected yyyy-MM-ddTHH:mm:ss; json.timestamp-format.standard is ISO-8601");
  }

  // False: the value does not fit the column.
  bool set_value(const JsonToken& token, DecodedColumn& column) {
    const TypeKind kind = column.type().kind;
    if (kind == TypeKind::kRow) return false;
    const bool container = token.kind == JsonKind::kObject || token.kind == JsonKind::kArray;
    if (container && kind != TypeKind::kString) return false;
    if (token.kind == JsonKind::kString && token.escaped) {
      return unescape_json(token.text, unescaped_) &&
             set_from_text(column, rows_, unescaped_, options_.timestamps);
    }
    if (kind == TypeKind::kBigint && set_short_integer(token.text, column)) return true;
    return set_from_text(column, rows_, token.text, options_.timestamps);
  }

  // Up to 18 digits: the most frequent values by far.
  bool set_short_integer(std::string_view text, DecodedColumn& column) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (text.empty() || text.size() > 18) return false;
    std::int64_t value = 0;
    for (const char c : text) {
      const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
      if (digit > 9) return false;
      value = value * 10 + digit;
    }
    column.set(rows_, negative ? -value : value);
    return true;
  }

  Status set_null(const Field& field, DecodedColumn& column) {
    if (!field.type.nullable)
      return Error{Code::kInvalid, "field " + field.name + ": NULL in a NOT NULL column"};
    column.set_null(rows_);
    return ok();
  }

  static Error bad_escape(std::string_view where) {
    return {Code::kInvalid, "not JSON: unknown escape in " + std::string(where)};
  }

  JsonOptions options_;
  ObjectLayout layout_;
  std::string unescaped_;
};

}  // namespace

Result<std::unique_ptr<RowDecoder>> make_json_decoder(const JsonOptions& options,
                                                      const Schema& schema,
                                                      const std::vector<std::size_t>& wanted) {
  std::vector<Field> fields;
  for (const std::size_t index : wanted) fields.push_back(schema.fields[index]);
  TRY(check_types(fields));
  return std::unique_ptr<RowDecoder>(std::make_unique<JsonDecoder>(options, std::move(fields)));
}

}  // namespace penstock
