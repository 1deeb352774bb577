#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "operator/process_runner/pod_plan.h"
#include "runtime/base/units.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

std::string text_at(const Json& object, const char* key, std::string fallback = {}) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : fallback;
}

std::int64_t number_at(const Json& object, const char* key, std::int64_t fallback) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>()
                                                             : fallback;
}

const Json& child(const Json& object, const char* key) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(key);
  return found != object.end() && !found->is_null() ? *found : kEmpty;
}

std::vector<std::string> texts_at(const Json& object, const char* key) {
  std::vector<std::string> out;
  for (const Json& item : child(object, key))
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

Error unsupported(const std::string& what) {
  return {Code::kInvalid, "the local process runner cannot run this Pod: " + what};
}

Result<PodEnvironment> read_environment(const Json& json) {
  PodEnvironment out{.name = text_at(json, "name"), .value = text_at(json, "value")};
  const Json& from = child(json, "valueFrom");
  if (from.empty()) return out;
  for (const auto& [key, source] :
       {std::pair{"secretKeyRef", PodEnvironment::Source::kSecretKey},
        std::pair{"configMapKeyRef", PodEnvironment::Source::kConfigMapKey}}) {
    if (!from.contains(key)) continue;
    const Json& reference = from[key];
    out.source = source;
    out.object = text_at(reference, "name");
    out.key = text_at(reference, "key");
    out.optional = reference.value("optional", false);
    return out;
  }
  if (!from.contains("fieldRef"))
    return unsupported("env " + out.name + " uses " + from.begin().key());
  out.source = PodEnvironment::Source::kField;
  out.key = text_at(from["fieldRef"], "fieldPath");
  return out;
}

Result<unsigned> read_mode(const Json& json, const char* key, unsigned fallback) {
  const std::int64_t mode = number_at(json, key, fallback);
  if (mode < 0 || mode > 0777)
    return unsupported(std::string(key) + " " + std::to_string(mode) + " is not in 0-0777");
  return static_cast<unsigned>(mode);
}

// A path of an item stays below its mount.
bool stays_below(const std::string& path) {
  if (path.empty() || path.front() == '/') return false;
  const std::filesystem::path parts = path;
  return std::ranges::none_of(parts, [](const auto& part) { return part == ".."; }) &&
         !parts.begin()->string().starts_with("..");
}

Status read_source(PodMount& mount, const Json& source, const char* name_key) {
  mount.object = text_at(source, name_key);
  mount.optional = source.value("optional", false);
  // A kubelet's folders are root's alone. Here other users share the machine: whatever the Pod
  // says, a Secret is its owner's.
  const unsigned most = mount.kind == PodMount::Kind::kSecret ? 0700 : 0777;
  TRY_ASSIGN(mount.mode, read_mode(source, "defaultMode", 0644));
  mount.mode &= most;
  for (const Json& json : child(source, "items")) {
    PodMount::Item item{.key = text_at(json, "key"), .path = text_at(json, "path")};
    if (!stays_below(item.path))
      return unsupported("path \"" + item.path + "\" of volume " + mount.volume +
                         " is not below the mount");
    if (json.contains("mode")) {
      TRY_ASSIGN(const unsigned mode, read_mode(json, "mode", mount.mode));
      item.mode = mode & most;
    }
    mount.items.push_back(std::move(item));
  }
  return ok();
}

Result<PodMount> read_mount(const Json& json, const Json& volumes) {
  PodMount mount{.path = text_at(json, "mountPath"), .volume = text_at(json, "name")};
  for (const char* name : {"subPath", "subPathExpr"})
    if (json.contains(name)) return unsupported(std::string(name) + " of volume " + mount.volume);
  for (const Json& volume : volumes) {
    if (text_at(volume, "name") != mount.volume) continue;
    if (volume.contains("configMap")) {
      mount.kind = PodMount::Kind::kConfigMap;
      TRY(read_source(mount, volume["configMap"], "name"));
    } else if (volume.contains("secret")) {
      mount.kind = PodMount::Kind::kSecret;
      TRY(read_source(mount, volume["secret"], "secretName"));
    } else if (!volume.contains("emptyDir")) {
      return unsupported("volume " + mount.volume + " is neither configMap, secret nor emptyDir");
    }
    return mount;
  }
  return unsupported("volume " + mount.volume + " is not defined");
}

Result<std::optional<Probe>> read_probe(const Json& container, const char* name) {
  const Json& json = child(container, name);
  if (json.empty()) return std::optional<Probe>{};
  const Json& get = child(json, "httpGet");
  if (get.empty() || !child(get, "port").is_number_integer())
    return unsupported(std::string(name) + " that is no httpGet with a numeric port");
  if (text_at(get, "scheme", "HTTP") != "HTTP" || get.contains("host") ||
      get.contains("httpHeaders"))
    return unsupported(std::string(name) + " with a host, headers or HTTPS");
  Probe probe{
      .path = text_at(get, "path", "/"),
      .port = get["port"].get<int>(),
      .initial_delay_seconds = static_cast<int>(number_at(json, "initialDelaySeconds", 0)),
      .period_seconds = static_cast<int>(number_at(json, "periodSeconds", 10)),
      .timeout_seconds = static_cast<int>(number_at(json, "timeoutSeconds", 1)),
      .success_threshold = static_cast<int>(number_at(json, "successThreshold", 1)),
      .failure_threshold = static_cast<int>(number_at(json, "failureThreshold", 3)),
  };
  if (json.contains("terminationGracePeriodSeconds"))
    probe.grace_seconds = number_at(json, "terminationGracePeriodSeconds", 30);
  return std::optional(probe);
}

// "2013-01-01T05:00:00Z", as the API server writes deletionTimestamp.
std::optional<Millis> read_time(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%dZ", &year, &month, &day, &hour, &minute,
                  &second) != 6)
    return std::nullopt;
  using namespace std::chrono;
  const sys_days date = std::chrono::year{year} / month / day;
  return duration_cast<milliseconds>(
             (date + hours(hour) + minutes(minute) + seconds(second)).time_since_epoch())
      .count();
}

}  // namespace

