#include "operator/apiserver/field_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/schema.h"

namespace penstock::apiserver {

namespace {

// How the parts of a value are told apart when several people own them.
enum class Layout { kLeaf, kFields, kKeyedList, kSet };

Layout layout_of(const Json& value, const Json* schema) {
  if (value.is_object()) {
    const bool atomic = schema != nullptr && schema->value("x-kubernetes-map-type", "") == "atomic";
    return atomic ? Layout::kLeaf : Layout::kFields;
  }
  if (!value.is_array() || schema == nullptr) return Layout::kLeaf;
  const std::string list_type = schema->value("x-kubernetes-list-type", "");
  if (list_type == "map") return Layout::kKeyedList;
  return list_type == "set" ? Layout::kSet : Layout::kLeaf;
}

// Does the schema name this field (rather than allow any)?
bool is_declared(const Json* schema, const std::string& name) {
  if (schema == nullptr) return false;
  const auto properties = schema->find("properties");
  return properties != schema->end() && properties->contains(name);
}

Json key_of(const Json& item, const Json& schema) {
  Json key = Json::object();
  for (const Json& name : schema["x-kubernetes-list-map-keys"]) {
    const std::string text = name.get<std::string>();
    const Json* member = member_schema(item_schema(&schema), text);
    if (item.is_object() && item.contains(text)) {
      key[text] = item[text];
    } else if (member != nullptr && member->contains("default")) {
      key[text] = (*member)["default"];
    }
  }
  return key;
}

std::string item_element(const Json& item, const Json& schema, Layout layout) {
  return layout == Layout::kSet ? "v:" + item.dump() : "k:" + key_of(item, schema).dump();
}

}  // namespace

const Json& metadata_schema() {
  static const Json kSchema = Json::parse(R"({"type": "object", "properties": {
    "generateName": {"type": "string"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    "finalizers": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
    "ownerReferences": {"type": "array", "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["uid"],
      "items": {"type": "object", "x-kubernetes-map-type": "atomic"}}}})");
  return kSchema;
}

namespace {

// The object as far as ownership goes: no type, no server-side metadata.
Json owned_part(const Json& object) {
  Json part = object;
  part.erase("apiVersion");
  part.erase("kind");
  const auto metadata = part.find("metadata");
  if (metadata == part.end() || !metadata->is_object()) return part;
  for (auto it = metadata->begin(); it != metadata->end();) {
    it = is_declared(&metadata_schema(), it.key()) ? std::next(it) : metadata->erase(it);
  }
  if (metadata->empty()) part.erase("metadata");
  return part;
}

const Json* schema_at(const Json* schema, const std::string& name, bool top) {
  return top && name == "metadata" ? &metadata_schema() : member_schema(schema, name);
}

void collect_applied(const Json& value, const Json* schema, bool top, FieldSet& set) {
  const Layout layout = layout_of(value, schema);
  if (layout == Layout::kLeaf) {
    set.member = true;
  } else if (layout == Layout::kFields) {
    for (const auto& [name, child] : value.items()) {
      FieldSet& below = set.children["f:" + name];
      collect_applied(child, schema_at(schema, name, top), false, below);
      const bool is_empty = child.is_null() || (child.is_object() && child.empty());
      if (is_empty || (!top && !is_declared(schema, name))) below.member = true;
    }
  } else {
    for (const Json& item : value) {
      FieldSet& below = set.children[item_element(item, *schema, layout)];
      if (layout == Layout::kKeyedList) collect_applied(item, item_schema(schema), false, below);
      below.member = true;
    }
    if (value.empty()) set.member = true;
  }
}

// Everything in a value, containers too.
void collect_all(const Json& value, const Json* schema, FieldSet& set) {
  set.member = true;
  const Layout layout = layout_of(value, schema);
  if (layout == Layout::kFields) {
    for (const auto& [name, child] : value.items()) {
      collect_all(child, member_schema(schema, name), set.children["f:" + name]);
    }
  } else if (layout == Layout::kKeyedList || layout == Layout::kSet) {
    for (const Json& item : value) {
      collect_all(item, item_schema(schema), set.children[item_element(item, *schema, layout)]);
    }
  }
}

std::map<std::string, const Json*> elements_of(const Json& list, const Json& schema,
                                               Layout layout) {
  std::map<std::string, const Json*> elements;
  for (const Json& item : list) elements.emplace(item_element(item, schema, layout), &item);
  return elements;
}

class Comparison {
 public:
  void compare(const Json& before, const Json& after, const Json* schema, bool top,
               FieldSet& written, FieldSet& removed) {
    if (before == after) return;
    const Layout layout = layout_of(after, schema);
    if (layout != layout_of(before, schema) || layout == Layout::kLeaf) {
      written.member = true;
    } else if (layout == Layout::kFields) {
      compare_fields(before, after, schema, top, written, removed);
    } else {
      compare_lists(before, after, *schema, layout, written, removed);
    }
  }

