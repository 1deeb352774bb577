#include "runtime/formats/format_options.h"

#include <algorithm>
#include <array>

namespace penstock {
namespace {

// The options of one format, each asked for once; what nobody asked for is unknown.
class OptionReader {
 public:
  OptionReader(const FormatOptions& options, std::string_view prefix)
      : options_(options), prefix_(std::string(prefix) + ".") {}

  const std::string* text(std::string_view name) {
    asked_.push_back(prefix_ + std::string(name));
    const auto found = options_.find(asked_.back());
    return found == options_.end() ? nullptr : &found->second;
  }
  Result<bool> flag(std::string_view name) {
    const std::string* value = text(name);
    if (value == nullptr || *value == "false") return false;
    if (*value == "true") return true;
    return wrong(name, "true or false", *value);
  }
  // One ASCII character; "\t" is a tab.
  Result<char> character(std::string_view name, char fallback) {
    const std::string* value = text(name);
    if (value == nullptr) return fallback;
    if (*value == "\\t") return '\t';
    if (value->size() != 1 || static_cast<unsigned char>((*value)[0]) >= 0x80 || *value == "\n" ||
        *value == "\r")
      return wrong(name, "one ASCII character", *value);
    return (*value)[0];
  }
  Error wrong(std::string_view name, std::string_view expected, std::string_view value) const {
    return {Code::kInvalid, "option " + prefix_ + std::string(name) + ": expected " +
                                std::string(expected) + ", got '" + std::string(value) + "'"};
  }
  Status check_unknown() const {
    for (auto it = options_.lower_bound(prefix_);
         it != options_.end() && it->first.starts_with(prefix_); ++it) {
      if (std::ranges::find(asked_, it->first) != asked_.end()) continue;
      std::string message = "unknown option " + it->first + "; known are";
      for (const std::string& known : asked_)
        message += (known == asked_.front() ? " " : ", ") + known;
      return Error{Code::kInvalid, std::move(message)};
    }
    return ok();
  }

 private:
  const FormatOptions& options_;
  std::string prefix_;
  std::vector<std::string> asked_;
};

}  // namespace

Result<JsonOptions> parse_json_options(const FormatOptions& options, std::string_view prefix) {
  OptionReader reader(options, prefix);
  JsonOptions out;
  if (prefix == "json") {
    TRY_ASSIGN(out.ignore_parse_errors, reader.flag("ignore-parse-errors"));
    TRY_ASSIGN(out.fail_on_missing_field, reader.flag("fail-on-missing-field"));
  }
  if (const std::string* standard = reader.text("timestamp-format.standard")) {
    if (*standard != "SQL" && *standard != "ISO-8601")
      return reader.wrong("timestamp-format.standard", "SQL or ISO-8601", *standard);
    if (*standard == "ISO-8601") out.timestamps = TimestampStandard::kIso8601;
  }
  TRY(reader.check_unknown());
  if (out.ignore_parse_errors && out.fail_on_missing_field)
    return Error{
        Code::kInvalid,
        "options json.ignore-parse-errors and json.fail-on-missing-field exclude each other"};
  return out;
}

Result<CsvOptions> parse_csv_options(const FormatOptions& options) {
  OptionReader reader(options, "csv");
  CsvOptions out;
  TRY_ASSIGN(out.delimiter, reader.character("field-delimiter", ','));
  TRY_ASSIGN(out.quote, reader.character("quote-character", '"'));
  TRY_ASSIGN(const bool unquoted, reader.flag("disable-quote-character"));
  if (unquoted) out.quote.reset();
  if (const std::string* literal = reader.text("null-literal")) out.null_literal = *literal;
  TRY_ASSIGN(out.ignore_parse_errors, reader.flag("ignore-parse-errors"));
  TRY_ASSIGN(out.allow_comments, reader.flag("allow-comments"));
  TRY_ASSIGN(out.header, reader.flag("header"));
  TRY(reader.check_unknown());
  if (out.quote == out.delimiter)
    return Error{Code::kInvalid,
                 "options csv.quote-character and csv.field-delimiter are the same"};
  return out;
}

}  // namespace penstock
