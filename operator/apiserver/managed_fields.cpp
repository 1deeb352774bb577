#include "operator/apiserver/managed_fields.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "operator/apiserver/field_set.h"
#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

struct Entry {
  Json json;  // the entry without its fields
  FieldSet fields;

  bool is(const std::string& operation, const FieldManager& manager) const {
    return json.value("operation", "") == operation && json.value("manager", "") == manager.name &&
           json.value("subresource", "") == manager.subresource &&
           (operation == "Apply" || json.value("apiVersion", "") == manager.api_version);
  }
};

std::vector<Entry> entries_of(const Json& object) {
  std::vector<Entry> entries;
  const Json* list = find_path(object, ".metadata.managedFields");
  if (list == nullptr || !list->is_array()) return entries;
  for (const Json& item : *list) {
    Entry entry{item, {}};
    if (item.contains("fieldsV1")) entry.fields = field_set_from(item["fieldsV1"]);
    entry.json.erase("fieldsV1");
    if (!entry.fields.empty()) entries.push_back(std::move(entry));
  }
  return entries;
}

// Applies first, then updates; each by time and name, as the API server orders them.
void store_entries(Json& object, std::vector<Entry> entries) {
  std::erase_if(entries, [](const Entry& entry) { return entry.fields.empty(); });
  std::ranges::stable_sort(entries, [](const Entry& a, const Entry& b) {
    const auto rank = [](const Entry& entry) {
      const Json& json = entry.json;
      return std::make_tuple(json.value("operation", "") != "Apply", json.value("time", ""),
                             json.value("manager", ""), json.value("apiVersion", ""),
                             json.value("subresource", ""));
    };
    return rank(a) < rank(b);
  });
  Json list = Json::array();
  for (Entry& entry : entries) {
    entry.json["fieldsType"] = "FieldsV1";
    entry.json["fieldsV1"] = to_json(entry.fields);
    list.push_back(std::move(entry.json));
  }
  if (list.empty()) {
    object["metadata"].erase("managedFields");
  } else {
    object["metadata"]["managedFields"] = std::move(list);
  }
}

Entry new_entry(const std::string& operation, const FieldManager& manager) {
  Entry entry{
      Json{
          {"manager", manager.name}, {"operation", operation}, {"apiVersion", manager.api_version}},
      {}};
  if (!manager.subresource.empty()) entry.json["subresource"] = manager.subresource;
  if (!manager.time.empty()) entry.json["time"] = manager.time;
  return entry;
}

// A status write owns nothing outside of status, and a main write nothing inside, where status is
// apart.
FieldSet on_top(const FieldSet& set) {
  FieldSet rest = set;
  rest.member = false;
  return rest;
}

std::string described(const Json& entry) {
  std::string text = "\"" + entry.value("manager", "") + "\"";
  if (entry.contains("subresource"))
    text += " with subresource \"" + entry.value("subresource", "") + "\"";
  if (entry.value("operation", "") == "Update") text += " using " + entry.value("apiVersion", "");
  return text;
}

Failure conflict_failure(const std::map<std::string, std::vector<std::string>>& conflicts) {
  std::size_t count = 0;
  Json causes = Json::array();
  std::string text;
  for (const auto& [who, paths] : conflicts) {
    count += paths.size();
    text += (text.empty() ? "" : "\n") + std::string("conflicts with ") + who + ":";
    for (const std::string& path : paths) {
      text += "\n- " + path;
      causes.push_back({{"reason", "FieldManagerConflict"},
                        {"message", "conflict with " + who},
                        {"field", path}});
    }
  }
  if (count == 1) {
    const auto& [who, paths] = *conflicts.begin();
    text = "conflict with " + who + ": " + paths.front();
  }
  return {409, "Conflict",
          "Apply failed with " + std::to_string(count) +
              (count == 1 ? " conflict: " : " conflicts: ") + text,
          Json{{"causes", causes}}.dump()};
}

FieldSet join_of_others(const std::vector<Entry>& entries, const Entry* own) {
  FieldSet all;
  for (const Entry& entry : entries) {
    if (&entry != own) all = join(all, entry.fields);
  }
  return all;
}

}  // namespace

void track_update(const Json& before, Json& after, const Json& schema,
                  const FieldManager& manager) {
  const FieldChanges changes = compare(before, after, schema);
  std::vector<Entry> entries = entries_of(after);
  if (changes.written.empty() && changes.removed.empty())
    return store_entries(after, std::move(entries));
  const FieldSet taken = join(changes.written, changes.removed);
  Entry* own = nullptr;
  for (Entry& entry : entries) {
    if (entry.is("Update", manager)) own = &entry;
    entry.fields = without(entry.fields, entry.is("Update", manager) ? changes.removed : taken);
  }
  if (own == nullptr) {
    entries.push_back(new_entry("Update", manager));
    own = &entries.back();
  }
  const FieldSet owned = join(own->fields, on_top(changes.written));
  if (!(owned == own->fields) || !common(changes.written, owned).empty()) {
    own->fields = owned;
    if (!manager.time.empty()) own->json["time"] = manager.time;
  }
  store_entries(after, std::move(entries));
}

Answer<Json> apply_fields(const Json& live, const Json& applied, const Json& schema,
                          const FieldManager& manager, bool force) {
  std::vector<Entry> entries = entries_of(live);
  const FieldSet claimed = applied_fields(applied, schema);
  const auto own =
      std::ranges::find_if(entries, [&](const Entry& e) { return e.is("Apply", manager); });
  const FieldSet previous = own == entries.end() ? FieldSet{} : own->fields;
  const FieldSet others = join_of_others(entries, own == entries.end() ? nullptr : &*own);

  Json merged = merge_applied(live, applied, schema);
  const FieldSet given_up =
      without(without(with_parents(previous), with_parents(claimed)), with_parents(others));
  merged = remove_fields(std::move(merged), given_up, schema);

  const FieldSet written = compare(live, merged, schema).written;
  std::map<std::string, std::vector<std::string>> conflicts;
  for (Entry& entry : entries) {
    if (own != entries.end() && &entry == &*own) continue;
    const FieldSet shared = common(entry.fields, written);
    if (shared.empty()) continue;
    if (force) {
      entry.fields = without(entry.fields, shared);
    } else {
      for (std::string& path : paths_of(shared))
        conflicts[described(entry.json)].push_back(std::move(path));
    }
  }
  if (!conflicts.empty()) return conflict_failure(conflicts);

  // Who applies what is there already has changed nothing: the time of his last change stays.
  const bool changed = merged != live;
  Entry entry = own == entries.end() ? new_entry("Apply", manager) : *own;
  if (own == entries.end() && !changed) entry.json.erase("time");
  if (changed && !manager.time.empty()) entry.json["time"] = manager.time;
  entry.fields = claimed;
  if (own != entries.end()) entries.erase(own);
  entries.push_back(std::move(entry));
  if (!merged.contains("metadata")) merged["metadata"] = Json::object();
  store_entries(merged, std::move(entries));
  return merged;
}

}  // namespace penstock::apiserver