 private:
  void compare_fields(const Json& before, const Json& after, const Json* schema, bool top,
                      FieldSet& written, FieldSet& removed) {
    for (const auto& [name, value] : after.items()) {
      const std::string element = "f:" + name;
      const Json* below = schema_at(schema, name, top);
      const auto old = before.find(name);
      if (old != before.end()) {
        compare(*old, value, below, false, written.children[element], removed.children[element]);
      } else {
        collect_all(value, below, written.children[element]);
        if (top && name == "metadata") written.children[element].member = false;
      }
      drop_if_empty(written, element);
      drop_if_empty(removed, element);
    }
    for (const auto& [name, value] : before.items()) {
      if (!after.contains(name)) {
        collect_all(value, schema_at(schema, name, top), removed.children["f:" + name]);
      }
    }
  }

  void compare_lists(const Json& before, const Json& after, const Json& schema, Layout layout,
                     FieldSet& written, FieldSet& removed) {
    const auto old = elements_of(before, schema, layout);
    const auto now = elements_of(after, schema, layout);
    for (const auto& [element, item] : now) {
      if (const auto found = old.find(element); found != old.end()) {
        compare(*found->second, *item, item_schema(&schema), false, written.children[element],
                removed.children[element]);
      } else {
        collect_all(*item, item_schema(&schema), written.children[element]);
      }
      drop_if_empty(written, element);
      drop_if_empty(removed, element);
    }
    for (const auto& [element, item] : old) {
      if (!now.contains(element))
        collect_all(*item, item_schema(&schema), removed.children[element]);
    }
  }

  static void drop_if_empty(FieldSet& set, const std::string& element) {
    const auto found = set.children.find(element);
    if (found != set.children.end() && found->second.empty()) set.children.erase(found);
  }
};

Json merge_values(Json value, const Json& patch, const Json* schema, bool top) {
  const Layout layout = layout_of(patch, schema);
  if (layout == Layout::kFields && value.is_object()) {
    for (const auto& [name, child] : patch.items()) {
      const Json* below = schema_at(schema, name, top);
      value[name] = value.contains(name) ? merge_values(value[name], child, below, false) : child;
    }
    return value;
  }
  if ((layout != Layout::kKeyedList && layout != Layout::kSet) || !value.is_array()) return patch;
  for (const Json& item : patch) {
    const std::string element = item_element(item, *schema, layout);
    const auto found = std::ranges::find_if(
        value, [&](const Json& have) { return item_element(have, *schema, layout) == element; });
    if (found == value.end()) {
      value.push_back(item);
    } else if (layout == Layout::kKeyedList) {
      *found = merge_values(*found, item, item_schema(schema), false);
    }
  }
  return value;
}

void remove_values(Json& value, const FieldSet& set, const Json* schema, bool top) {
  const Layout layout = layout_of(value, schema);
  if (layout == Layout::kFields) {
    for (auto it = value.begin(); it != value.end();) {
      const auto found = set.children.find("f:" + it.key());
      const bool gone = found != set.children.end() && found->second.member;
      if (found != set.children.end() && !gone) {
        remove_values(*it, found->second, schema_at(schema, it.key(), top), false);
      }
      it = gone ? value.erase(it) : std::next(it);
    }
  } else if (layout == Layout::kKeyedList || layout == Layout::kSet) {
    for (auto it = value.begin(); it != value.end();) {
      const auto found = set.children.find(item_element(*it, *schema, layout));
      const bool gone = found != set.children.end() && found->second.member;
      if (found != set.children.end() && !gone) {
        remove_values(*it, found->second, item_schema(schema), false);
      }
      it = gone ? value.erase(it) : std::next(it);
    }
  }
}

void find_undeclared(const Json& value, const Json& schema, const std::string& path, bool top,
                     std::vector<std::string>& found) {
  const bool keep = schema.value("x-kubernetes-preserve-unknown-fields", false);
  if (value.is_object()) {
    for (const auto& [name, child] : value.items()) {
      if (top && (name == "apiVersion" || name == "kind" || name == "metadata")) continue;
      const Json* below = member_schema(&schema, name);
      if (below != nullptr) {
        find_undeclared(child, *below, path + "." + name, false, found);
      } else if (!keep) {
        found.push_back(path + "." + name);
      }
    }
  } else if (value.is_array()) {
    const Json* items = item_schema(&schema);
    const Layout layout = layout_of(value, &schema);
    for (std::size_t i = 0; items != nullptr && i < value.size(); ++i) {
      std::string place = "[" + std::to_string(i) + "]";
      if (layout == Layout::kKeyedList) {
        FieldSet one;
        one.children[item_element(value[i], schema, layout)].member = true;
        place = paths_of(one).front();
      }
      find_undeclared(value[i], *items, path + place, false, found);
    }
  }
}

std::string path_element(const std::string& element) {
  const std::string rest = element.substr(2);
  if (element.starts_with("f:")) return "." + rest;
  if (element.starts_with("v:")) return "[=" + rest + "]";
  const Json keys = Json::parse(rest);
  std::string text;
  for (const auto& [name, value] : keys.items()) {
    text += (text.empty() ? "" : ",") + name + "=" + value.dump();
  }
  return "[" + text + "]";
}

}  // namespace

