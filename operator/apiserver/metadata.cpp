#include "operator/apiserver/metadata.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

enum class Shape { kText, kInteger, kTexts, kTextMap, kObjects };
struct Member {
  std::string_view name;
  Shape shape;
};
constexpr std::array kMembers{Member{"name", Shape::kText},
                              Member{"generateName", Shape::kText},
                              Member{"namespace", Shape::kText},
                              Member{"selfLink", Shape::kText},
                              Member{"uid", Shape::kText},
                              Member{"resourceVersion", Shape::kText},
                              Member{"generation", Shape::kInteger},
                              Member{"creationTimestamp", Shape::kText},
                              Member{"deletionTimestamp", Shape::kText},
                              Member{"deletionGracePeriodSeconds", Shape::kInteger},
                              Member{"labels", Shape::kTextMap},
                              Member{"annotations", Shape::kTextMap},
                              Member{"ownerReferences", Shape::kObjects},
                              Member{"finalizers", Shape::kTexts},
                              Member{"managedFields", Shape::kObjects}};

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

bool is_label_part(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_qualified_name(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return is_label_part(text);
  return is_object_name(text.substr(0, slash)) &&
         is_label_part(std::string_view(text).substr(slash + 1));
}

constexpr std::string_view kNameRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation "
    "is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view kKeyRule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr std::string_view kValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must "
    "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
    "regex used for "
    "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

FieldError bad_value(std::string field, const std::string& value, std::string_view rule) {
  return {"FieldValueInvalid", std::move(field),
          "Invalid value: " + Json(value).dump() + ": " + std::string(rule)};
}

bool has_shape(const Json& value, Shape shape) {
  const auto all_strings = [](const Json& items) {
    return std::ranges::all_of(items, [](const Json& item) { return item.is_string(); });
  };
  switch (shape) {
    case Shape::kText:
      return value.is_string();
    case Shape::kInteger:
      return value.is_number_integer();
    case Shape::kTexts:
      return value.is_array() && all_strings(value);
    case Shape::kTextMap:
      return value.is_object() && all_strings(value);
    case Shape::kObjects:
      return value.is_array();
  }
  return false;
}

void check_owners(const Json& metadata, std::vector<FieldError>& errors) {
  const Json* owners = find_path(metadata, ".ownerReferences");
  if (owners == nullptr) return;
  const auto controllers = std::ranges::count_if(*owners, [](const Json& owner) {
    const Json* controller = find_path(owner, ".controller");
    return controller != nullptr && *controller == true;
  });
  if (controllers > 1)
    errors.push_back({"FieldValueInvalid", "metadata.ownerReferences",
                      "Invalid value: " + owners->dump() +
                          ": Only one reference can have Controller set to true"});
  for (std::size_t i = 0; i < owners->size(); ++i) {
    const std::string path = "metadata.ownerReferences[" + std::to_string(i) + "]";
    for (const char* name : {"apiVersion", "kind", "name", "uid"}) {
      if (!text_at((*owners)[i], std::string(".") + name).empty()) continue;
      errors.push_back({"FieldValueInvalid", path + "." + name,
                        std::string("Invalid value: \"\": ") + name + " must not be empty"});
    }
  }
}

}  // namespace

bool is_object_name(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = std::string_view(name).substr(begin, end - begin);
    if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back()) ||
        !std::ranges::all_of(part, [](char c) { return is_lower_or_digit(c) || c == '-'; })) {
      return false;
    }
    begin = end + 1;
  }
  return true;
}

std::vector<std::string> prune_metadata(Json& object) {
  std::vector<std::string> pruned;
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return pruned;
  for (auto it = metadata->begin(); it != metadata->end();) {
    const bool known = std::ranges::find(kMembers, it.key(), &Member::name) != kMembers.end();
    if (!known) pruned.push_back("metadata." + it.key());
    it = known && !it->is_null() ? std::next(it) : metadata->erase(it);
  }
  return pruned;
}

Answer<bool> check_metadata_types(const Json& object, const std::string& kind,
                                  const std::string& version) {
  const auto metadata = object.find("metadata");
  const auto refuse = [&](const std::string& what) {
    return bad_request(kind + " in version \"" + version + "\" cannot be handled as a " + kind +
                       ": json: cannot unmarshal into Go struct field " + what);
  };
  if (metadata == object.end()) return true;
  if (!metadata->is_object()) return refuse("." + kind + ".metadata of type v1.ObjectMeta");
  for (const auto& [name, value] : metadata->items()) {
    const auto member = std::ranges::find(kMembers, name, &Member::name);
    if (member != kMembers.end() && !has_shape(value, member->shape)) {
      return refuse("ObjectMeta." + name);
    }
  }
  return true;
}

std::vector<FieldError> validate_metadata(const Json& object) {
  std::vector<FieldError> errors;
  const Json& metadata = object["metadata"];
  const std::string name = metadata.value("name", "");
  if (name.empty()) {
    errors.push_back({"FieldValueRequired", "metadata.name",
                      "Required value: name or generateName is required"});
  } else if (!is_object_name(name)) {
    errors.push_back(bad_value("metadata.name", name, kNameRule));
  }
  if (metadata.contains("labels")) {
    for (const auto& [key, value] : metadata["labels"].items()) {
      const std::string text = value.get<std::string>();
      if (!is_qualified_name(key)) errors.push_back(bad_value("metadata.labels", key, kKeyRule));
      if (!text.empty() && !is_label_part(text)) {
        errors.push_back(bad_value("metadata.labels", text, kValueRule));
      }
    }
  }
  if (metadata.contains("annotations")) {
    for (const auto& [key, value] : metadata["annotations"].items()) {
      if (!is_qualified_name(key))
        errors.push_back(bad_value("metadata.annotations", key, kKeyRule));
    }
  }
  if (metadata.contains("finalizers")) {
    for (const Json& item : metadata["finalizers"]) {
      const std::string text = item.get<std::string>();
      if (!is_qualified_name(text))
        errors.push_back(bad_value("metadata.finalizers", text, kKeyRule));
    }
  }
  check_owners(metadata, errors);
  return errors;
}

}  // namespace penstock::apiserver
