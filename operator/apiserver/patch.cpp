#include "operator/apiserver/patch.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "operator/apiserver/field_set.h"
#include "operator/apiserver/schema.h"

namespace penstock::apiserver {

namespace {

Failure not_an_object(const Json& patch) {
  const std::string type = patch.is_array() ? "array" : patch.type_name();
  return bad_request("error decoding patch: json: cannot unmarshal " + type +
                     " into Go value of type map[string]interface {}");
}

// The member of a list's items by which they merge; empty where the list is replaced.
std::string merge_key(const Json* schema) {
  if (schema == nullptr || schema->value("x-kubernetes-list-type", "") != "map") return {};
  return (*schema)["x-kubernetes-list-map-keys"][0].get<std::string>();
}

bool is_set(const Json* schema) {
  return schema != nullptr && schema->value("x-kubernetes-list-type", "") == "set";
}

class StrategicMerge {
 public:
  // Merges `patch` into `object`, both of which are JSON objects.
  void merge(Json& object, const Json& patch, const Json* schema, bool top = false) {
    const std::string directive = patch.value("$patch", "");
    if (directive == "replace") {
      object = patch;
      object.erase("$patch");
      return;
    }
    if (const auto keys = patch.find("$retainKeys"); keys != patch.end()) retain(object, *keys);
    for (const auto& [name, value] : patch.items()) {
      if (name.starts_with(kOrder)) continue;  // goes with its list
      const Json* below =
          top && name == "metadata" ? &metadata_schema() : member_schema(schema, name);
      const Json before = object.contains(name) ? object[name] : Json::array();
      merge_member(object, name, value, below);
      const auto order = patch.find(std::string(kOrder) + name);
      if (value.is_array() && object.contains(name) && !merge_key(below).empty())
        arrange(object[name], order == patch.end() ? value : *order, before, merge_key(below));
    }
  }

 private:
  static constexpr std::string_view kOrder = "$setElementOrder/";

  static void retain(Json& object, const Json& keys) {
    for (auto it = object.begin(); it != object.end();) {
      const bool kept = std::ranges::any_of(keys, [&](const Json& key) { return key == it.key(); });
      it = kept ? std::next(it) : object.erase(it);
    }
  }

  void merge_member(Json& object, const std::string& name, const Json& value, const Json* schema) {
    constexpr std::string_view kDeletion = "$deleteFromPrimitiveList/";
    if (name.starts_with(kDeletion))
      return erase_items(object, name.substr(kDeletion.size()), value);
    if (name.starts_with("$")) return;
    if (value.is_null()) {
      object.erase(name);
    } else if (value.is_object()) {
      if (value.value("$patch", "") == "delete") {
        object.erase(name);
        return;
      }
      Json& place = object[name];
      if (!place.is_object()) place = Json::object();
      merge(place, value, schema);
    } else if (value.is_array() && object.contains(name) && object[name].is_array() &&
               (!merge_key(schema).empty() || is_set(schema))) {
      merge_list(object[name], value, *schema);
    } else {
      object[name] = value;
    }
  }

  static void erase_items(Json& object, const std::string& name, const Json& items) {
    if (!object.contains(name) || !object[name].is_array() || !items.is_array()) return;
    Json& list = object[name];
    for (const Json& item : items) {
      list.erase(std::remove(list.begin(), list.end(), item), list.end());
    }
    if (list.empty()) object.erase(name);
  }

  void merge_list(Json& list, const Json& patch, const Json& schema) {
    const std::string key = merge_key(&schema);
    if (std::ranges::any_of(patch, [](const Json& item) {
          return item.is_object() && item.value("$patch", "") == "replace";
        })) {
      list = Json::array();
    }
    for (const Json& item : patch) {
      if (key.empty()) {
        if (std::ranges::find(list, item) == list.end()) list.push_back(item);
        continue;
      }
      merge_item(list, key, item, item_schema(&schema));
    }
  }

  // Where an item with the same key stands; the size when there is none.
  static std::size_t index_of(const Json& list, const Json& item, const std::string& key) {
    const auto same = [&](const Json& one) {
      return one.is_object() && item.is_object() && one.contains(key) && item.contains(key) &&
             one[key] == item[key];
    };
    return static_cast<std::size_t>(std::ranges::find_if(list, same) - list.begin());
  }

  // Items that the patch names come in its order; between them, as far as `before` tells, the
  // others in theirs.
  static void arrange(Json& list, const Json& order, const Json& before, const std::string& key) {
    Json named = Json::array(), others = Json::array();
    for (const Json& item : order) {
      const std::size_t at = index_of(list, item, key);
      if (at < list.size()) named.push_back(list[at]);
    }
    for (const Json& item : list)
      if (index_of(order, item, key) == order.size()) others.push_back(item);
    if (named.size() + others.size() != list.size()) return;  // a key stands twice
    list = Json::array();
    std::size_t i = 0, j = 0;
    while (i < others.size() || j < named.size()) {
      const bool other = i < others.size() &&
                         (j == named.size() ||
                          (index_of(before, named[j], key) < before.size() &&
                           index_of(before, others[i], key) < index_of(before, named[j], key)));
      list.push_back(other ? others[i++] : named[j++]);
    }
  }

  void merge_item(Json& list, const std::string& key, const Json& item, const Json* schema) {
    if (!item.is_object() || !item.contains(key)) return;
    const auto found = std::ranges::find_if(list, [&](const Json& have) {
      return have.is_object() && have.contains(key) && have[key] == item[key];
    });
    if (item.value("$patch", "") == "delete") {
      if (found != list.end()) list.erase(found);
    } else if (found != list.end()) {
      merge(*found, item, schema);
    } else {
      list.push_back(Json::object());
      merge(list.back(), item, schema);
    }
  }
};

}  // namespace

Answer<Json> apply_merge_patch(Json object, const Json& patch) {
  if (!patch.is_object()) return not_an_object(patch);
  object.merge_patch(patch);
  return object;
}

Answer<Json> apply_json_patch(const Json& object, const Json& patch) {
  if (!patch.is_array()) {
    return bad_request("error decoding patch: json: cannot unmarshal " +
                       std::string(patch.type_name()) +
                       " into Go value of type []handlers.jsonPatchOp");
  }
  if (patch.size() > 10000) {
    return Failure{
        413, "RequestEntityTooLarge",
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, "
        "got " +
            std::to_string(patch.size()),
        ""};
  }
  try {  // nlohmann::json reports what does not apply by exceptions
    return object.patch(patch);
  } catch (const Json::exception&) {
    return Failure{422, "Invalid", "the server rejected our request due to an error in our request",
                   "{}"};
  }
}

Answer<Json> apply_strategic_patch(Json object, const Json& patch, const Json& schema) {
  if (!patch.is_object()) return not_an_object(patch);
  StrategicMerge().merge(object, patch, &schema, true);
  return object;
}

}  // namespace penstock::apiserver
