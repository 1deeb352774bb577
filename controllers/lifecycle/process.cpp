#include <nlohmann/json.hpp>
#include <utility>

#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"

namespace penstock {
namespace {

using State = Process::State;

const api::PodCondition* find(const api::Pod& pod, std::string_view type) {
  for (const api::PodCondition& condition : pod.status.conditions)
    if (condition.type == type) return &condition;
  return nullptr;
}

const api::Pod* find(const std::vector<api::Pod>& pods, const std::string& name) {
  for (const api::Pod& pod : pods)
    if (pod.metadata.name == name) return &pod;
  return nullptr;
}

std::string text_of(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string death(const api::TerminatedState& last) {
  return "the last process ended with code " + std::to_string(last.exit_code) +
         (last.reason.empty() || last.reason == "Error" ? "" : " (" + last.reason + ")") +
         (last.message.empty() ? "" : ": " + last.message) + way_out(last.reason);
}

// What keeps a container from running.
Process starting(const api::Pod& pod) {
  Process process{.state = State::kStarting,
                  .pod = &pod,
                  .reason = "PodPending",
                  .message = "waiting for Pod " + pod.metadata.name};
  if (const auto* scheduled = find(pod, "PodScheduled");
      scheduled && scheduled->status == api::Truth::kFalse) {
    process.reason = scheduled->reason.empty() ? "Unschedulable" : scheduled->reason;
    process.message = "Pod " + pod.metadata.name + " finds no node: " + scheduled->message +
                      way_out("Unschedulable");
    process.trouble = true;
    return process;
  }
  if (pod.status.container_statuses.empty()) return process;
  const api::ContainerStatus& container = pod.status.container_statuses.front();
  if (container.state.waiting && container.state.waiting->reason != "ContainerCreating") {
    process.reason = container.state.waiting->reason;
    process.message = "Pod " + pod.metadata.name + ": " + container.state.waiting->message +
                      way_out(process.reason);
    process.trouble = true;
  }
  if (container.last_state.terminated) {
    process.message += "; " + death(*container.last_state.terminated);
    process.trouble = true;
  }
  return process;
}

}  // namespace

std::string way_out(std::string_view reason) {
  static constexpr std::pair<std::string_view, std::string_view> kWays[] = {
      {"Unschedulable",
       "; make spec.resources or spec.parallelism smaller, or give the cluster a larger node"},
      {"ErrImagePull", "; is spec.image right, and may the nodes pull it?"},
      {"ImagePullBackOff", "; is spec.image right, and may the nodes pull it?"},
      {"InvalidImageName", "; correct spec.image"},
      {"ErrImageNeverPull", "; load the image on the node, or allow pulling it"},
      {"CreateContainerConfigError",
       "; create the Secret or ConfigMap that spec.variables or spec.template refer to"},
      {"OOMKilled",
       "; it used more memory than its limit: raise spec.resources.slot.memory, or "
       "spec.resources.base.memory"},
      {"Evicted", "; the node had too little left; another Pod starts elsewhere"},
  };
  for (const auto& [name, way] : kWays)
    if (name == reason) return std::string(way);
  return {};
}

std::string recent_death(const api::Pod& pod, Millis now) {
  constexpr Millis kRecent = 10 * 60 * 1000;
  if (pod.status.container_statuses.empty()) return {};
  const auto& last = pod.status.container_statuses.front().last_state.terminated;
  if (!last || now - last->finished_at.millis > kRecent) return {};
  return death(*last);
}

api::EndingReport parse_ending(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_object())
    if (const auto kind = api::from_string<api::EndingKind>(text_of(json, "kind")))
      return {*kind, text_of(json, "reason"), text_of(json, "message")};
  return {api::EndingKind::kFailed, "EndingUnknown",
          "the process ended without saying how; see its log" + (text.empty() ? "" : ": " + text)};
}

Process look_at(const api::Pod* pod, const std::optional<api::JobReport>& report) {
  if (!pod) return {};
  Process process{.pod = pod};
  if (pod->metadata.deletion_timestamp) {
    process.state = State::kTerminating;
  } else if (report && report->ending) {
    process.state = State::kEnded;
    process.ending = *report->ending;
  } else if (pod->status.phase == "Failed") {
    process.state = State::kLost;
    process.reason = pod->status.reason.empty() ? "PodFailed" : pod->status.reason;
    process.message = "Pod " + pod->metadata.name + " has failed: " + pod->status.message +
                      way_out(process.reason);
  } else if (report) {
    process.state = State::kUp;
  } else if (pod->status.container_statuses.empty()) {
    return starting(*pod);
  } else {
    const api::ContainerState& state = pod->status.container_statuses.front().state;
    if (state.terminated && state.terminated->exit_code == 0) {
      process.state = State::kEnded;
      process.ending = parse_ending(state.terminated->message);
    } else if (state.waiting || state.terminated) {
      return starting(*pod);
    } else {
      process.state = State::kUp;
    }
  }
  return process;
}

const api::Pod* active_pod(const api::StreamJob& job, const std::vector<api::Pod>& pods) {
  return find(pods, pod_name(job.metadata.name, active_number(job.status)));
}

const api::Pod* successor_pod(const api::StreamJob& job, const std::vector<api::Pod>& pods) {
  if (!job.status.successor) return nullptr;
  return find(pods, pod_name(job.metadata.name, job.status.successor->pod));
}

std::string running_sql(const api::StreamJob& job, const std::vector<api::ConfigMap>& config_maps) {
  if (job.status.versions.empty()) return "";
  return sql_of_version(job, config_maps, job.status.versions.front().hash);
}

std::string sql_of_version(const api::StreamJob& job,
                           const std::vector<api::ConfigMap>& config_maps, std::string_view hash) {
  const std::string name = config_map_name(job.metadata.name, hash);
  for (const api::ConfigMap& one : config_maps)
    if (one.metadata.name == name) return sql_of(one);
  return "";
}

}  // namespace penstock
