#include "controllers/admission/admission.h"
#include "controllers/admission/causes.h"

namespace penstock {
namespace {

template <typename Rules>
void check_rules(const Rules& rules, const std::string& path, Verdict& verdict) {
  if (rules.policies.empty() && rules.select_policy != api::SelectPolicy::kDisabled)
    refuse(verdict, path + ".policies", "FieldValueRequired",
           "at least one policy is needed; selectPolicy: Disabled forbids changes");
}

}  // namespace

void check_policy_spec(const api::ScalingPolicySpec& spec, const std::string& path,
                       Verdict& verdict) {
  for (api::FieldError& error : api::not_implemented(spec, path))
    verdict.causes.push_back(std::move(error));
  if (spec.min_parallelism > spec.max_parallelism)
    invalid(verdict, path + ".minParallelism",
            "minParallelism " + std::to_string(spec.min_parallelism) +
                " is more than maxParallelism " + std::to_string(spec.max_parallelism));
  if (spec.objective.window < std::chrono::seconds(1))
    invalid(verdict, path + ".objective.window",
            "should be at least 1s: reports come once a second");
  if (spec.objective.catch_up < std::chrono::seconds(1))
    invalid(verdict, path + ".objective.catchUp", "should be at least 1s");
  check_rules(spec.behavior.scale_up, path + ".behavior.scaleUp", verdict);
  check_rules(spec.behavior.scale_down, path + ".behavior.scaleDown", verdict);
}

Verdict check(const api::ScalingPolicy& next, const api::ScalingPolicy* previous) {
  Verdict verdict;
  if (previous && previous->spec == next.spec) return verdict;
  check_policy_spec(next.spec, "spec", verdict);
  return verdict;
}

}  // namespace penstock
