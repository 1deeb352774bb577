#include "controllers/desired/objects.h"

#include <nlohmann/json.hpp>

#include "controllers/api/json.h"
#include "controllers/desired/names.h"
#include "controllers/desired/template.h"
#include "runtime/base/units.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

constexpr const char* kManifestKey = "job.yaml";
constexpr const char* kVersionKey = "version.json";
constexpr const char* kManifestFolder = "/etc/penstock";
constexpr const char* kTlsFolder = "/etc/penstock-tls";
constexpr int kUser = 65532;  // of the engine's image

std::string image_of(const api::StreamJob& job, const Installation& installation) {
  return job.spec.image.empty() ? installation.engine_image : job.spec.image;
}

Json metadata_of(const api::StreamJob& job, const std::string& name, std::string_view hash) {
  return {{"name", name},
          {"namespace", job.metadata.name_space},
          {"labels", labels_of(job, hash)},
          {"ownerReferences",
           {{{"apiVersion", api::kApiVersion},
             {"kind", api::StreamJob::kKind},
             {"name", job.metadata.name},
             {"uid", job.metadata.uid},
             {"controller", true},
             {"blockOwnerDeletion", true}}}}};
}

Json amounts(const PodSize& size) {
  return {{"cpu", format_millicpu(size.cpu.value)}, {"memory", format_bytes(size.memory.value)}};
}

Json resources_of(const PodSize& size) {
  return {{"requests", amounts(size)}, {"limits", amounts(size)}};
}

// What the engine takes from the storage's Secret, and nothing else of it: a Secret is no way to
// set any variable of the process. Without the first two there is no Pod.
void add_storage_keys(const api::StreamJob& job, Json& list) {
  const auto& secret = job.spec.checkpoints.storage.secret_ref;
  if (!secret) return;
  const auto add = [&](const char* key, bool optional) {
    Json reference = {{"name", secret->name}, {"key", key}};
    if (optional) reference["optional"] = true;
    list.push_back({{"name", key}, {"valueFrom", {{"secretKeyRef", reference}}}});
  };
  for (const char* key : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) add(key, false);
  for (const char* key : {"AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
                          "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE"})
    add(key, true);
}

// A value from a Secret reaches the process only through its environment, never the manifest.
Json environment(const api::StreamJob& job) {
  Json list = {
      {{"name", "POD_IP"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "status.podIP"}}}}}}};
  for (const api::Variable& variable : job.spec.variables) {
    if (!variable.value_from) continue;
    const api::KeyRef& key = variable.value_from->secret_key_ref;
    list.push_back({{"name", variable.name},
                    {"valueFrom", {{"secretKeyRef", {{"name", key.name}, {"key", key.key}}}}}});
  }
  add_storage_keys(job, list);
  return list;
}

Json arguments(const api::StreamJob& job, const PodOrder& order, const Installation& installation) {
  Json list = {"run",
               std::string(kManifestFolder) + "/" + kManifestKey,
               "--parallelism",
               std::to_string(order.slots),
               "--control",
               "$(POD_IP):" + std::to_string(installation.control_port),
               "--http",
               "$(POD_IP):" + std::to_string(installation.http_port),
               "--termination-message",
               "/dev/termination-log",
               "--from",
               order.restore_from.empty() ? "latest" : order.restore_from};
  // The same order names the same start, so that the snapshot is gone back to once, whatever
  // becomes of the process.
  if (!order.restore_from.empty()) {
    list.push_back("--start");
    list.push_back(short_hash(order.restore_from + "#" + std::to_string(order.restore_nonce)));
  }
  if (const std::string uri = checkpoint_uri(job, installation); !uri.empty()) {
    list.push_back("--checkpoints");
    list.push_back(uri);
  }
  if (order.follow) list.push_back("--follow");
  if (!installation.authority_id.empty()) {
    list.push_back("--control-certificates");
    list.push_back(kTlsFolder);
  }
  return list;
}

Json volume_mounts(const Installation& installation) {
  Json list = {{{"name", "job"}, {"mountPath", kManifestFolder}, {"readOnly", true}}};
  if (!installation.authority_id.empty())
    list.push_back({{"name", "tls"}, {"mountPath", kTlsFolder}, {"readOnly", true}});
  return list;
}

Json volumes(const api::StreamJob& job, const PodOrder& order, const Installation& installation) {
  const std::string config_map = config_map_name(job.metadata.name, order.hash);
  Json list = {{{"name", "job"}, {"configMap", {{"name", config_map}}}}};
  if (!installation.authority_id.empty())
    list.push_back(
        {{"name", "tls"},
         {"secret", {{"secretName", certificate_name(job, installation)}, {"defaultMode", 0440}}}});
  return list;
}

