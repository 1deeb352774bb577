#include <algorithm>

#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"

namespace penstock {
namespace {

constexpr std::size_t kVersionsKept = 3;
// A Pod that is still being deleted this long after its grace is on a node that does not answer.
constexpr Millis kOverdue = 30'000;

const api::ConfigMap* find(const std::vector<api::ConfigMap>& all, const std::string& name) {
  const auto found = std::ranges::find_if(
      all, [&](const api::ConfigMap& one) { return one.metadata.name == name; });
  return found == all.end() ? nullptr : &*found;
}

// What the version is measured by is what its predecessor did.
void begin_trial(Draft& draft) {
  api::TrialStatus& trial = draft.status.trial.emplace();
  trial.hash = draft.status.versions.front().hash;
  trial.since = {draft.seen.now};
  trial.restarts = draft.status.restarts;
  for (const api::OperatorStatus& it : draft.status.operators) {
    if (!it.lag) continue;
    trial.lag = trial.lag.value_or(0) + *it.lag;
    if (it.records_out_per_second) trial.rate = trial.rate.value_or(0) + *it.records_out_per_second;
  }
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

Phase starting_phase(const Draft& draft) {
  const bool changes = draft.phase == Phase::kUpgrading || draft.phase == Phase::kRollingBack;
  return changes ? draft.phase : Phase::kDeploying;
}

bool is_overdue(const Draft& draft, const api::Pod& pod) {
  return pod.metadata.deletion_timestamp &&
         draft.seen.now - pod.metadata.deletion_timestamp->millis > kOverdue &&
         !checkpoint_uri(draft.job(), draft.seen.installation).empty();
}

std::optional<api::StreamJob> version_job(const Draft& draft, std::string_view hash) {
  if (!draft.target.refused && draft.target.hash == hash) {
    api::StreamJob job = draft.job();
    job.spec.sql = draft.seen.sql.value_or("");
    return job;
  }
  const api::ConfigMap* map =
      find(draft.seen.config_maps, config_map_name(draft.job().metadata.name, hash));
  return map ? job_of_version(draft.job(), *map) : std::nullopt;
}

void note_version(Draft& draft, const std::string& hash) {
  auto& versions = draft.status.versions;
  if (!versions.empty() && versions.front().hash == hash) return;
  const std::optional<api::StreamJob> job = version_job(draft, hash);
  const bool ours = !job || job->spec.image.empty();
  api::VersionStatus version{.hash = hash,
                             .generation = draft.job().metadata.generation,
                             .image = ours ? draft.seen.installation.engine_image : job->spec.image,
                             .sql_hash = short_hash(job ? job->spec.sql : "")};
  for (const api::VersionStatus& one : versions)
    if (one.hash == hash) version.stable = one.stable;
  std::erase_if(versions, [&](const auto& one) { return one.hash == hash; });
  versions.insert(versions.begin(), version);
  if (versions.size() > kVersionsKept) versions.resize(kVersionsKept);
  draft.status.trial.reset();
  if (!version.stable) begin_trial(draft);
}

void replace_pod(Draft& draft, const Process& process, Phase phase, std::string restore_from) {
  draft.status.savepoint = std::move(restore_from);
  draft.status.active = ++draft.status.counters.pods;
  draft.status.pending.reset();
  draft.phase = phase;
  draft.soon = true;
  const api::ObjectMeta& pod = process.pod->metadata;
  if (!pod.deletion_timestamp)
    draft.actions.push_back(DeletePod{pod.name, pod.uid, pod.resource_version});
}

bool remove_old_pods(Draft& draft) {
  const std::string& job = draft.job().metadata.name;
  const std::string active = pod_name(job, active_number(draft.status));
  const std::string successor =
      draft.status.successor ? pod_name(job, draft.status.successor->pod) : "";
  bool left = false;
  for (const api::Pod& pod : draft.seen.pods) {
    if (pod.metadata.name == active || pod.metadata.name == successor) continue;
    left |= !is_overdue(draft, pod);
    if (!pod.metadata.deletion_timestamp)
      draft.actions.push_back(
          DeletePod{pod.metadata.name, pod.metadata.uid, pod.metadata.resource_version});
  }
  return left;
}

bool create_pod(Draft& draft, const PodOrder& order) {
  const std::string config_map = config_map_name(draft.job().metadata.name, order.hash);
  const bool there = find(draft.seen.config_maps, config_map) != nullptr;
  std::optional<api::StreamJob> job = version_job(draft, order.hash);
  if (!job && !there) return false;
  if (!there)
    draft.actions.push_back(
        CreateConfigMap{build_config_map(*job, job->spec.sql, draft.seen.installation)});
  if (!draft.seen.installation.authority_id.empty()) draft.actions.push_back(CreateCertificate{});
  draft.actions.push_back(CreateDisruptionBudget{});
  draft.actions.push_back(
      CreatePod{build_pod(job.value_or(draft.job()), order, draft.seen.installation)});
  return true;
}

void start_pod(Draft& draft) {
  if (!choose_restore(draft)) return;
  const PodOrder order{.number = std::max<std::int64_t>(active_number(draft.status), 1),
                       .hash = draft.target.hash,
                       .slots = std::clamp(draft.spec().parallelism, 1, draft.spec().key_groups),
                       .restore_from = draft.status.savepoint,
                       .restore_nonce = draft.status.nonces.restore};
  if (!create_pod(draft, order)) {
    draft.ready = no(draft.accepted.reason, draft.accepted.message);
    draft.progressing = no(draft.accepted.reason, "nothing can run until the job is accepted");
    return;
  }
  draft.status.counters.pods = std::max(draft.status.counters.pods, order.number);
  draft.status.active = order.number;
  draft.status.nonces.restart = draft.spec().restart_nonce;
  note_version(draft, draft.target.hash);
  draft.phase = starting_phase(draft);
  draft.soon = true;
  draft.progressing =
      yes(to_string(draft.phase),
          "Pod " + pod_name(draft.job().metadata.name, draft.status.active) + " is to start");
  draft.ready = no(draft.progressing.reason, draft.progressing.message);
}

std::int64_t active_number(const api::StreamJobStatus& status) {
  return status.active > 0 ? status.active : status.counters.pods;
}

}  // namespace penstock
