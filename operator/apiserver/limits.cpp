#include "operator/apiserver/limits.h"

#include <re2/re2.h>

#include <nlohmann/json.hpp>

namespace penstock::apiserver {

namespace {

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

bool is_date_time(const std::string& text) {
  static const RE2 kDateTime(R"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))");
  return RE2::FullMatch(text, kDateTime);
}

class Limits {
 public:
  Limits(const Json& value, const Json& schema, const std::string& path)
      : value_(value), schema_(schema), path_(path) {}

  std::vector<std::string> broken() && {
    if (value_.is_number()) numbers();
    if (value_.is_string()) strings();
    if (value_.is_array()) sizes("minItems", "maxItems", value_.size(), "items");
    if (value_.is_object()) sizes("minProperties", "maxProperties", value_.size(), "properties");
    return std::move(broken_);
  }

 private:
  void add(const std::string& what) {
    broken_.push_back("Invalid value: " + shown() + ": " + path_ + " in body should " + what);
  }
  std::string shown() const {
    if (value_.is_array()) return std::to_string(value_.size());
    return value_.dump();
  }

  void numbers() {
    const double number = value_.get<double>();
    if (const auto limit = schema_.find("minimum");
        limit != schema_.end() && number < limit->get<double>()) {
      add("be greater than or equal to " + limit_text(*limit));
    }
    if (const auto limit = schema_.find("maximum");
        limit != schema_.end() && number > limit->get<double>()) {
      add("be less than or equal to " + limit_text(*limit));
    }
  }
  // Whole limits are written without a fraction, as Go writes them.
  static std::string limit_text(const Json& limit) {
    const double number = limit.get<double>();
    const auto whole = static_cast<std::int64_t>(number);
    return static_cast<double>(whole) == number ? std::to_string(whole) : limit.dump();
  }

  void strings() {
    const std::string& text = value_.get_ref<const std::string&>();
    const std::size_t length = characters(text);
    if (schema_.contains("minLength") && length < schema_["minLength"].get<std::size_t>()) {
      add("be at least " + schema_["minLength"].dump() + " chars long");
    }
    if (schema_.contains("maxLength") && length > schema_["maxLength"].get<std::size_t>()) {
      broken_.push_back("Too long: may not be more than " + schema_["maxLength"].dump() + " bytes");
    }
    if (schema_.contains("pattern")) {
      const std::string pattern = schema_["pattern"].get<std::string>();
      const RE2 expression(pattern, RE2::Quiet);
      if (expression.ok() && !RE2::PartialMatch(text, expression)) add("match '" + pattern + "'");
    }
    if (schema_.value("format", "") == "date-time" && !is_date_time(text)) {
      broken_.push_back("Invalid value: " + shown() + ": " + path_ +
                        " in body must be of type date-time: " + shown());
    }
  }

  void sizes(const char* least, const char* most, std::size_t size, const std::string& what) {
    if (schema_.contains(least) && size < schema_[least].get<std::size_t>()) {
      add("have at least " + schema_[least].dump() + " " + what);
    }
    if (schema_.contains(most) && size > schema_[most].get<std::size_t>()) {
      broken_.push_back("Too many: " + std::to_string(size) + ": must have at most " +
                        schema_[most].dump() + " " + what);
    }
  }

  const Json& value_;
  const Json& schema_;
  const std::string& path_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> broken_limits(const Json& value, const Json& schema,
                                       const std::string& path) {
  return Limits(value, schema, path).broken();
}

}  // namespace penstock::apiserver