Json container(const api::StreamJob& job, const PodOrder& order, const Installation& installation) {
  return {{"name", api::kEngineContainer},
          {"image", image_of(job, installation)},
          {"command", {"penstock"}},
          {"args", arguments(job, order, installation)},
          {"env", environment(job)},
          {"ports",
           {{{"name", "control"}, {"containerPort", installation.control_port}},
            {{"name", "http"}, {"containerPort", installation.http_port}}}},
          {"resources", resources_of(pod_size(job.spec.resources, order.slots))},
          {"resizePolicy",
           {{{"resourceName", "cpu"}, {"restartPolicy", "NotRequired"}},
            {{"resourceName", "memory"}, {"restartPolicy", "NotRequired"}}}},
          {"readinessProbe",
           {{"httpGet", {{"path", "/readyz"}, {"port", installation.http_port}}},
            {"periodSeconds", 1},
            {"timeoutSeconds", 2},
            {"failureThreshold", 3}}},
          {"terminationMessagePath", "/dev/termination-log"},
          {"securityContext",
           {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}}},
          {"volumeMounts", volume_mounts(installation)}};
}

// What the manifest does not say of a version.
std::string version_text(const api::StreamJob& job, const Installation& installation) {
  return Json{{"image", image_of(job, installation)},
              {"checkpoints", checkpoint_uri(job, installation)},
              {"template", job.spec.pod_template.text}}
      .dump();
}

Json parsed(const api::ConfigMap& config_map, const char* key) {
  const auto found = config_map.data.find(key);
  if (found == config_map.data.end()) return {};
  return Json::parse(found->second, nullptr, false);
}

// The part of a manifest that state and its layout depend on.
Json state_part(Json manifest) {
  if (!manifest.is_object() || !manifest.contains("spec")) return {};
  Json& spec = manifest["spec"];
  for (const char* key : {"logging", "restart", "resources", "upgrade"}) spec.erase(key);
  if (spec.contains("checkpoints")) {
    Json& checkpoints = spec["checkpoints"];
    for (const char* key :
         {"interval", "timeout", "minPause", "tolerableFailures", "retained", "savepoints"})
      checkpoints.erase(key);
    if (checkpoints.contains("storage")) checkpoints["storage"].erase("secretRef");
  }
  return spec;
}

// A follower has an eye on where its predecessor is not.
Json away_from_others(const api::StreamJob& job) {
  const Json selector = {
      {"matchLabels", {{kJobLabel, labels_of(job, "").at(std::string(kJobLabel))}}}};
  const Json term = {{"labelSelector", selector}, {"topologyKey", "kubernetes.io/hostname"}};
  return {{"podAntiAffinity",
           {{"preferredDuringSchedulingIgnoredDuringExecution",
             {{{"weight", 100}, {"podAffinityTerm", term}}}}}}};
}

}  // namespace

std::string engine_manifest(const api::StreamJob& job, std::string_view sql) {
  api::StreamJobSpec spec = job.spec;
  spec.sql = sql;
  spec.sql_from.reset();
  Json json = api::to_value(spec);
  // What the operator acts on, and what changes without a new process.
  for (const char* key : {"parallelism", "minParallelism", "state", "image", "scaling", "upgrade",
                          "template", "restoreFrom", "restoreNonce", "restartNonce", "standby"})
    json.erase(key);
  if (spec.upgrade.allow_dropped_state) json["upgrade"] = {{"allowDroppedState", true}};
  if (json.contains("checkpoints")) {
    json["checkpoints"].erase("onDelete");
    json["checkpoints"].erase("savepoints");
    if (json["checkpoints"].empty()) json.erase("checkpoints");
  }
  json["resources"] = {{"state", {{"memory", format_bytes(spec.resources.state.memory.value)}}}};
  return Json{{"apiVersion", api::kApiVersion},
              {"kind", api::StreamJob::kKind},
              {"metadata",
               {{"name", job.metadata.name},
                {"namespace", job.metadata.name_space},
                {"uid", job.metadata.uid}}},
              {"spec", json}}
      .dump();
}

std::string version_hash(const api::StreamJob& job, std::string_view sql,
                         const Installation& installation) {
  // Permission to drop state matters when a version starts; giving it alone makes no other version.
  api::StreamJob same = job;
  same.spec.upgrade.allow_dropped_state = false;
  return short_hash(engine_manifest(same, sql) + "\n" + image_of(job, installation) + "\n" +
                    checkpoint_uri(job, installation) + job.spec.pod_template.text);
}

DesiredObject build_config_map(const api::StreamJob& job, std::string_view sql,
                               const Installation& installation) {
  const std::string hash = version_hash(job, sql, installation);
  const std::string name = config_map_name(job.metadata.name, hash);
  return {name, Json{{"apiVersion", "v1"},
                     {"kind", "ConfigMap"},
                     {"metadata", metadata_of(job, name, hash)},
                     {"data",
                      {{kManifestKey, engine_manifest(job, sql)},
                       {kVersionKey, version_text(job, installation)}}},
                     {"immutable", true}}
                    .dump()};
}

