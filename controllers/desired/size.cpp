#include "controllers/desired/objects.h"

namespace penstock {
namespace {

PodSize size_of(const api::ContainerResources& requests) {
  return {.cpu = requests.cpu.value_or(api::MilliCpu{}),
          .memory = requests.memory.value_or(api::Bytes{})};
}

}  // namespace

PodSize pod_size(const api::Resources& resources, std::int32_t slots) {
  return {.cpu = {resources.base.cpu.value + slots * resources.slot.cpu.value},
          .memory = {resources.base.memory.value + slots * resources.slot.memory.value +
                     resources.state.memory.value}};
}

PodSize requested_size(const api::Pod& pod) {
  if (pod.spec.containers.empty()) return {};
  return size_of(pod.spec.containers.front().resources.requests);
}

PodSize granted_size(const api::Pod& pod) {
  if (pod.status.container_statuses.empty()) return requested_size(pod);
  const auto& granted = pod.status.container_statuses.front().resources;
  return granted ? size_of(granted->requests) : requested_size(pod);
}

}  // namespace penstock
