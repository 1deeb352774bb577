#pragma once

#include <string>
#include <string_view>

#include "controllers/lifecycle/snapshot_plan.h"
#include "operator/manager/controller.h"
#include "operator/reconcilers/context.h"

namespace penstock {

// Writes the savepoints that JobSnapshots ask for. Any worker.
class JobSnapshotReconciler final : public Reconciler {
 public:
  explicit JobSnapshotReconciler(const ReconcileContext& context) : context_(context) {}

  std::string_view name() const override { return "jobsnapshot"; }
  Result<NextLook> reconcile(const std::string& key) override;

 private:
  ObservedSnapshot observe(const api::JobSnapshot& snapshot) const;
  Status write(const std::string& key, k8s::Object& object, const api::JobSnapshotStatus& before,
               const api::JobSnapshotStatus& status);
  // Sends the order, or takes its outcome into the status.
  Status carry_out(const std::string& key, k8s::Object& object, const ObservedSnapshot& seen,
                   const SnapshotPlan& plan);

  const ReconcileContext& context_;
  k8s::Expectations expectations_;
};

}  // namespace penstock
