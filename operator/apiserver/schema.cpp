#include "operator/apiserver/schema.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "operator/apiserver/json_path.h"
#include "operator/apiserver/limits.h"

namespace penstock::apiserver {

namespace {

bool flag(const Json& schema, const char* name) { return schema.value(name, false); }

std::string child_path(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

std::string item_path(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

bool is_type_meta(const std::string& path, const std::string& name) {
  return path.empty() && (name == "apiVersion" || name == "kind" || name == "metadata");
}

// Calls visit(member, its schema or null, its path) for the members of an object or a list.
using Visit = std::function<void(Json&, const Json*, const std::string&)>;

void for_each_child(Json& value, const Json& schema, const std::string& path, const Visit& visit) {
  if (value.is_object()) {
    for (auto& [name, child] : value.items()) {
      if (!is_type_meta(path, name))
        visit(child, member_schema(&schema, name), child_path(path, name));
    }
  } else if (value.is_array()) {
    const Json* items = item_schema(&schema);
    for (std::size_t i = 0; i < value.size(); ++i) visit(value[i], items, item_path(path, i));
  }
}

void prune_value(Json& value, const Json& schema, const std::string& path,
                 std::vector<std::string>& pruned) {
  const bool keep = flag(schema, "x-kubernetes-preserve-unknown-fields");
  if (value.is_object() && !keep) {
    for (auto it = value.begin(); it != value.end();) {
      const bool known =
          is_type_meta(path, it.key()) || member_schema(&schema, it.key()) != nullptr;
      if (!known) pruned.push_back(child_path(path, it.key()));
      it = known ? std::next(it) : value.erase(it);
    }
  }
  for_each_child(value, schema, path,
                 [&](Json& child, const Json* child_schema, const std::string& at) {
                   if (child_schema != nullptr) prune_value(child, *child_schema, at, pruned);
                 });
}

}  // namespace

const Json* member_schema(const Json* schema, const std::string& name) {
  if (schema == nullptr || !schema->is_object()) return nullptr;
  if (const auto properties = schema->find("properties"); properties != schema->end()) {
    if (const auto found = properties->find(name); found != properties->end()) return &*found;
  }
  const auto additional = schema->find("additionalProperties");
  return additional != schema->end() && additional->is_object() ? &*additional : nullptr;
}

const Json* item_schema(const Json* schema) {
  if (schema == nullptr || !schema->is_object()) return nullptr;
  const auto items = schema->find("items");
  return items != schema->end() && items->is_object() ? &*items : nullptr;
}

std::vector<std::string> prune(Json& object, const Json& schema) {
  std::vector<std::string> pruned;
  prune_value(object, schema, "", pruned);
  std::ranges::sort(pruned);
  return pruned;
}

void drop_nulls(Json& object, const Json& schema) {
  const std::function<void(Json&, const Json&, const std::string&)> walk =
      [&walk](Json& value, const Json& at, const std::string& path) {
        if (value.is_object()) {
          for (auto it = value.begin(); it != value.end();) {
            const Json* child = member_schema(&at, it.key());
            const bool drop = it->is_null() && child != nullptr && !flag(*child, "nullable");
            it = drop ? value.erase(it) : std::next(it);
          }
        }
        for_each_child(value, at, path,
                       [&](Json& child, const Json* child_schema, const std::string& where) {
                         if (child_schema != nullptr) walk(child, *child_schema, where);
                       });
      };
  walk(object, schema, "");
}

void apply_defaults(Json& object, const Json& schema) {
  const std::function<void(Json&, const Json&, const std::string&)> walk =
      [&walk](Json& value, const Json& at, const std::string& path) {
        if (value.is_object() && at.contains("properties")) {
          for (const auto& [name, child] : at["properties"].items()) {
            if (child.contains("default") && !value.contains(name) && !is_type_meta(path, name)) {
              value[name] = child["default"];
            }
          }
        }
        for_each_child(value, at, path,
                       [&](Json& child, const Json* child_schema, const std::string& where) {
                         if (child_schema != nullptr) walk(child, *child_schema, where);
                       });
      };
  walk(object, schema, "");
}

std::string type_name(const Json& value) {
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  return value.is_boolean() ? "boolean" : value.type_name();
}

namespace {

// Collects errors in the three groups in which the API server reports them.
class Validator {
 public:
  void check(const Json& value, const Json& schema, const std::string& path) {
    if (!check_type(value, schema, path)) return;
    check_enum(value, schema, path);
    for (std::string& text : broken_limits(value, schema, path)) {
      values_.push_back({"FieldValueInvalid", path, std::move(text)});
    }
    check_members(value, schema, path);
    check_items(value, schema, path);
  }

  std::vector<FieldError> errors() && {
    const bool unchecked = type_or_presence_;
    std::vector<FieldError> all = std::move(values_);
    all.insert(all.end(), required_.begin(), required_.end());
    all.insert(all.end(), duplicates_.begin(), duplicates_.end());
    if (unchecked) {
      all.push_back(
          {"FieldValueInvalid", "<nil>",
           "Invalid value: null: some validation rules were not checked because the object "
           "was invalid; correct the existing errors to complete validation"});
    }
    return all;
  }

 private:
  bool check_type(const Json& value, const Json& schema, const std::string& path) {
    if (value.is_null() && flag(schema, "nullable")) return false;
    std::string expected = schema.value("type", "");
    bool matches = expected.empty() || expected == type_name(value) ||
                   (expected == "number" && value.is_number()) ||
                   (expected == "integer" && value.is_number_float() &&
                    value.get<double>() ==
                        static_cast<double>(static_cast<std::int64_t>(value.get<double>())));
    if (flag(schema, "x-kubernetes-int-or-string")) {
      matches = value.is_number_integer() || value.is_string();
      expected = "integer,string";
    }
    if (matches) return true;
    const std::string found = "\"" + type_name(value) + "\"";
    values_.push_back({"FieldValueTypeInvalid", path,
                       "Invalid value: " + found + ": " + path + " in body must be of type " +
                           expected + ": " + found});
    type_or_presence_ = true;
    return false;
  }

  void check_enum(const Json& value, const Json& schema, const std::string& path) {
    const auto allowed = schema.find("enum");
    if (allowed == schema.end() || std::ranges::find(*allowed, value) != allowed->end()) return;
    std::vector<std::string> texts;
    for (const Json& item : *allowed) texts.push_back(item.dump());
    std::ranges::sort(texts);
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + text;
    values_.push_back({"FieldValueNotSupported", path,
                       "Unsupported value: " + value.dump() + ": supported values: " + list});
    type_or_presence_ = true;
  }

  void check_members(const Json& value, const Json& schema, const std::string& path) {
    if (!value.is_object()) return;
    for (const auto& [name, child] : value.items()) {
      const Json* child_schema = member_schema(&schema, name);
      if (child_schema != nullptr && !is_type_meta(path, name)) {
        check(child, *child_schema, child_path(path, name));
      }
    }
    if (!schema.contains("required")) return;
    for (const Json& name : schema["required"]) {
      const std::string text = name.get<std::string>();
      if (is_type_meta(path, text) || value.contains(text)) continue;
      required_.push_back({"FieldValueRequired", child_path(path, text), "Required value"});
      type_or_presence_ = true;
    }
  }

  void check_items(const Json& value, const Json& schema, const std::string& path) {
    if (!value.is_array()) return;
    const Json* items = item_schema(&schema);
    for (std::size_t i = 0; items != nullptr && i < value.size(); ++i) {
      check(value[i], *items, item_path(path, i));
    }
    const std::string list_type = schema.value("x-kubernetes-list-type", "");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < value.size() && (list_type == "set" || list_type == "map"); ++i) {
      Json key = value[i];
      if (list_type == "map") {
        key = Json::object();
        for (const Json& name : schema["x-kubernetes-list-map-keys"]) {
          const std::string text = name.get<std::string>();
          if (value[i].is_object() && value[i].contains(text)) key[text] = value[i][text];
        }
        if (key.empty()) continue;
      }
      if (!seen.insert(key.dump()).second) {
        duplicates_.push_back(
            {"FieldValueDuplicate", item_path(path, i), "Duplicate value: " + key.dump()});
      }
    }
  }

  std::vector<FieldError> values_, required_, duplicates_;
  bool type_or_presence_ = false;
};

}  // namespace

std::vector<FieldError> validate(const Json& object, const Json& schema) {
  Validator validator;
  validator.check(object, schema, "");
  return std::move(validator).errors();
}

}  // namespace penstock::apiserver
