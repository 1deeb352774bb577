#include "operator/process_runner/node_registration.h"

#include <nlohmann/json.hpp>

#include "runtime/base/units.h"

namespace penstock {

using Json = nlohmann::json;

Status register_node(const k8s::Writer& writer, const std::string& name, const Amount& capacity,
                     Millis now) {
  const Json amounts = {{"cpu", format_millicpu(capacity.millicpu)},
                        {"memory", format_bytes(capacity.bytes)},
                        {"pods", "110"}};
  const std::string time = to_rfc3339(now).substr(0, 19) + "Z";
  const Json node = {
      {"apiVersion", "v1"},
      {"kind", "Node"},
      {"metadata",
       {{"name", name},
        {"labels", {{"kubernetes.io/hostname", name}, {"kubernetes.io/os", "linux"}}}}}};
  const auto created = writer.create(k8s::nodes(), "", node.dump());
  if (!created && created.error().code != Code::kAlreadyExists)
    return created.error().within("register the node");
  const Json status = {
      {"status",
       {{"capacity", amounts},
        {"allocatable", amounts},
        {"conditions", Json::array({{{"type", "Ready"},
                                     {"status", "True"},
                                     {"reason", "KubeletReady"},
                                     {"message", "the process runner is ready"},
                                     {"lastHeartbeatTime", time},
                                     {"lastTransitionTime", time}}})},
        {"addresses", Json::array({{{"type", "InternalIP"}, {"address", "127.0.0.1"}}})},
        {"nodeInfo", {{"kubeletVersion", "v1.32.0-penstock"}, {"operatingSystem", "linux"}}}}}};
  const auto patched = writer.patch(k8s::nodes(), {"", name}, status.dump(), "status");
  if (!patched) return patched.error().within("report the node's status");
  return ok();
}

}  // namespace penstock