namespace {

// An amount that cannot be read counts as nothing: admission has checked it.
Amount read_amount(const Json& requests) {
  const auto cpu = parse_millicpu(text_at(requests, "cpu", "0"));
  const auto memory = parse_bytes(text_at(requests, "memory", "0"));
  return {.millicpu = cpu ? *cpu : 0, .bytes = memory ? *memory : 0};
}

}  // namespace

Result<PodView> read_pod(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return Error{Code::kCorrupt, "a Pod that is no JSON object"};
  const Json& metadata = child(json, "metadata");
  const Json& spec = child(json, "spec");
  PodView pod{.name_space = text_at(metadata, "namespace"),
              .name = text_at(metadata, "name"),
              .uid = text_at(metadata, "uid"),
              .restart_policy = text_at(spec, "restartPolicy", "Always"),
              .grace_seconds = number_at(spec, "terminationGracePeriodSeconds", 30),
              .deleted_at = read_time(text_at(metadata, "deletionTimestamp")),
              .deletion_grace_seconds = number_at(metadata, "deletionGracePeriodSeconds", 0),
              .phase = text_at(child(json, "status"), "phase"),
              .pod_ip = text_at(child(json, "status"), "podIP")};
  const Json& containers = child(spec, "containers");
  if (!containers.is_array() || containers.size() != 1)
    return unsupported("it needs exactly one container");
  if (!child(spec, "initContainers").empty()) return unsupported("init containers");
  const Json& container = containers[0];
  pod.container = text_at(container, "name");
  pod.image = text_at(container, "image");
  pod.command = texts_at(container, "command");
  pod.args = texts_at(container, "args");
  pod.termination_message_path =
      text_at(container, "terminationMessagePath", pod.termination_message_path);
  pod.resources_json = child(container, "resources").dump();
  pod.requests = read_amount(child(child(container, "resources"), "requests"));
  pod.scheduled = !text_at(spec, "nodeName").empty();
  const Json& statuses = child(child(json, "status"), "containerStatuses");
  if (statuses.is_array() && !statuses.empty())
    pod.accepted_json = child(statuses[0], "resources").dump();
  for (const Json& item : child(container, "env")) {
    TRY_ASSIGN(PodEnvironment variable, read_environment(item));
    pod.environment.push_back(std::move(variable));
  }
  for (const Json& item : child(container, "volumeMounts")) {
    TRY_ASSIGN(PodMount mount, read_mount(item, child(spec, "volumes")));
    pod.mounts.push_back(std::move(mount));
  }
  TRY_ASSIGN(pod.readiness, read_probe(container, "readinessProbe"));
  TRY_ASSIGN(pod.liveness, read_probe(container, "livenessProbe"));
  TRY_ASSIGN(pod.startup, read_probe(container, "startupProbe"));
  return pod;
}

}  // namespace penstock
