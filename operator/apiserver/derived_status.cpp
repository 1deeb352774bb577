#include "operator/apiserver/derived_status.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "operator/apiserver/json_path.h"
#include "operator/apiserver/selectors.h"
#include "operator/apiserver/time_text.h"
#include "runtime/base/units.h"

namespace penstock::apiserver {

namespace {

using Usage = std::map<std::string, std::int64_t>;  // by resource: pieces, millicores or bytes

bool has_ended(const Json& pod) {
  const std::string phase = text_at(pod, ".status.phase");
  return phase == "Succeeded" || phase == "Failed";
}

bool is_ready(const Json& pod) {
  return !pod["metadata"].contains("deletionTimestamp") &&
         text_at(pod, ".status.conditions[?(@.type=='Ready')].status") == "True";
}

// "2", 2 or "50%" of `of`, rounded up.
std::int64_t scaled(const Json& value, std::size_t of) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  const double number = std::strtod(text.c_str(), nullptr);
  if (!text.ends_with('%')) return static_cast<std::int64_t>(number);
  return static_cast<std::int64_t>(std::ceil(number * static_cast<double>(of) / 100));
}

std::int64_t desired_healthy(const Json& spec, std::size_t expected) {
  if (spec.contains("minAvailable")) return scaled(spec["minAvailable"], expected);
  if (!spec.contains("maxUnavailable")) return 1;
  return std::max<std::int64_t>(
      0, static_cast<std::int64_t>(expected) - scaled(spec["maxUnavailable"], expected));
}

// Kinds of resources differ in how they are written.
std::int64_t amount_of(const std::string& resource, const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  const auto amount = resource.ends_with("cpu") ? parse_millicpu(text)
                      : resource.ends_with("memory")
                          ? parse_bytes(text)
                          : Result(std::int64_t{std::atoll(text.c_str())});
  return amount ? *amount : 0;
}

std::string text_of(const std::string& resource, std::int64_t amount) {
  if (resource.ends_with("cpu")) return format_millicpu(amount);
  return resource.ends_with("memory") ? format_bytes(amount) : std::to_string(amount);
}

Usage usage_of(const Json& pod) {
  if (has_ended(pod)) return {};
  Usage usage{{"pods", 1}, {"count/pods", 1}};
  for (const Json& container : pod["spec"].value("containers", Json::array())) {
    for (const char* part : {"requests", "limits"}) {
      const Json amounts = container.value("resources", Json::object()).value(part, Json::object());
      for (const auto& [name, value] : amounts.items()) {
        if (name != "cpu" && name != "memory") continue;
        const std::int64_t amount = amount_of(name, value);
        usage[std::string(part) + "." + name] += amount;
        if (std::string_view(part) == "requests") usage[name] += amount;  // the short name
      }
    }
  }
  return usage;
}

Usage usage_of(const std::vector<Object>& pods) {
  Usage usage;
  for (const Object& pod : pods)
    for (const auto& [name, amount] : usage_of(*pod)) usage[name] += amount;
  return usage;
}

bool is_counted(std::string_view resource) {
  static constexpr std::array<std::string_view, 8> kCounted{
      "pods",         "count/pods",      "cpu",        "memory",
      "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"};
  return std::ranges::find(kCounted, resource) != kCounted.end();
}

bool has_scopes(const Json& quota) {
  return find_path(quota, ".spec.scopes") != nullptr ||
         find_path(quota, ".spec.scopeSelector") != nullptr;
}

Failure forbidden(const Json& pod, const std::string& why) {
  const std::string name = text_at(pod, ".metadata.name");
  return {403, "Forbidden", "pods \"" + name + "\" is forbidden: " + why,
          Json{{"name", name}, {"kind", "pods"}}.dump()};
}

}  // namespace

bool selects(const Json& budget, const Json& pod) {
  const Json* wanted = find_path(budget, ".spec.selector");
  return wanted != nullptr && Selector{.labels = requirements_of(*wanted)}.matches(pod);
}

