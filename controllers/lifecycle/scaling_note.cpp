#include <nlohmann/json.hpp>

#include "controllers/lifecycle/draft.h"

namespace penstock {
namespace {

// Who owns spec.parallelism besides the operator: "kubectl", or "kubectl by the scale subresource".
std::string other_writer(const api::StreamJob& job) {
  for (const api::ManagedFields& entry : job.metadata.managed_fields) {
    if (entry.manager == api::kManager) continue;
    const auto fields = nlohmann::json::parse(entry.fields.text, nullptr, false);
    if (!fields.is_object() || !fields.contains("/f:spec/f:parallelism"_json_pointer)) continue;
    return entry.subresource.empty()
               ? entry.manager
               : entry.manager + " by the " + entry.subresource + " subresource";
  }
  return "";
}

// Whoever creates a job owns its first size. It is another writer only if it has changed what the
// latest decision left; from then on it is one until the operator owns the field again.
bool written_since_decision(const api::StreamJob& job) {
  const api::Condition* before = api::find_condition(job.status.conditions, "ScalingActive");
  if (before && before->reason == "TwoWriters") return true;
  const auto& last = job.status.scaling;
  return last && last->mode == api::ScalingMode::kAuto && job.spec.parallelism != last->current &&
         job.spec.parallelism != last->recommended;
}

}  // namespace

Note scaling_note(const Draft& draft) {
  const api::JobScaling& scaling = draft.spec().scaling;
  if (!scaling.policy && !scaling.policy_ref) return {};
  const api::JobError& error = draft.seen.policy_error;
  if (!error.code.empty()) return no(error.code, error.message);
  if (!draft.seen.policy) return {};
  const api::ScalingMode mode = draft.seen.policy->mode;
  if (mode != api::ScalingMode::kAuto)
    return no("Mode" + std::string(api::to_string(mode)), "the policy's mode is " +
                                                              std::string(api::to_string(mode)) +
                                                              ": it does not set spec.parallelism");
  const std::string other = other_writer(draft.job());
  if (!other.empty() && written_since_decision(draft.job()))
    return yes("TwoWriters",
               "spec.parallelism is written by " + other +
                   " and by the job's ScalingPolicy, whose mode is Auto; leave it to one: take it "
                   "out of the manifest, or set the policy's mode to Recommend or Off");
  return yes("PolicyFollowed", "the policy sets spec.parallelism");
}

}  // namespace penstock
