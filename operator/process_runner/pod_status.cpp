#include "operator/process_runner/pod_status.h"

#include <nlohmann/json.hpp>

#include "runtime/base/units.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

void set_transition_times(Json& status, const Json& before, Millis now) {
  const Json known = before.value("conditions", Json::array());
  for (Json& condition : status["conditions"]) {
    condition["lastTransitionTime"] = to_rfc3339(now).substr(0, 19) + "Z";
    for (const Json& old : known)
      if (old.value("type", "") == condition["type"] &&
          old.value("status", "") == condition["status"] && old.contains("lastTransitionTime"))
        condition["lastTransitionTime"] = old["lastTransitionTime"];
  }
}

}  // namespace

std::optional<std::string> next_status(const k8s::Object& object, const std::string& wanted,
                                       Millis now) {
  const Json before = Json::parse(object.text(), nullptr, false).value("status", Json::object());
  Json status = Json::parse(wanted);
  set_transition_times(status, before, now);
  Json merged = before;
  merged.merge_patch(status);
  if (merged == before) return std::nullopt;
  return status.dump();
}

Status write_pod_status(const k8s::Writer& writer, const k8s::ObjectKey& key,
                        const std::string& status) {
  const auto written = writer.patch(k8s::pods(), key, R"({"status":)" + status + "}", "status");
  if (!written) return written.error();
  return ok();
}

}  // namespace penstock
