#include "operator/apply.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <string>

#include "operator/k8s/api_failure.h"
#include "operator/k8s/resource.h"
#include "runtime/base/log.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

struct Manifest {
  std::string origin;  // "jobs.yaml: StreamJob default/orders"
  std::string path;    // of the object in the API
  std::string text;
};

const std::vector<k8s::Resource>& applicable() {
  static const std::vector<k8s::Resource> kKinds = {
      k8s::stream_jobs(),
      k8s::scaling_policies(),
      k8s::job_snapshots(),
      k8s::config_maps(),
      {.group = "", .version = "v1", .plural = "secrets", .kind = "Secret"},
      {.group = "",
       .version = "v1",
       .plural = "namespaces",
       .kind = "Namespace",
       .namespaced = false},
      {.group = "apiextensions.k8s.io",
       .version = "v1",
       .plural = "customresourcedefinitions",
       .kind = "CustomResourceDefinition",
       .namespaced = false}};
  return kKinds;
}

std::string text_at(const YAML::Node& node, const char* key) {
  return node.IsMap() && node[key] && node[key].IsScalar() ? node[key].Scalar() : std::string();
}

Result<Manifest> to_manifest(const fs::path& file, const YAML::Node& document) {
  const std::string kind = text_at(document, "kind");
  const auto resource = std::ranges::find(applicable(), kind, &k8s::Resource::kind);
  if (resource == applicable().end() || resource->api_version() != text_at(document, "apiVersion"))
    return Error{Code::kInvalid, file.string() + ": cannot apply kind \"" + kind + "\" of \"" +
                                     text_at(document, "apiVersion") + "\""};
  const YAML::Node metadata = document["metadata"];
  k8s::ObjectKey key{.space = "", .name = metadata ? text_at(metadata, "name") : ""};
  if (key.name.empty())
    return Error{Code::kInvalid, file.string() + ": a " + kind + " without metadata.name"};
  if (resource->namespaced) {
    key.space = text_at(metadata, "namespace");
    if (key.space.empty()) key.space = "default";
  }
  return Manifest{.origin = file.string() + ": " + kind + " " + k8s::to_string(key),
                  .path = resource->path(key),
                  .text = YAML::Dump(document)};
}

// yaml-cpp throws; this is its border.
Result<std::vector<YAML::Node>> load_documents(const fs::path& file) {
  try {
    return YAML::LoadAllFromFile(file.string());
  } catch (const YAML::ParserException& e) {
    return Error{Code::kInvalid, file.string() + ": line " + std::to_string(e.mark.line + 1) +
                                     ", column " + std::to_string(e.mark.column + 1) + ": " +
                                     e.msg};
  } catch (const std::exception& e) {
    return Error{Code::kInvalid, "cannot read " + file.string() + ": " + e.what()};
  }
}

std::vector<fs::path> files_below(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const fs::path& path : paths) {
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
      files.push_back(path);
      continue;
    }
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path, failed)) {
      const std::string ending = entry.path().extension().string();
      if (ending == ".yaml" || ending == ".yml" || ending == ".json") found.push_back(entry.path());
    }
    std::ranges::sort(found);
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

Status apply_one(k8s::Transport& transport, const Manifest& manifest) {
  TRY_ASSIGN(
      const k8s::Response response,
      transport.call({.method = "PATCH",
                      .target = manifest.path + "?fieldManager=penstock-up&fieldValidation=Strict",
                      .body = manifest.text,
                      .content_type = "application/apply-patch+yaml"}));
  if (response.status < 300) {
    log::info("manifest applied",
              {{"object", manifest.origin}, {"created", response.status == 201}});
    return ok();
  }
  const Error error = k8s::to_failure(response.status, response.body).error.within(manifest.origin);
  if (error.code != Code::kConflict) return error;
  log::warning("manifest not applied, somebody else owns fields of it",
               {{"object", manifest.origin}, {"reason", error.message}});
  return ok();
}

}  // namespace

Status apply_manifests(k8s::Transport& transport, const std::vector<fs::path>& paths) {
  std::optional<Error> first;
  const auto note = [&](const Error& error) {
    log::error("manifest refused", {{"reason", error.message}});
    if (!first) first = error;
  };
  for (const fs::path& file : files_below(paths)) {
    const auto documents = load_documents(file);
    if (!documents) {
      note(documents.error());
      continue;
    }
    for (const YAML::Node& document : *documents) {
      if (!document || document.IsNull()) continue;
      const auto manifest = to_manifest(file, document);
      const Status applied = manifest ? apply_one(transport, *manifest) : Status(manifest.error());
      if (!applied) note(applied.error());
    }
  }
  if (first) return *first;
  return ok();
}

}  // namespace penstock
