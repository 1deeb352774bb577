#pragma once

#include <string>
#include <string_view>

#include "controllers/api/scaling_policy.h"
#include "operator/manager/controller.h"
#include "operator/reconcilers/context.h"

namespace penstock {

// Says in a ScalingPolicy's status which jobs it sizes and whether it is accepted. The scaling
// itself is part of the plan of each job. Written only when a job comes, goes or changes size, not
// with every decision.
class ScalingPolicyReconciler final : public Reconciler {
 public:
  explicit ScalingPolicyReconciler(const ReconcileContext& context) : context_(context) {}

  std::string_view name() const override { return "scalingpolicy"; }
  Result<NextLook> reconcile(const std::string& key) override;

 private:
  api::ScalingPolicyStatus wanted(const api::ScalingPolicy& policy) const;

  const ReconcileContext& context_;
  k8s::Expectations expectations_;
};

}  // namespace penstock
