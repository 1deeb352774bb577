#include "tests/unit/controllers/lifecycle/world.h"

#include <algorithm>

#include "controllers/api/json.h"
#include "controllers/desired/names.h"
#include "controllers/lifecycle/phases.h"
#include "runtime/base/overloaded.h"

namespace penstock {

World::World(std::string sql) {
  job.metadata = {.name = "bids",
                  .name_space = "default",
                  .uid = "job-uid",
                  .resource_version = "1",
                  .generation = 1};
  job.spec.sql = std::move(sql);
  job.spec.parallelism = 2;
  job.spec.checkpoints.storage.uri = "file:///checkpoints";
}

bool World::is_lost(const api::Pod& pod) const {
  for (const api::Node& node : nodes)
    if (node.metadata.name == pod.spec.node_name && !node.status.conditions.empty()) return true;
  return false;
}

std::optional<api::JobReport> World::report_of(const api::Pod* pod) const {
  if (!pod || pod->metadata.deletion_timestamp || !engines.contains(pod->metadata.uid))
    return std::nullopt;
  if (!reachable || is_lost(*pod)) return std::nullopt;
  const Engine& it = engines.at(pod->metadata.uid);
  api::JobReport report{.job = "bids",
                        .uid = "job-uid",
                        .phase = it.phase,
                        .at = now,
                        .wanted = it.wanted,
                        .running = it.running,
                        .decision = it.decision};
  report.restored_from = it.restored_from;
  report.started_at = it.started_at;
  report.checkpoints = {.completed = it.checkpoints,
                        .last_id = it.checkpoints,
                        .last_at = it.checkpoints > 0 ? now : 0};
  report.ending = it.ending;
  if (it.phase == "Following") report.following = api::FollowReport{.caught_up = it.caught_up};
  report.move = it.move;
  return report;
}

Observed World::observe() const {
  Observed seen{.job = job,
                .pods = pods,
                .config_maps = config_maps,
                .sql = job.spec.sql,
                .verdict = verdict,
                .misfits = misfits,
                .policy = policy,
                .policy_error = policy_error,
                .rollback_misfits = rollback_misfits,
                .nodes = nodes,
                .can_resize = can_resize,
                .scaling = scaling_,
                .now = now};
  if (job.spec.restore_from) seen.restore_uri = job.spec.restore_from->uri;
  const api::Pod* pod = active_pod(job, pods);
  seen.successor_report = report_of(successor_pod(job, pods));
  seen.report = report_of(pod);
  const bool runs = pod && !pod->metadata.deletion_timestamp && engines.contains(pod->metadata.uid);
  if (runs && !seen.report) seen.unknown_since = 900'000;
  return seen;
}

World::Engine* World::engine_of(const api::Pod* pod) {
  const bool runs = pod && !pod->metadata.deletion_timestamp && engines.contains(pod->metadata.uid);
  return runs ? &engines.at(pod->metadata.uid) : nullptr;
}
World::Engine* World::engine() { return engine_of(active_pod(job, pods)); }
World::Engine* World::successor() { return engine_of(successor_pod(job, pods)); }

const std::string* World::sql_of_live_pod() const {
  for (const api::Pod& pod : pods) {
    const std::string name =
        config_map_name("bids", pod.metadata.labels.at(std::string(kVersionLabel)));
    for (const api::ConfigMap& one : config_maps)
      if (one.metadata.name == name) return &one.data.at("job.yaml");
  }
  return nullptr;
}

api::Pod* World::find_pod(const std::string& name) {
  const auto found =
      std::ranges::find_if(pods, [&](const api::Pod& pod) { return pod.metadata.name == name; });
  return found == pods.end() ? nullptr : &*found;
}

bool World::write(const std::string& what, const std::function<void()>& effect) {
  log.push_back(what);
  if (++writes == crash_at) {
    if (effect_first) effect();
    return false;
  }
  effect();
  return true;
}

void World::reconcile() {
  if (gone) return;
  const Plan plan = plan_stream_job(observe());
  scaling_ = plan.scaling;
  const Phase before = job.status.phase;
  if (before != plan.status.phase && !may_follow(before, plan.status.phase))
    wrongs.push_back("phase went from " + std::string(to_string(before)) + " to " +
                     std::string(to_string(plan.status.phase)));
  if (plan.status != job.status && !write("status " + std::string(to_string(plan.status.phase)),
                                          [&] { job.status = plan.status; }))
    return;
  for (const EventNote& event : plan.events) log.push_back("event " + event.reason);
  for (const Action& action : plan.actions)
    if (!write(to_string(action), [&] { apply(action); })) return;
}

void World::create_pod(const DesiredObject& object) {
  if (find_pod(object.name)) return wrongs.push_back("a Pod was created twice: " + object.name);
  const bool follow = object.json.find("\"--follow\"") != std::string::npos;
  for (const api::Pod& pod : pods)
    if (engines.contains(pod.metadata.uid) && !engines[pod.metadata.uid].ending && !follow &&
        !is_lost(pod))
      wrongs.push_back("a Pod was created beside a running one");
  api::Pod pod = api::parse<api::Pod>(object.json).value();
  pod.metadata.uid = "pod-uid-" + next_version();
  pod.metadata.resource_version = next_version();
  pod.status.phase = "Pending";
  if (follow) pod.metadata.annotations["follow"] = "true";
  for (const api::Node& node : nodes)
    if (!node.spec.unschedulable && node.status.conditions.empty() && pod.spec.node_name.empty())
      pod.spec.node_name = node.metadata.name;
  pods.push_back(pod);
  const std::size_t at = object.json.find("file:///checkpoints/default/bids/job-uid-snapshots");
  if (at != std::string::npos) {
    const std::size_t end = object.json.find('"', at);
    pods.back().metadata.annotations["from"] = object.json.substr(at, end - at);
  }
}

void World::apply(const Action& action) {
  const auto same = [&](const api::Pod* pod, const auto& it) {
    const bool ok =
        pod && pod->metadata.uid == it.uid && pod->metadata.resource_version == it.resource_version;
    if (!ok) wrongs.push_back("stale write: " + to_string(action));
    return ok;
  };
  std::visit(
      Overloaded{
          [&](const AddFinalizer&) { job.metadata.finalizers.emplace_back(api::kFinalizer); },
          [&](const RemoveFinalizer&) { gone = true; },
          [&](const CreateConfigMap& it) {
            api::ConfigMap made = api::parse<api::ConfigMap>(it.object.json).value();
            made.metadata.uid = "cm-" + next_version();
            config_maps.push_back(made);
          },
          [&](const DeleteConfigMap& it) {
            std::erase_if(config_maps, [&](const auto& one) { return one.metadata.uid == it.uid; });
          },
          [](const CreateCertificate&) {},
          [](const CreateDisruptionBudget&) {},
          [&](const CreatePod& it) { create_pod(it.object); },
          [&](const DeletePod& it) {
            api::Pod* pod = find_pod(it.name);
            if (!same(pod, it)) return;
            const bool alive = engines.contains(it.uid) && !engines[it.uid].ending &&
                               engines[it.uid].phase != "Following" &&
                               engines[it.uid].phase != "Starting" && !is_lost(*pod);
            if (alive && !job.metadata.deletion_timestamp)
              wrongs.push_back("a running Pod was deleted");
            pod->metadata.deletion_timestamp = api::Time{now};
          },
          [&](const ResizePod& it) {
            if (!can_resize) return wrongs.push_back("a resize that cannot be");
            api::Pod* pod = find_pod(it.name);
            if (!same(pod, it)) return;
            pod->spec.containers.front().resources.requests = {it.size.cpu, it.size.memory};
            pod->metadata.resource_version = next_version();
          },
          [&](const EngineRescale& it) {
            Engine* to = engine();
            if (!to) return wrongs.push_back("rescale without an engine");
            if (!first_order(action, it.decision)) return;
            if (static_cast<std::uint64_t>(it.decision) < to->decision)
              wrongs.push_back("an old decision");
            const PodSize need = pod_size(job.spec.resources, it.slots);
            if (const api::Pod* pod = active_pod(job, pods))
              if (granted_size(*pod).cpu < need.cpu)
                wrongs.push_back("rescale before the Pod was large enough");
            to->decision = static_cast<std::uint64_t>(it.decision);
            to->wanted = static_cast<std::uint32_t>(it.slots);
            to->phase = "Rescaling";
          },
          [&](const EngineStop& it) {
            Engine* to = engine();
            if (!to) return wrongs.push_back("stop without an engine");
            if (!first_order(action, it.decision)) return;
            to->decision = static_cast<std::uint64_t>(it.decision);
            to->phase = "Stopping";
            to->savepoint = it.savepoint_uri;
          },
          [&](const EngineSavepoint&) {},
          [&](const EngineHandOver& it) {
            Engine* to = engine();
            if (!to) return wrongs.push_back("hand-over without an engine");
            if (!first_order(action, it.decision)) return;
            if (to->phase != "Running") wrongs.push_back("hand-over of " + to->phase);
            to->phase = "Stopping";
            to->handed_over = true;
          },
          [&](const EngineTakeOver& it) {
            if (!engines.contains(it.pod_uid)) return wrongs.push_back("nobody takes over");
            if (!first_order(action, it.decision)) return;
            Engine& to = engines[it.pod_uid];
            if (to.phase != "Following" && to.phase != "Running")
              wrongs.push_back("take-over by " + to.phase);
            to.taking_over = now;
            to.take_now = it.now;
          },
          [&](const DeleteCheckpoints&) { checkpoints_deleted = true; },
          [&](const SetParallelism& it) {
            job.spec.parallelism = it.slots;
            ++job.metadata.generation;
          },
      },
      action);
}

bool World::first_order(const Action& action, std::int64_t decision) {
  return ordered_.insert({action.index(), decision}).second;
}

void World::start(api::Pod& pod) {
  pod.status.container_statuses = {{.name = "engine"}};
  if (!image_exists || pod.spec.containers[0].image == "missing") {
    pod.status.container_statuses[0].state.waiting = {"ErrImagePull", "no such image"};
    return;
  }
  pod.status.phase = "Running";
  const auto slots = static_cast<std::uint32_t>(
      (pod.spec.containers[0].resources.requests.cpu->value - job.spec.resources.base.cpu.value) /
      job.spec.resources.slot.cpu.value);
  Engine& it = engines[pod.metadata.uid];
  it = {.wanted = slots, .running = slots, .started_at = now};
  it.follow = pod.metadata.annotations.contains("follow");
  if (pod.metadata.annotations.contains("from"))
    it.restored_from = pod.metadata.annotations["from"];
}

// A follower: follows, and claims the job when it may.
void World::follow(const std::string& uid, Engine& it) {
  if (!follows) {
    it.ending = {api::EndingKind::kFailed, "CheckpointUnreadable", "a file is damaged"};
    it.phase = "Ended";
    return;
  }
  it.caught_up = it.phase == "Following";
  it.phase = "Following";
  if (!it.taking_over) return;
  bool handed = it.take_now || now - *it.taking_over > 10'000;
  for (auto& [other, engine] : engines) handed |= other != uid && engine.handed_over;
  if (!handed) return;
  for (auto& [other, engine] : engines) {
    if (other == uid || engine.ending || engine.phase == "Following") continue;
    const bool orderly = engine.handed_over;
    engine.handed_over = false;
    engine.phase = "Ended";
    engine.ending = {orderly ? api::EndingKind::kStopped : api::EndingKind::kSuperseded,
                     orderly ? "HandedOver" : "Superseded", ""};
  }
  it.phase = "Running";
  it.follow = false;
  it.move = api::MoveReport{.at = now, .pause = std::chrono::milliseconds(40)};
}

void World::run(api::Pod& pod, Engine& it) {
  api::ContainerStatus& container = pod.status.container_statuses[0];
  container.resources = pod.spec.containers[0].resources;
  const std::string map =
      config_map_name("bids", pod.metadata.labels.at(std::string(kVersionLabel)));
  const bool counts = std::ranges::any_of(config_maps, [&](const api::ConfigMap& one) {
    return one.metadata.name == map && one.data.at("job.yaml").find("count") != std::string::npos;
  });
  const bool bad = (!bad_image.empty() && pod.spec.containers[0].image == bad_image) ||
                   (new_sql_fails && counts);
  if (bad && !it.ending && !it.follow) {
    it.ending = {api::EndingKind::kFailed, "CannotHeal", "because"};
    it.phase = "Ended";
  }
  if (it.ending) {
    container.ready = false;
    pod.status.phase = "Succeeded";
    container.state.terminated =
        api::TerminatedState{.exit_code = 0,
                             .message = "{\"kind\":\"" + std::string(to_string(it.ending->kind)) +
                                        "\",\"reason\":\"" + it.ending->reason + "\"}"};
  } else if (it.follow) {
    follow(pod.metadata.uid, it);
  } else if (it.handed_over) {
    return;  // it waits for the claim
  } else if (it.phase == "Stopping") {
    it.ending = {api::EndingKind::kStopped, "Stopped", ""};
    it.phase = "Ended";
  } else {
    it.running = it.wanted;
    it.phase = "Running";
    ++it.checkpoints;
    container.ready = true;
  }
}

void World::tick() {
  now += 1000;
  std::erase_if(pods, [&](const api::Pod& pod) {
    return pod.metadata.deletion_timestamp.has_value() && !is_lost(pod);
  });
  for (api::Pod& pod : pods) {
    if (is_lost(pod)) continue;
    if (pod.status.container_statuses.empty())
      start(pod);
    else if (engines.contains(pod.metadata.uid))
      run(pod, engines[pod.metadata.uid]);
  }
  const auto running = std::ranges::count_if(pods, [&](const api::Pod& pod) {
    return engines.contains(pod.metadata.uid) && engines[pod.metadata.uid].phase == "Running" &&
           !is_lost(pod);
  });
  if (running > 1) wrongs.push_back("two processes run");
}

bool World::settle() {
  std::string before;
  for (int round = 0, quiet = 0; round < 60; ++round) {
    reconcile();
    tick();
    quiet = summary() == before ? quiet + 1 : 0;
    before = summary();
    if (quiet == 4) return true;
  }
  return false;
}

std::string World::summary() const {
  std::string text = gone ? "gone" : std::string(to_string(job.status.phase));
  for (const api::Pod& pod : pods) {
    text += " pod";
    if (pod.metadata.deletion_timestamp) text += "(deleting)";
    if (engines.contains(pod.metadata.uid)) {
      const Engine& it = engines.at(pod.metadata.uid);
      text += " " + it.phase + " " + std::to_string(it.running) + "/" + std::to_string(it.wanted);
      if (!it.restored_from.empty()) text += " restored";
    }
    text += " cpu " + std::to_string(requested_size(pod).cpu.value);
  }
  if (!job.status.savepoint.empty()) text += " savepoint";
  if (job.status.pending) text += " pending " + job.status.pending->step;
  if (checkpoints_deleted) text += " checkpoints deleted";
  return text + " sql " +
         (sql_of_live_pod() && sql_of_live_pod()->find("count") != std::string::npos ? "new"
                                                                                     : "old");
}

}  // namespace penstock
