#include "operator/reconcilers/scaling_policy_reconciler.h"

#include <algorithm>

#include "controllers/admission/admission.h"
#include "controllers/api/json.h"
#include "controllers/api/stream_job.h"
#include "operator/reconcilers/job_actions.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr Duration kCacheLag = 50ms;
constexpr std::size_t kListed = 100;

bool same_sizes(const std::vector<api::ScaledJob>& a, const std::vector<api::ScaledJob>& b) {
  return std::ranges::equal(a, b, [](const api::ScaledJob& x, const api::ScaledJob& y) {
    return x.name == y.name && x.current == y.current && x.recommended == y.recommended;
  });
}

}  // namespace

api::ScalingPolicyStatus ScalingPolicyReconciler::wanted(const api::ScalingPolicy& policy) const {
  api::ScalingPolicyStatus status = policy.status;
  status.observed_generation = policy.metadata.generation;
  status.jobs.clear();
  for (const k8s::Object& object : context_.stores.jobs.all()) {
    if (object.key().space != policy.metadata.name_space || status.jobs.size() >= kListed) continue;
    const auto job = api::parse<api::StreamJob>(object.text());
    if (!job || !job->spec.scaling.policy_ref ||
        job->spec.scaling.policy_ref->name != policy.metadata.name) {
      continue;
    }
    api::ScaledJob& entry = status.jobs.emplace_back();
    entry.name = job->metadata.name;
    entry.current = job->spec.parallelism;
    entry.recommended = job->spec.parallelism;
    if (!job->status.scaling) continue;
    entry.recommended = job->status.scaling->recommended;
    entry.reason = job->status.scaling->reason;
    entry.at = job->status.scaling->at;
  }
  const Verdict verdict = check(policy);
  set_condition(status.conditions,
                {.type = "Accepted",
                 .status = verdict.accepted() ? api::Truth::kTrue : api::Truth::kFalse,
                 .observed_generation = policy.metadata.generation,
                 .last_transition_time = {context_.clock.now() / 1000 * 1000},
                 .reason = verdict.accepted() ? "Valid" : verdict.causes.front().reason,
                 .message = api::join(verdict.causes)});
  return status;
}

Result<NextLook> ScalingPolicyReconciler::reconcile(const std::string& key) {
  if (expectations_.pending(key)) return NextLook(kCacheLag);
  const auto object = context_.stores.policies.find(k8s::parse_key(key));
  if (!object) {
    expectations_.forget(key);
    return NextLook();
  }
  TRY_ASSIGN(const api::ScalingPolicy policy, api::parse<api::ScalingPolicy>(object->text()));
  api::ScalingPolicyStatus status = wanted(policy);
  if (same_sizes(status.jobs, policy.status.jobs)) status.jobs = policy.status.jobs;
  if (status == policy.status) return NextLook();
  TRY_ASSIGN(const k8s::Object written,
             context_.writer.update(k8s::scaling_policies(), object->key(),
                                    with_status(*object, api::encode(status)), "status"));
  expectations_.wrote(key, context_.stores.policies, written);
  return NextLook();
}

}  // namespace penstock
