#include "operator/reconcilers/observe.h"

#include <utility>

#include "controllers/admission/admission.h"
#include "controllers/api/json.h"
#include "controllers/desired/names.h"

namespace penstock {
namespace {

// An engine that starts does not answer for a while: that is not yet "unreachable".
constexpr Millis kStartMillis = 30'000;

template <typename T>
std::vector<T> owned(const k8s::ObjectStore& store, const std::string& uid) {
  std::vector<T> out;
  for (const k8s::Object& object : store.owned_by(uid)) {
    // Objects that cannot be read are not ours to judge; the API server has validated them.
    if (auto parsed = api::parse<T>(object.text())) out.push_back(std::move(parsed).value());
  }
  return out;
}

std::vector<api::Node> nodes_of(const k8s::ObjectStore& store, const std::vector<api::Pod>& pods) {
  std::vector<api::Node> nodes;
  for (const api::Pod& pod : pods) {
    const auto object = store.find({"", pod.spec.node_name});
    if (!object) continue;
    if (auto node = api::parse<api::Node>(object->text())) {
      nodes.push_back(std::move(node).value());
    }
  }
  return nodes;
}

std::optional<std::string> find_sql(const ReconcileContext& context, const api::StreamJob& job) {
  if (!job.spec.sql_from) return job.spec.sql;
  const api::KeyRef& ref = job.spec.sql_from->config_map_key_ref;
  const auto object = context.stores.config_maps.find({job.metadata.name_space, ref.name});
  if (!object) return std::nullopt;
  const auto map = api::parse<api::ConfigMap>(object->text());
  if (!map) return std::nullopt;
  const auto value = map->data.find(ref.key);
  return value == map->data.end() ? std::nullopt : std::optional(value->second);
}

void judge(const Observed& seen, JobMemory& memory) {
  const std::string running = running_sql(seen.job, seen.config_maps);
  std::string question =
      std::to_string(seen.job.metadata.generation) + '\n' + seen.sql.value_or("") + '\n' + running;
  for (const api::VersionStatus& version : seen.job.status.versions) {
    question += '\n' + version.hash + (version.stable ? " stable" : "");
  }
  if (memory.judged == question) return;
  memory.verdict = check(seen.job);
  if (memory.verdict.accepted() && seen.sql && seen.job.spec.sql_from) {
    memory.verdict = check_sql(seen.job, *seen.sql);
  }
  memory.misfits.clear();
  if (memory.verdict.accepted() && seen.sql && running != *seen.sql) {
    memory.misfits = state_misfits_between(running, *seen.sql);
  }
  memory.rollback_misfits.clear();
  const api::VersionStatus* stable = stable_version(seen.job, seen.config_maps);
  const std::string before =
      stable ? sql_of_version(seen.job, seen.config_maps, stable->hash) : std::string();
  if (!before.empty() && before != running) {
    memory.rollback_misfits = state_misfits_between(running, before);
    for (std::string& misfit : state_misfits_between(before, running)) {
      memory.rollback_misfits.push_back(std::move(misfit));
    }
  }
  memory.judged = question;
}

// Sets policy or, where spec.scaling names one that cannot be followed, policy_error.
void find_policy(const ReconcileContext& context, Observed& seen) {
  const api::StreamJob& job = seen.job;
  seen.policy = job.spec.scaling.policy;
  if (seen.policy || !job.spec.scaling.policy_ref) return;
  const std::string& name = job.spec.scaling.policy_ref->name;
  const auto object = context.stores.policies.find({job.metadata.name_space, name});
  if (!object) {
    seen.policy_error = {"PolicyNotFound", "there is no ScalingPolicy " + name + " in namespace " +
                                               job.metadata.name_space +
                                               "; the job keeps its size until there is one"};
    return;
  }
  const auto policy = api::parse<api::ScalingPolicy>(object->text());
  const Verdict verdict = policy ? check(*policy) : Verdict{};
  if (policy && verdict.accepted()) {
    seen.policy = policy->spec;
    return;
  }
  seen.policy_error = {"PolicyRefused",
                       "ScalingPolicy " + name + " cannot be followed: " +
                           (policy ? api::join(verdict.causes) : policy.error().message)};
}

std::optional<std::string> find_restore_uri(const ReconcileContext& context,
                                            const api::StreamJob& job) {
  if (!job.spec.restore_from) return std::nullopt;
  const api::RestoreFrom& from = *job.spec.restore_from;
  if (!from.uri.empty()) return from.uri;
  const auto object = context.stores.snapshots.find({job.metadata.name_space, from.snapshot});
  if (!object) return std::nullopt;
  const auto snapshot = api::parse<api::JobSnapshot>(object->text());
  if (!snapshot || snapshot->status.phase != api::SnapshotPhase::kCompleted) return std::nullopt;
  return snapshot->status.uri;
}

bool wants_reports_often(const Observed& seen) {
  const bool scaled = seen.policy && seen.policy->mode != api::ScalingMode::kOff;
  return scaled || seen.job.status.phase != api::Phase::kRunning;
}

// Follows the process in `pod`, in place of the one that `followed` names. Nothing: there is no
// Pod.
std::optional<EngineView> ask(const ReconcileContext& context, const Observed& seen,
                              const api::Pod* pod, std::string& followed) {
  followed = pod ? pod->metadata.uid : "";
  if (!pod) return std::nullopt;
  // A Pod that is going may still say how the job ended.
  if (const auto target = engine_target(seen.job, *pod, seen.installation)) {
    context.engines.follow(*target, wants_reports_often(seen));
  }
  EngineView view = context.engines.view(followed);
  if (view.report && view.report->uid != seen.job.metadata.uid) {
    view.unknown_since = seen.now;
    view.unknown_reason = "what answers there is of another job: " + view.report->job;
  }
  return view;
}

void ask_engines(const ReconcileContext& context, Observed& seen, JobMemory& memory) {
  const std::string before[] = {memory.followed, memory.successor};
  const auto active = ask(context, seen, active_pod(seen.job, seen.pods), memory.followed);
  const auto successor = ask(context, seen, successor_pod(seen.job, seen.pods), memory.successor);
  for (const std::string& key : before) {
    const bool kept = key == memory.followed || key == memory.successor;
    if (!key.empty() && !kept) context.engines.forget(key);
  }
  if (successor && !successor->unknown_since) seen.successor_report = successor->report;
  if (!active) return;
  if (!active->unknown_since) {
    seen.report = active->report;
  } else if (active->report || seen.now - *active->unknown_since > kStartMillis) {
    seen.unknown_since = *active->unknown_since;
    seen.unknown_reason = active->unknown_reason;
  }
}

}  // namespace

std::optional<EngineTarget> engine_target(const api::StreamJob& job, const api::Pod& pod,
                                          const Installation& installation) {
  if (pod.status.pod_ip.empty() || pod.metadata.deletion_timestamp) return std::nullopt;
  std::int32_t restarts = 0;
  for (const api::ContainerStatus& status : pod.status.container_statuses) {
    restarts += status.restart_count;
  }
  const bool v6 = pod.status.pod_ip.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + pod.status.pod_ip + "]" : pod.status.pod_ip;
  return EngineTarget{
      .job = k8s::to_string({job.metadata.name_space, job.metadata.name}),
      .uid = job.metadata.uid,
      .key = pod.metadata.uid,
      .address = host + ":" + std::to_string(installation.control_port),
      .process = std::to_string(restarts),
      .server_name = installation.authority_id.empty() ? "" : engine_server_name(job)};
}

std::string engine_key(const ReconcileContext& context, const api::StreamJob& job) {
  const auto pods = owned<api::Pod>(context.stores.pods, job.metadata.uid);
  const api::Pod* pod = active_pod(job, pods);
  return pod ? pod->metadata.uid : "";
}

Result<Observed> observe_job(const ReconcileContext& context, const k8s::Object& job,
                             JobMemory& memory) {
  Observed seen;
  TRY_ASSIGN(seen.job, api::parse<api::StreamJob>(job.text()));
  seen.pods = owned<api::Pod>(context.stores.pods, job.uid());
  seen.config_maps = owned<api::ConfigMap>(context.stores.config_maps, job.uid());
  seen.installation = context.installation;
  seen.now = context.clock.now();
  seen.scaling = memory.scaling;
  seen.can_resize = memory.can_resize;
  if (!seen.job.metadata.deletion_timestamp) {
    seen.sql = find_sql(context, seen.job);
    judge(seen, memory);
    seen.verdict = memory.verdict;
    seen.misfits = memory.misfits;
    seen.rollback_misfits = memory.rollback_misfits;
    seen.nodes = nodes_of(context.stores.nodes, seen.pods);
    seen.restore_uri = find_restore_uri(context, seen.job);
    find_policy(context, seen);
  }
  ask_engines(context, seen, memory);
  return seen;
}

}  // namespace penstock
