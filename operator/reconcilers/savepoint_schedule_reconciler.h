#pragma once

#include <string>
#include <string_view>

#include "operator/manager/controller.h"
#include "operator/reconcilers/context.h"

namespace penstock {

// Makes and deletes the JobSnapshots that spec.checkpoints.savepoints of a StreamJob asks for. Keys
// are jobs. Any worker.
class SavepointScheduleReconciler final : public Reconciler {
 public:
  explicit SavepointScheduleReconciler(const ReconcileContext& context) : context_(context) {}

  std::string_view name() const override { return "savepointschedule"; }
  Result<NextLook> reconcile(const std::string& key) override;

 private:
  const ReconcileContext& context_;
  k8s::Expectations expectations_;
};

}  // namespace penstock
