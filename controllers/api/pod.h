#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/api/meta.h"

namespace penstock::api {

// The one container of an engine's Pod.
inline constexpr std::string_view kEngineContainer = "engine";

// What decisions need of a Pod, a Node and a ConfigMap, read leniently: everything else is skipped.
// The member names follow the JSON.

struct ContainerResources {
  std::optional<MilliCpu> cpu;
  std::optional<Bytes> memory;
  friend bool operator==(const ContainerResources&, const ContainerResources&) = default;
};
struct ResourceRequirements {
  ContainerResources requests, limits;
  friend bool operator==(const ResourceRequirements&, const ResourceRequirements&) = default;
};
struct Container {
  std::string name, image;
  ResourceRequirements resources;
  friend bool operator==(const Container&, const Container&) = default;
};
struct PodSpec {
  std::string node_name;
  std::vector<Container> containers;
  friend bool operator==(const PodSpec&, const PodSpec&) = default;
};
struct WaitingState {
  std::string reason, message;
  friend bool operator==(const WaitingState&, const WaitingState&) = default;
};
struct TerminatedState {
  std::int32_t exit_code = 0;
  std::string reason, message;
  Time finished_at;
  friend bool operator==(const TerminatedState&, const TerminatedState&) = default;
};
struct ContainerState {
  std::optional<WaitingState> waiting;
  std::optional<TerminatedState> terminated;
  friend bool operator==(const ContainerState&, const ContainerState&) = default;
};
struct ContainerStatus {
  std::string name;
  bool ready = false;
  std::int32_t restart_count = 0;
  ContainerState state, last_state;
  std::optional<ResourceRequirements> resources;  // what the kubelet has granted
  friend bool operator==(const ContainerStatus&, const ContainerStatus&) = default;
};
struct PodCondition {
  std::string type;
  Truth status = Truth::kUnknown;
  std::string reason, message;
  Time last_transition_time;
  friend bool operator==(const PodCondition&, const PodCondition&) = default;
};
struct PodStatus {
  std::string phase;  // Pending Running Succeeded Failed Unknown
  std::string reason, message, pod_ip;
  std::vector<PodCondition> conditions;
  std::vector<ContainerStatus> container_statuses;
  friend bool operator==(const PodStatus&, const PodStatus&) = default;
};

struct Pod {
  static constexpr std::string_view kKind = "Pod";
  ObjectMeta metadata;
  PodSpec spec;
  PodStatus status;
  friend bool operator==(const Pod&, const Pod&) = default;
};

struct Taint {
  std::string key, effect;
  friend bool operator==(const Taint&, const Taint&) = default;
};
struct NodeSpec {
  bool unschedulable = false;
  std::vector<Taint> taints;
  friend bool operator==(const NodeSpec&, const NodeSpec&) = default;
};
struct NodeStatus {
  std::vector<PodCondition> conditions;
  friend bool operator==(const NodeStatus&, const NodeStatus&) = default;
};
struct Node {
  static constexpr std::string_view kKind = "Node";
  ObjectMeta metadata;
  NodeSpec spec;
  NodeStatus status;
  friend bool operator==(const Node&, const Node&) = default;
};

struct ConfigMap {
  static constexpr std::string_view kKind = "ConfigMap";
  ObjectMeta metadata;
  Strings data;
  friend bool operator==(const ConfigMap&, const ConfigMap&) = default;
};

}  // namespace penstock::api
