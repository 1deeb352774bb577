#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "runtime/base/result.h"

namespace penstock::apiserver {

struct PrinterColumn {
  std::string name;
  std::string type;  // "string", "integer", "date", ...
  std::string format;
  std::string description;
  int priority = 0;  // above 0: only with -o wide
  std::string path;  // JSONPath; empty where the cell is computed (built-in kinds)
};

struct ScalePaths {
  std::string spec;
  std::string status;
  std::string selector;  // may be empty
};

// One resource type that this server serves. Immutable after start; shared by all threads.
struct KindDefinition {
  std::string group;  // empty for core
  std::string version;
  std::string plural;
  std::string singular;
  std::string kind;
  std::string list_kind;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  bool custom = false;      // from a CRD; its answers differ in details from built-in types
  bool has_status = false;  // /status is a subresource: the main resource ignores status
  bool has_generation = false;
  bool strict_schema = false;  // unknown fields are pruned; else they are kept
  std::optional<ScalePaths> scale;
  std::vector<std::string> other_subresources;  // "log", "resize", ...
  std::vector<PrinterColumn> columns;           // without Name
  std::shared_ptr<const Json> schema;           // structural OpenAPI v3
  std::vector<std::string> selectable;  // fields a selector may name, beside name, namespace
  std::string crd;                      // the CRD's text when custom

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // "streamjobs.penstock.dev"; events are one store for both of their groups.
  std::string storage_key() const;
  ObjectName named(std::string name) const { return {group, plural, kind, std::move(name)}; }
};

// Namespaces, Pods, ConfigMaps, Secrets, Events (twice), Nodes, Leases, CRDs.
std::vector<KindDefinition> builtin_kinds();

// From the JSON text of a CustomResourceDefinition with one served version. kInvalid says what is
// missing.
Result<KindDefinition> kind_from_crd(std::string_view crd_json);

class KindTable {
 public:
  explicit KindTable(std::vector<KindDefinition> kinds) : kinds_(std::move(kinds)) {}

  const KindDefinition* find(std::string_view group, std::string_view version,
                             std::string_view plural) const;
  // By kind, as references in an object name it.
  const KindDefinition* find_kind(std::string_view api_version, std::string_view kind) const;
  bool has_group_version(std::string_view group, std::string_view version) const;
  const std::vector<KindDefinition>& all() const { return kinds_; }

 private:
  std::vector<KindDefinition> kinds_;
};

}  // namespace penstock::apiserver
