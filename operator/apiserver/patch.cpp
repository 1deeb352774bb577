#include "operator/apiserver/patch.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

namespace penstock::apiserver {

namespace {

Failure not_an_object(const Json& patch) {
  const std::string type = patch.is_array() ? "array" : patch.type_name();
  return bad_request("error decoding patch: json: cannot unmarshal " + type +
                     " into Go value of type map[string]interface {}");
}

// Lists of built-in types that merge by the value of one member.
std::string_view merge_key(std::string_view field) {
  struct Row {
    std::string_view field, key;
  };
  static constexpr std::array kRows{
      Row{"containers", "name"},        Row{"initContainers", "name"},
      Row{"volumes", "name"},           Row{"env", "name"},
      Row{"volumeMounts", "mountPath"}, Row{"ports", "containerPort"},
      Row{"conditions", "type"},        Row{"addresses", "type"},
      Row{"ownerReferences", "uid"},    Row{"taints", "key"},
      Row{"imagePullSecrets", "name"},  Row{"resizePolicy", "resourceName"}};
  const auto found = std::ranges::find(kRows, field, &Row::field);
  return found == kRows.end() ? std::string_view() : found->key;
}

class StrategicMerge {
 public:
  // Merges `patch` into `object`, both of which are JSON objects.
  void merge(Json& object, const Json& patch) {
    const std::string directive = patch.value("$patch", "");
    if (directive == "replace") {
      object = patch;
      object.erase("$patch");
      return;
    }
    if (const auto keys = patch.find("$retainKeys"); keys != patch.end()) retain(object, *keys);
    for (const auto& [name, value] : patch.items()) merge_member(object, name, value);
  }

 private:
  static void retain(Json& object, const Json& keys) {
    for (auto it = object.begin(); it != object.end();) {
      const bool kept = std::ranges::any_of(keys, [&](const Json& key) { return key == it.key(); });
      it = kept ? std::next(it) : object.erase(it);
    }
  }

  void merge_member(Json& object, const std::string& name, const Json& value) {
    constexpr std::string_view kDeletion = "$deleteFromPrimitiveList/";
    if (name.starts_with(kDeletion))
      return erase_items(object, name.substr(kDeletion.size()), value);
    if (name.starts_with("$")) return;  // $setElementOrder: our order is good enough
    if (value.is_null()) {
      object.erase(name);
    } else if (value.is_object()) {
      if (value.value("$patch", "") == "delete") {
        object.erase(name);
        return;
      }
      Json& place = object[name];
      if (!place.is_object()) place = Json::object();
      merge(place, value);
    } else if (value.is_array() && object.contains(name) && object[name].is_array() &&
               (!merge_key(name).empty() || name == "finalizers")) {
      merge_list(object[name], name, value);
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

  void merge_list(Json& list, const std::string& name, const Json& patch) {
    const std::string key(merge_key(name));
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
      merge_item(list, key, item);
    }
  }

  void merge_item(Json& list, const std::string& key, const Json& item) {
    if (!item.is_object() || !item.contains(key)) return;
    const auto found = std::ranges::find_if(list, [&](const Json& have) {
      return have.is_object() && have.contains(key) && have[key] == item[key];
    });
    if (item.value("$patch", "") == "delete") {
      if (found != list.end()) list.erase(found);
    } else if (found != list.end()) {
      merge(*found, item);
    } else {
      list.push_back(Json::object());
      merge(list.back(), item);
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

Answer<Json> apply_strategic_patch(Json object, const Json& patch) {
  if (!patch.is_object()) return not_an_object(patch);
  StrategicMerge().merge(object, patch);
  return object;
}

}  // namespace penstock::apiserver
