#include <algorithm>

#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"

namespace penstock {
namespace {

constexpr std::size_t kVersionsKept = 3;

const api::ConfigMap* find(const std::vector<api::ConfigMap>& all, const std::string& name) {
  const auto found = std::ranges::find_if(
      all, [&](const api::ConfigMap& one) { return one.metadata.name == name; });
  return found == all.end() ? nullptr : &*found;
}

void note_version(Draft& draft) {
  auto& versions = draft.status.versions;
  if (!versions.empty() && versions.front().hash == draft.target.hash) return;
  std::erase_if(versions, [&](const auto& one) { return one.hash == draft.target.hash; });
  versions.insert(versions.begin(),
                  {.hash = draft.target.hash,
                   .generation = draft.job().metadata.generation,
                   .image = draft.spec().image.empty() ? draft.seen.installation.engine_image
                                                       : draft.spec().image,
                   .sql_hash = short_hash(draft.seen.sql.value_or(""))});
  if (versions.size() > kVersionsKept) versions.resize(kVersionsKept);
}

// What the first process starts from, and one after a new restoreNonce. False: not there yet.
bool choose_restore(Draft& draft) {
  const bool first = draft.status.counters.pods == 0;
  if (!first && !restores_again(draft)) return true;
  if (!draft.spec().restore_from) return true;
  if (!draft.seen.restore_uri) {
    draft.progressing =
        no("SnapshotNotReady", "the snapshot that restoreFrom names is not complete");
    draft.ready = no("SnapshotNotReady", draft.progressing.message);
    return false;
  }
  draft.status.savepoint = *draft.seen.restore_uri;
  draft.status.nonces.restore = draft.spec().restore_nonce;
  return true;
}

}  // namespace

// A snapshot that is not complete is waited for: until then the job goes on.
bool restores_again(const Draft& draft) {
  return draft.status.counters.pods > 0 && draft.seen.restore_uri &&
         draft.status.nonces.restore != draft.spec().restore_nonce;
}

bool asks_for_new_process(const Draft& draft, std::string_view hash) {
  return draft.target.hash != hash || draft.status.nonces.restart != draft.spec().restart_nonce ||
         restores_again(draft);
}

void replace_pod(Draft& draft, const Process& process, Phase phase, std::string restore_from) {
  draft.status.savepoint = std::move(restore_from);
  ++draft.status.counters.pods;
  draft.status.pending.reset();
  draft.phase = phase;
  draft.soon = true;
  const api::ObjectMeta& pod = process.pod->metadata;
  if (!pod.deletion_timestamp)
    draft.actions.push_back(DeletePod{pod.name, pod.uid, pod.resource_version});
}

bool remove_old_pods(Draft& draft) {
  const std::string active = pod_name(draft.job().metadata.name, draft.status.counters.pods);
  bool left = false;
  for (const api::Pod& pod : draft.seen.pods) {
    if (pod.metadata.name == active) continue;
    left = true;
    if (!pod.metadata.deletion_timestamp)
      draft.actions.push_back(
          DeletePod{pod.metadata.name, pod.metadata.uid, pod.metadata.resource_version});
  }
  return left;
}

void start_pod(Draft& draft) {
  if (!choose_restore(draft)) return;
  draft.status.counters.pods = std::max<std::int64_t>(draft.status.counters.pods, 1);
  draft.status.nonces.restart = draft.spec().restart_nonce;
  note_version(draft);
  const bool again = draft.phase == Phase::kUpgrading;
  draft.phase = again ? Phase::kUpgrading : Phase::kDeploying;
  draft.soon = true;

  const std::string config_map = config_map_name(draft.job().metadata.name, draft.target.hash);
  if (!find(draft.seen.config_maps, config_map))
    draft.actions.push_back(
        CreateConfigMap{build_config_map(draft.job(), *draft.seen.sql, draft.seen.installation)});
  if (!draft.seen.installation.authority_id.empty()) draft.actions.push_back(CreateCertificate{});
  const std::int32_t slots = std::clamp(draft.spec().parallelism, 1, draft.spec().key_groups);
  const PodOrder order{.number = draft.status.counters.pods,
                       .hash = draft.target.hash,
                       .slots = slots,
                       .restore_from = draft.status.savepoint,
                       .restore_nonce = draft.status.nonces.restore};
  DesiredObject pod = build_pod(draft.job(), order, draft.seen.installation);
  draft.progressing = yes(again ? "Upgrading" : "Deploying", "Pod " + pod.name + " is to start");
  draft.ready = no(draft.progressing.reason, draft.progressing.message);
  draft.actions.push_back(CreatePod{std::move(pod)});
}

}  // namespace penstock