std::string sql_of(const api::ConfigMap& config_map) {
  const auto found = config_map.data.find(kManifestKey);
  if (found == config_map.data.end()) return "";
  const Json json = Json::parse(found->second, nullptr, false);
  if (!json.is_object() || !json.contains("spec") || !json["spec"].is_object()) return "";
  const Json& spec = json["spec"];
  return spec.contains("sql") && spec["sql"].is_string() ? spec["sql"].get<std::string>() : "";
}

Change change_from(const api::ConfigMap& config_map, const api::StreamJob& job,
                   std::string_view sql, const Installation& installation) {
  const Json version = parsed(config_map, kVersionKey);
  const Json before = state_part(parsed(config_map, kManifestKey));
  const bool same = version.is_object() && !before.is_null() &&
                    version.value("checkpoints", "") == checkpoint_uri(job, installation) &&
                    before == state_part(Json::parse(engine_manifest(job, sql)));
  return same ? Change::kProcess : Change::kVersion;
}

std::optional<api::StreamJob> job_of_version(const api::StreamJob& job,
                                             const api::ConfigMap& config_map) {
  const Json version = parsed(config_map, kVersionKey);
  const auto manifest = config_map.data.find(kManifestKey);
  if (!version.is_object() || manifest == config_map.data.end()) return std::nullopt;
  auto then = api::parse<api::StreamJob>(manifest->second);
  if (!then) return std::nullopt;
  api::StreamJob it = job;
  const api::StreamJobSpec& spec = then->spec;
  it.spec.sql = spec.sql;
  it.spec.sql_from.reset();
  it.spec.image = version.value("image", "");
  it.spec.pod_template.text = version.value("template", "");
  it.spec.mode = spec.mode;
  it.spec.key_groups = spec.key_groups;
  it.spec.operators = spec.operators;
  it.spec.variables = spec.variables;
  it.spec.resources.state = spec.resources.state;
  it.spec.restart = spec.restart;
  it.spec.logging = spec.logging;
  const api::Retain on_delete = it.spec.checkpoints.on_delete;
  it.spec.checkpoints = spec.checkpoints;
  it.spec.checkpoints.on_delete = on_delete;
  return it;
}

DesiredObject build_disruption_budget(const api::StreamJob& job) {
  Json metadata = metadata_of(job, job.metadata.name, "");
  metadata["labels"].erase(kVersionLabel);
  const Json selector = {
      {"matchLabels", {{kJobLabel, labels_of(job, "").at(std::string(kJobLabel))}}}};
  return {job.metadata.name, Json{{"apiVersion", "policy/v1"},
                                  {"kind", "PodDisruptionBudget"},
                                  {"metadata", metadata},
                                  {"spec", {{"minAvailable", 1}, {"selector", selector}}}}
                                 .dump()};
}

DesiredObject build_certificate(const api::StreamJob& job, const TlsTexts& texts,
                                const Installation& installation) {
  const std::string name = certificate_name(job, installation);
  Json metadata = metadata_of(job, name, "");
  metadata["labels"].erase(kVersionLabel);
  return {
      name,
      Json{{"apiVersion", "v1"},
           {"kind", "Secret"},
           {"metadata", metadata},
           {"type", "kubernetes.io/tls"},
           {"stringData",
            {{"tls.crt", texts.certificate}, {"tls.key", texts.key}, {"ca.crt", texts.authority}}},
           {"immutable", true}}
          .dump()};
}

DesiredObject build_pod(const api::StreamJob& job, const PodOrder& order,
                        const Installation& installation) {
  const std::string name = pod_name(job.metadata.name, order.number);
  Json spec = {{"restartPolicy", "OnFailure"},
               {"terminationGracePeriodSeconds", installation.termination_grace_seconds},
               {"automountServiceAccountToken", false},
               {"enableServiceLinks", false},
               {"securityContext",
                {{"runAsNonRoot", true},
                 {"fsGroup", kUser},  // so that volumes can be written
                 {"fsGroupChangePolicy", "OnRootMismatch"},
                 {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
               {"volumes", volumes(job, order, installation)},
               {"containers", Json::array({container(job, order, installation)})}};
  if (order.follow) spec["affinity"] = away_from_others(job);
  const std::string pod = Json{
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", metadata_of(job, name, order.hash)},
      {"spec", spec}}.dump();
  return {name, merge_template(pod, job.spec.pod_template.text)};
}

std::string resized_pod(std::string_view pod_json, const PodSize& size) {
  Json pod = Json::parse(pod_json, nullptr, false);
  if (!pod.is_object() || !pod.contains("spec") || !pod["spec"].contains("containers")) return "";
  Json& containers = pod["spec"]["containers"];
  if (!containers.is_array() || containers.empty()) return "";
  containers[0]["resources"] = resources_of(size);
  return pod.dump();
}

}  // namespace penstock
