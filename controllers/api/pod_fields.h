#pragma once

#include "controllers/api/meta_fields.h"
#include "controllers/api/pod.h"

// The field lists of pod.h.
namespace penstock::api {

inline constexpr std::size_t kTextLength = 1u << 24;

template <typename V>
void describe(Type<ContainerResources>, V& v) {
  v({.name = "cpu", .doc = ""}, &ContainerResources::cpu);
  v({.name = "memory", .doc = ""}, &ContainerResources::memory);
}

template <typename V>
void describe(Type<ResourceRequirements>, V& v) {
  v({.name = "requests", .doc = ""}, &ResourceRequirements::requests);
  v({.name = "limits", .doc = ""}, &ResourceRequirements::limits);
}

template <typename V>
void describe(Type<Container>, V& v) {
  v({.name = "name", .doc = ""}, &Container::name);
  v({.name = "image", .doc = "", .max = kTextLength}, &Container::image);
  v({.name = "resources", .doc = ""}, &Container::resources);
}

template <typename V>
void describe(Type<PodSpec>, V& v) {
  v({.name = "nodeName", .doc = ""}, &PodSpec::node_name);
  v({.name = "containers", .doc = ""}, &PodSpec::containers);
}

template <typename V>
void describe(Type<WaitingState>, V& v) {
  v({.name = "reason", .doc = ""}, &WaitingState::reason);
  v({.name = "message", .doc = "", .max = kTextLength}, &WaitingState::message);
}

template <typename V>
void describe(Type<TerminatedState>, V& v) {
  v({.name = "exitCode", .doc = "", .always = true}, &TerminatedState::exit_code);
  v({.name = "reason", .doc = ""}, &TerminatedState::reason);
  v({.name = "message", .doc = "", .max = kTextLength}, &TerminatedState::message);
  v({.name = "finishedAt", .doc = ""}, &TerminatedState::finished_at);
}

template <typename V>
void describe(Type<ContainerState>, V& v) {
  v({.name = "waiting", .doc = ""}, &ContainerState::waiting);
  v({.name = "terminated", .doc = ""}, &ContainerState::terminated);
}

template <typename V>
void describe(Type<ContainerStatus>, V& v) {
  using S = ContainerStatus;
  v({.name = "name", .doc = ""}, &S::name);
  v({.name = "ready", .doc = "", .always = true}, &S::ready);
  v({.name = "restartCount", .doc = "", .always = true}, &S::restart_count);
  v({.name = "state", .doc = ""}, &S::state);
  v({.name = "lastState", .doc = ""}, &S::last_state);
  v({.name = "resources", .doc = ""}, &S::resources);
}

template <typename V>
void describe(Type<PodCondition>, V& v) {
  using S = PodCondition;
  v({.name = "type", .doc = ""}, &S::type);
  v({.name = "status", .doc = "", .always = true}, &S::status);
  v({.name = "reason", .doc = ""}, &S::reason);
  v({.name = "message", .doc = "", .max = kTextLength}, &S::message);
  v({.name = "lastTransitionTime", .doc = ""}, &S::last_transition_time);
}

template <typename V>
void describe(Type<PodStatus>, V& v) {
  using S = PodStatus;
  v({.name = "phase", .doc = ""}, &S::phase);
  v({.name = "reason", .doc = ""}, &S::reason);
  v({.name = "message", .doc = "", .max = kTextLength}, &S::message);
  v({.name = "podIP", .doc = ""}, &S::pod_ip);
  v({.name = "conditions", .doc = ""}, &S::conditions);
  v({.name = "containerStatuses", .doc = ""}, &S::container_statuses);
}

template <typename V>
void describe(Type<Pod>, V& v) {
  v({.name = "metadata", .doc = ""}, &Pod::metadata);
  v({.name = "spec", .doc = ""}, &Pod::spec);
  v({.name = "status", .doc = ""}, &Pod::status);
}

template <typename V>
void describe(Type<Taint>, V& v) {
  v({.name = "key", .doc = ""}, &Taint::key);
  v({.name = "effect", .doc = ""}, &Taint::effect);
}

template <typename V>
void describe(Type<NodeSpec>, V& v) {
  v({.name = "unschedulable", .doc = ""}, &NodeSpec::unschedulable);
  v({.name = "taints", .doc = ""}, &NodeSpec::taints);
}

template <typename V>
void describe(Type<NodeStatus>, V& v) {
  v({.name = "conditions", .doc = ""}, &NodeStatus::conditions);
}

template <typename V>
void describe(Type<Node>, V& v) {
  v({.name = "metadata", .doc = ""}, &Node::metadata);
  v({.name = "spec", .doc = ""}, &Node::spec);
  v({.name = "status", .doc = ""}, &Node::status);
}

template <typename V>
void describe(Type<ConfigMap>, V& v) {
  v({.name = "metadata", .doc = ""}, &ConfigMap::metadata);
  v({.name = "data", .doc = "", .max = kTextLength}, &ConfigMap::data);
}

}  // namespace penstock::api
