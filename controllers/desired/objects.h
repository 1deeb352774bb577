#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controllers/api/pod.h"
#include "controllers/api/stream_job.h"
#include "controllers/desired/installation.h"

namespace penstock {

// An object to create: its name and its JSON. The same arguments give the same text.
struct DesiredObject {
  std::string name, json;
  friend bool operator==(const DesiredObject&, const DesiredObject&) = default;
};

// What a Pod asks for; requests equal limits.
struct PodSize {
  api::MilliCpu cpu;
  api::Bytes memory;
  friend bool operator==(const PodSize&, const PodSize&) = default;
};

// base + slots x slot + state.memory.
PodSize pod_size(const api::Resources& resources, std::int32_t slots);
// What the Pod asks for now, and what the kubelet has granted it (asked for, if it does not say).
PodSize requested_size(const api::Pod& pod);
PodSize granted_size(const api::Pod& pod);

// The manifest that `penstock run` reads: name, uid and all of the spec that the engine acts on,
// with `sql` in place of sqlFrom. JSON, which is YAML. Parallelism and resources are not in it, as
// they change without a new version.
std::string engine_manifest(const api::StreamJob& job, std::string_view sql);

// Names what runs: the manifest, the image, the template and where the checkpoints are. Another
// hash needs another process.
std::string version_hash(const api::StreamJob& job, std::string_view sql,
                         const Installation& installation);

// "<job>-<hash>": the manifest under key job.yaml, the rest of the version under key version.json.
DesiredObject build_config_map(const api::StreamJob& job, std::string_view sql,
                               const Installation& installation);
// The SQL of a ConfigMap that build_config_map made; empty when it holds none.
std::string sql_of(const api::ConfigMap& config_map);

// What it takes to get from the version of `config_map` to `job` with `sql`, whose hashes differ.
enum class Change {
  kProcess,  // another process on the same state: image, template, settings
  kVersion,  // the SQL, its variables, the place of the checkpoints: other state, perhaps
};
Change change_from(const api::ConfigMap& config_map, const api::StreamJob& job,
                   std::string_view sql, const Installation& installation);
// `job` as it was in the version of `config_map`; its size and what else needs no new process is as
// in `job`. Nothing: the ConfigMap does not hold a version.
std::optional<api::StreamJob> job_of_version(const api::StreamJob& job,
                                             const api::ConfigMap& config_map);

// Evictions have to leave the job's process alone until it has moved: "<job>", with minAvailable 1.
DesiredObject build_disruption_budget(const api::StreamJob& job);

// PEM texts of one process: its certificate, its key and the authority of those it talks to.
struct TlsTexts {
  std::string certificate, key, authority;
};

// The Secret that the job's Pods mount, when the installation has an authority. It lives as long as
// the job.
DesiredObject build_certificate(const api::StreamJob& job, const TlsTexts& texts,
                                const Installation& installation);

struct PodOrder {
  std::int64_t number = 1;
  std::string hash;  // of the version; its ConfigMap is mounted
  std::int32_t slots = 1;
  std::string restore_from;        // URI of a snapshot; empty: the newest checkpoint
  std::int64_t restore_nonce = 0;  // that asked for it
  bool follow = false;             // begins as a follower of the process that runs
};
// "<job>-<number>": one container that runs `penstock run` on the mounted manifest.
DesiredObject build_pod(const api::StreamJob& job, const PodOrder& order,
                        const Installation& installation);

// `pod_json`, an observed Pod, asking for `size`: the body of a PUT on its resize subresource.
// Empty when it is no Pod with a container.
std::string resized_pod(std::string_view pod_json, const PodSize& size);

}  // namespace penstock
