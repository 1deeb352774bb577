#include "operator/apiserver/kinds.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

std::vector<std::string> strings_at(const Json& object, std::string_view path) {
  std::vector<std::string> texts;
  const Json* list = find_path(object, path);
  if (list == nullptr || !list->is_array()) return texts;
  for (const Json& item : *list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::vector<PrinterColumn> columns_of(const Json& version) {
  std::vector<PrinterColumn> columns;
  const Json* list = find_path(version, ".additionalPrinterColumns");
  if (list != nullptr) {
    for (const Json& item : *list) {
      const std::string path = text_at(item, ".jsonPath");
      std::string description = text_at(item, ".description");
      if (description.empty()) {
        description = "Custom resource definition column (in JSONPath format): " + path;
      }
      const Json* priority = find_path(item, ".priority");
      columns.push_back(
          {text_at(item, ".name"), text_at(item, ".type"), text_at(item, ".format"), description,
           priority != nullptr && priority->is_number() ? priority->get<int>() : 0, path});
    }
  }
  if (columns.empty()) {
    columns.push_back({"Age", "date", "",
                       "Custom resource definition column (in JSONPath format): "
                       ".metadata.creationTimestamp",
                       0, ".metadata.creationTimestamp"});
  }
  return columns;
}

void add_subresources(const Json& version, KindDefinition& kind) {
  kind.has_status = find_path(version, ".subresources.status") != nullptr;
  if (find_path(version, ".subresources.scale") == nullptr) return;
  kind.scale = ScalePaths{text_at(version, ".subresources.scale.specReplicasPath"),
                          text_at(version, ".subresources.scale.statusReplicasPath"),
                          text_at(version, ".subresources.scale.labelSelectorPath")};
}

}  // namespace

std::string KindDefinition::storage_key() const {
  if (group.empty() || group == "events.k8s.io") return plural;
  return plural + "." + group;
}

Result<KindDefinition> kind_from_crd(std::string_view crd_json) {
  const Json crd = Json::parse(crd_json, nullptr, false);
  if (crd.is_discarded()) return Error{Code::kInvalid, "a CustomResourceDefinition is not JSON"};
  KindDefinition kind;
  kind.custom = true;
  kind.has_generation = true;
  kind.strict_schema = true;
  kind.group = text_at(crd, ".spec.group");
  kind.plural = text_at(crd, ".spec.names.plural");
  kind.singular = text_at(crd, ".spec.names.singular");
  kind.kind = text_at(crd, ".spec.names.kind");
  kind.list_kind = text_at(crd, ".spec.names.listKind");
  kind.short_names = strings_at(crd, ".spec.names.shortNames");
  kind.categories = strings_at(crd, ".spec.names.categories");
  kind.namespaced = text_at(crd, ".spec.scope") != "Cluster";
  const Json* versions = find_path(crd, ".spec.versions");
  const bool usable = versions != nullptr && versions->is_array() && versions->size() == 1;
  if (kind.group.empty() || kind.plural.empty() || kind.kind.empty() || !usable) {
    return Error{Code::kInvalid,
                 "a CustomResourceDefinition needs spec.group, spec.names.plural, spec.names.kind "
                 "and exactly one of spec.versions: " +
                     text_at(crd, ".metadata.name")};
  }
  const Json& version = versions->front();
  kind.version = text_at(version, ".name");
  const Json* schema = find_path(version, ".schema.openAPIV3Schema");
  if (schema == nullptr) {
    return Error{Code::kInvalid, "a CustomResourceDefinition needs schema.openAPIV3Schema: " +
                                     text_at(crd, ".metadata.name")};
  }
  kind.schema = std::make_shared<const Json>(*schema);
  if (kind.list_kind.empty()) kind.list_kind = kind.kind + "List";
  if (kind.singular.empty()) {
    std::ranges::transform(kind.kind, std::back_inserter(kind.singular),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  kind.columns = columns_of(version);
  add_subresources(version, kind);
  if (const Json* fields = find_path(version, ".selectableFields"); fields != nullptr) {
    for (const Json& field : *fields)
      kind.selectable.push_back(text_at(field, ".jsonPath").substr(1));
  }
  kind.crd = std::string(crd_json);
  return kind;
}

const KindDefinition* KindTable::find(std::string_view group, std::string_view version,
                                      std::string_view plural) const {
  const auto found = std::ranges::find_if(kinds_, [&](const KindDefinition& kind) {
    return kind.group == group && kind.version == version && kind.plural == plural;
  });
  return found == kinds_.end() ? nullptr : &*found;
}

const KindDefinition* KindTable::find_kind(std::string_view api_version,
                                           std::string_view kind_name) const {
  const auto found = std::ranges::find_if(kinds_, [&](const KindDefinition& kind) {
    return kind.kind == kind_name && kind.api_version() == api_version;
  });
  return found == kinds_.end() ? nullptr : &*found;
}

bool KindTable::has_group_version(std::string_view group, std::string_view version) const {
  return std::ranges::any_of(kinds_, [&](const KindDefinition& kind) {
    return kind.group == group && kind.version == version;
  });
}

}  // namespace penstock::apiserver