Json budget_status(const Json& budget, const std::vector<Object>& pods, Millis now) {
  std::size_t expected = 0;
  std::int64_t healthy = 0;
  for (const Object& pod : pods) {
    if (!selects(budget, *pod) || has_ended(*pod)) continue;
    ++expected;
    healthy += is_ready(*pod) ? 1 : 0;
  }
  const std::int64_t desired = desired_healthy(budget.value("spec", Json::object()), expected);
  const std::int64_t allowed = std::max<std::int64_t>(0, expected == 0 ? 0 : healthy - desired);
  const std::string holds = allowed > 0 ? "True" : "False";
  const std::string before =
      text_at(budget, ".status.conditions[?(@.type=='DisruptionAllowed')].status");
  const std::string since =
      text_at(budget, ".status.conditions[?(@.type=='DisruptionAllowed')].lastTransitionTime");
  const Json generation = budget["metadata"].value("generation", Json(1));
  return {{"currentHealthy", healthy},
          {"desiredHealthy", desired},
          {"expectedPods", expected},
          {"disruptionsAllowed", allowed},
          {"observedGeneration", generation},
          {"conditions",
           Json::array({{{"type", "DisruptionAllowed"},
                         {"status", holds},
                         {"reason", allowed > 0 ? "SufficientPods" : "InsufficientPods"},
                         {"message", ""},
                         {"observedGeneration", generation},
                         {"lastTransitionTime", before == holds ? since : to_timestamp(now)}}})}};
}

Answer<bool> check_eviction(const Json& pod, const std::vector<Object>& budgets) {
  const std::string phase = text_at(pod, ".status.phase");
  if (has_ended(pod) || phase == "Pending" || pod["metadata"].contains("deletionTimestamp"))
    return true;
  std::vector<const Json*> holding;
  for (const Object& budget : budgets)
    if (selects(*budget, pod)) holding.push_back(budget.get());
  if (holding.empty()) return true;
  if (holding.size() > 1)
    return internal_error(
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not "
        "support.");
  const Json& budget = *holding.front();
  const Json status = budget.value("status", Json::object());
  const auto number = [&](const char* name) { return status.value(name, std::int64_t{0}); };
  const bool spare =
      number("currentHealthy") >= number("desiredHealthy") && number("desiredHealthy") > 0;
  const bool anyway = text_at(budget, ".spec.unhealthyPodEvictionPolicy") == "AlwaysAllow" || spare;
  if ((!is_ready(pod) && anyway) || number("disruptionsAllowed") > 0) return true;
  const std::string cause = "The disruption budget " + text_at(budget, ".metadata.name") +
                            " needs " + std::to_string(number("desiredHealthy")) +
                            " healthy pods and has " + std::to_string(number("currentHealthy")) +
                            " currently";
  return Failure{
      429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
      Json{{"causes", Json::array({{{"reason", "DisruptionBudget"}, {"message", cause}}})}}.dump()};
}

Json quota_status(const Json& quota, const std::vector<Object>& pods) {
  const Json hard = quota["spec"].value("hard", Json::object());
  Json used = Json::object();
  const Usage usage = has_scopes(quota) ? Usage{} : usage_of(pods);
  for (const auto& [name, most] : hard.items()) {
    const auto found = usage.find(name);
    used[name] = text_of(name, found == usage.end() ? 0 : found->second);
  }
  return {{"hard", hard}, {"used", used}};
}

Answer<bool> check_quota(const Json& quota, const std::vector<Object>& pods, const Json* before,
                         const Json& pod) {
  if (has_scopes(quota)) return true;
  const Usage used = usage_of(pods);
  Usage had = before == nullptr ? Usage{} : usage_of(*before);
  Usage wanted = usage_of(pod);
  std::string requested_text, used_text, limited_text;
  const Json hard = quota["spec"].value("hard", Json::object());
  for (const auto& [name, most] : hard.items()) {
    if (!is_counted(name)) continue;
    if (!wanted.contains(name))
      return forbidden(pod, "failed quota: " + text_at(quota, ".metadata.name") +
                                ": must specify " + name +
                                " for: " + text_at(pod, ".spec.containers[0].name"));
    const std::int64_t more = wanted[name] - had[name];
    const auto now = used.find(name);
    const std::int64_t taken = now == used.end() ? 0 : now->second;
    if (more <= 0 || taken + more <= amount_of(name, most)) continue;
    const auto add = [&](std::string& text, const std::string& value) {
      text += (text.empty() ? "" : ",") + name + "=" + value;
    };
    add(requested_text, text_of(name, more));
    add(used_text, text_of(name, taken));
    add(limited_text, most.is_string() ? most.get<std::string>() : most.dump());
  }
  if (requested_text.empty()) return true;
  return forbidden(pod, "exceeded quota: " + text_at(quota, ".metadata.name") + ", requested: " +
                            requested_text + ", used: " + used_text + ", limited: " + limited_text);
}

}  // namespace penstock::apiserver
