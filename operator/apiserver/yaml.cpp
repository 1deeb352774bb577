#include "operator/apiserver/yaml.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace penstock::apiserver {

namespace {

Json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (text == "true" || text == "false") return text == "true";
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto [stop, error] = std::from_chars(text.data(), end, whole);
      error == std::errc() && stop == end) {
    return whole;
  }
  double number = 0;
  const bool numeric = text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (const auto [stop, error] = std::from_chars(text.data(), end, number);
      numeric && error == std::errc() && stop == end) {
    return number;
  }
  return text;
}

// An alias stands for all that its anchor holds, so a few lines can mean a billion values.
class Converter {
 public:
  explicit Converter(std::size_t most) : left_(most) {}

  bool exceeded() const { return left_ == 0; }

  // Depth is bounded by yaml-cpp.
  Json convert(const YAML::Node& node) {
    if (left_ > 0) --left_;
    if (left_ == 0) return {};
    if (node.IsSequence()) {
      Json list = Json::array();
      for (auto item = node.begin(); item != node.end() && !exceeded(); ++item)
        list.push_back(convert(*item));
      return list;
    }
    if (node.IsMap()) {
      Json object = Json::object();
      for (auto pair = node.begin(); pair != node.end() && !exceeded(); ++pair)
        object[pair->first.Scalar()] = convert(pair->second);
      return object;
    }
    return node.IsScalar() ? scalar(node) : Json();
  }

 private:
  std::size_t left_;
};

}  // namespace

Result<Json> yaml_to_json(std::string_view text) {
  try {  // yaml-cpp reports what it cannot read by exceptions
    // Without aliases a document has no more values than characters.
    Converter converter(100'000 + text.size());
    Json json = converter.convert(YAML::Load(std::string(text)));
    if (!converter.exceeded()) return json;
    return Error{Code::kInvalid,
                 "error converting YAML to JSON: its aliases stand for too many values"};
  } catch (const YAML::Exception& error) {
    return Error{Code::kInvalid, "error converting YAML to JSON: " + std::string(error.what())};
  }
}

}  // namespace penstock::apiserver