FieldSet field_set_from(const Json& fields_v1) {
  FieldSet set;
  if (!fields_v1.is_object()) return set;
  for (const auto& [element, below] : fields_v1.items()) {
    if (element == ".") {
      set.member = true;
    } else if (element.size() > 2 && element[1] == ':') {
      FieldSet child = field_set_from(below);
      if (child.children.empty()) child.member = true;
      set.children.emplace(element, std::move(child));
    }
  }
  return set;
}

Json to_json(const FieldSet& set) {
  Json json = Json::object();
  if (set.member && !set.children.empty()) json["."] = Json::object();
  for (const auto& [element, child] : set.children) json[element] = to_json(child);
  return json;
}

FieldSet join(const FieldSet& a, const FieldSet& b) {
  FieldSet all = a;
  all.member = a.member || b.member;
  for (const auto& [element, child] : b.children)
    all.children[element] = join(all.children[element], child);
  return all;
}

FieldSet without(const FieldSet& a, const FieldSet& b) {
  FieldSet rest;
  rest.member = a.member && !b.member;
  for (const auto& [element, child] : a.children) {
    const auto other = b.children.find(element);
    FieldSet left = other == b.children.end() ? child : without(child, other->second);
    if (!left.empty()) rest.children.emplace(element, std::move(left));
  }
  return rest;
}

FieldSet common(const FieldSet& a, const FieldSet& b) {
  FieldSet both;
  both.member = a.member && b.member;
  for (const auto& [element, child] : a.children) {
    const auto other = b.children.find(element);
    if (other == b.children.end()) continue;
    if (FieldSet shared = common(child, other->second); !shared.empty()) {
      both.children.emplace(element, std::move(shared));
    }
  }
  return both;
}

FieldSet with_parents(const FieldSet& set) {
  FieldSet all;
  all.member = !set.empty();
  for (const auto& [element, child] : set.children)
    all.children.emplace(element, with_parents(child));
  return all;
}

std::vector<std::string> paths_of(const FieldSet& set) {
  std::vector<std::string> paths;
  if (set.member) paths.emplace_back();
  for (const auto& [element, child] : set.children) {
    const std::string head = path_element(element);
    for (const std::string& tail : paths_of(child)) paths.push_back(head + tail);
  }
  return paths;
}

FieldSet applied_fields(const Json& object, const Json& schema) {
  FieldSet set;
  collect_applied(owned_part(object), &schema, true, set);
  set.member = false;
  return set;
}

FieldChanges compare(const Json& before, const Json& after, const Json& schema) {
  FieldChanges changes;
  Comparison().compare(owned_part(before), owned_part(after), &schema, true, changes.written,
                       changes.removed);
  changes.written.member = false;
  return changes;
}

Json merge_applied(Json object, const Json& patch, const Json& schema) {
  return merge_values(std::move(object), patch, &schema, true);
}

Json remove_fields(Json object, const FieldSet& set, const Json& schema) {
  FieldSet below = set;
  below.member = false;
  if (const auto metadata = below.children.find("f:metadata"); metadata != below.children.end()) {
    metadata->second.member = false;  // its other members are the server's
  }
  remove_values(object, below, &schema, true);
  return object;
}

std::vector<std::string> undeclared_fields(const Json& object, const Json& schema) {
  std::vector<std::string> found;
  find_undeclared(object, schema, "", true, found);
  return found;
}

}  // namespace penstock::apiserver
