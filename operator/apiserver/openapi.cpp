#include "operator/apiserver/openapi.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>

namespace penstock::apiserver {

namespace {

constexpr const char* kMetaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

Json text_schema(const char* description) {
  return {{"type", "string"}, {"description", description}};
}

Json object_meta() {
  const Json texts{{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
  Json labels = texts;
  labels["description"] =
      "Map of string keys and values that can be used to organize and categorize objects.";
  Json annotations = texts;
  annotations["description"] =
      "Unstructured key value map that external tools may use to store metadata.";
  return {{"type", "object"},
          {"description", "ObjectMeta is metadata that all persisted resources must have."},
          {"properties",
           {{"name", text_schema("Name must be unique within a namespace.")},
            {"generateName", text_schema("A prefix for a name that the server makes unique.")},
            {"namespace", text_schema("The space within which each name must be unique.")},
            {"uid", text_schema("Unique in time and space; set by the server.")},
            {"resourceVersion", text_schema("Version of the object, for optimistic concurrency.")},
            {"generation",
             {{"type", "integer"},
              {"format", "int64"},
              {"description", "A number that grows with each change of the desired state."}}},
            {"creationTimestamp", text_schema("When the object was created.")},
            {"deletionTimestamp", text_schema("When the object was asked to go.")},
            {"labels", labels},
            {"annotations", annotations},
            {"finalizers",
             {{"type", "array"},
              {"items", {{"type", "string"}}},
              {"description", "The object stays until this list is empty."}}},
            {"ownerReferences",
             {{"type", "array"},
              {"items", {{"type", "object"}}},
              {"description", "Objects that this one depends on."}}},
            {"managedFields",
             {{"type", "array"},
              {"items", {{"type", "object"}}},
              {"description", "Who has set which field."}}}}}};
}

// "penstock.dev" -> "dev.penstock"; core -> "io.k8s.api.core".
std::string schema_prefix(const KindDefinition& kind) {
  if (kind.group.empty()) return "io.k8s.api.core." + kind.version;
  std::string prefix;
  std::stringstream parts(kind.group);
  for (std::string part; std::getline(parts, part, '.');)
    prefix = prefix.empty() ? part : part + "." + prefix;
  return prefix + "." + kind.version;
}

Json kind_schema(const KindDefinition& kind) {
  Json schema = *kind.schema;
  Json& properties = schema["properties"];
  properties["apiVersion"] =
      text_schema("The versioned schema of this representation of an object.");
  properties["kind"] = text_schema("The REST resource this object represents.");
  properties["metadata"] = {
      {"description", "Standard object's metadata."},
      {"allOf", Json::array({{{"$ref", std::string("#/components/schemas/") + kMetaName}}})}};
  schema["x-kubernetes-group-version-kind"] =
      Json::array({{{"group", kind.group}, {"version", kind.version}, {"kind", kind.kind}}});
  return schema;
}

Json query_parameter(const char* name, const char* type, const char* description) {
  return {{"name", name},
          {"in", "query"},
          {"description", description},
          {"schema", {{"type", type}, {"uniqueItems", true}}}};
}

Json patch_operation(const KindDefinition& kind, const std::string& schema_name) {
  const Json reference{{"$ref", "#/components/schemas/" + schema_name}};
  return {
      {"description", "partially update the specified " + kind.kind},
      {"operationId", "patch" + kind.kind},
      {"parameters",
       Json::array(
           {query_parameter("dryRun", "string", "All: nothing is stored."),
            query_parameter("fieldManager", "string", "Who makes this change."),
            query_parameter("fieldValidation", "string", "Ignore, Warn or Strict."),
            query_parameter("force", "boolean", "Take fields from other managers on apply.")})},
      {"responses",
       {{"200",
         {{"description", "OK"}, {"content", {{"application/json", {{"schema", reference}}}}}}}}},
      {"x-kubernetes-action", "patch"},
      {"x-kubernetes-group-version-kind",
       {{"group", kind.group}, {"version", kind.version}, {"kind", kind.kind}}}};
}

std::string document_path(const KindDefinition& kind) {
  return (kind.group.empty() ? "api/" : "apis/") + kind.api_version();
}

// FNV-1a: names a version of a document, nothing more.
std::string hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::stringstream hex;
  hex << std::hex << std::uppercase << hash;
  return hex.str();
}

void add_kind(Json& document, const KindDefinition& kind) {
  const std::string name = schema_prefix(kind) + "." + kind.kind;
  document["components"]["schemas"][name] = kind_schema(kind);
  const std::string scope = kind.namespaced ? "/namespaces/{namespace}/" : "/";
  document["paths"]["/" + document_path(kind) + scope + kind.plural + "/{name}"]["patch"] =
      patch_operation(kind, name);
}

// One length-delimited field of a protobuf message.
std::string wire_text(char tag, const std::string& value) {
  return std::string{tag, static_cast<char>(value.size())} + value;
}

}  // namespace

OpenApi::OpenApi(const KindTable& kinds) {
  std::map<std::string, Json> documents;
  for (const KindDefinition& kind : kinds.all()) {
    Json& document = documents[document_path(kind)];
    if (document.is_null()) {
      document = {{"openapi", "3.0.0"}, {"info", {{"title", "Penstock"}, {"version", "v0.1.0"}}}};
      document["components"]["schemas"][kMetaName] = object_meta();
    }
    add_kind(document, kind);
  }
  Json paths = Json::object();
  for (const auto& [path, document] : documents) {
    std::string text = document.dump();
    std::string hash = hash_of(text);
    paths[path]["serverRelativeURL"] = "/openapi/v3/" + path + "?hash=" + hash;
    documents_.emplace(path, Document{std::move(text), std::move(hash)});
  }
  index_ = Json{{"paths", paths}}.dump();
}

const OpenApi::Document* OpenApi::document(const std::string& path) const {
  const auto found = documents_.find(path);
  return found == documents_.end() ? nullptr : &found->second;
}

std::string openapi_v2_json() {
  return Json{{"swagger", "2.0"},
              {"info", {{"title", "Penstock"}, {"version", "v0.1.0"}}},
              {"paths", Json::object()},
              {"definitions", Json::object()}}
      .dump();
}

// openapi.v2.Document: swagger = 1, info = 2 {title = 1, version = 2}, paths = 8, definitions = 9.
std::string openapi_v2_protobuf() {
  const std::string info = wire_text(0x0a, "Penstock") + wire_text(0x12, "v0.1.0");
  return wire_text(0x0a, "2.0") + wire_text(0x12, info) + wire_text(0x42, "") + wire_text(0x4a, "");
}

}  // namespace penstock::apiserver
