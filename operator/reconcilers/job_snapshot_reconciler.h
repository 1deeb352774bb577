#pragma once

#include <map>
#include <string>
#include <string_view>

#include "controllers/lifecycle/snapshot_plan.h"
#include "operator/manager/controller.h"
#include "operator/reconcilers/context.h"
#include "runtime/base/guarded.h"

namespace penstock {

// Takes the savepoints and checkpoints that JobSnapshots ask for, and deletes the files of those
// that go. Any worker.
class JobSnapshotReconciler final : public Reconciler {
 public:
  explicit JobSnapshotReconciler(const ReconcileContext& context) : context_(context) {}

  std::string_view name() const override { return "jobsnapshot"; }
  Result<NextLook> reconcile(const std::string& key) override;

 private:
  // One snapshot in one round.
  struct Round {
    const std::string& key;
    k8s::Object object;  // as last written
    ObservedSnapshot seen;
  };
  // Refills: a new leader tries again at once.
  struct Memory {
    Millis not_before = 0;
    int disposals = 0;  // that failed
  };

  ObservedSnapshot observe(const api::JobSnapshot& snapshot, const Memory& memory) const;
  Status write(Round& round, const api::JobSnapshotStatus& status);
  void record(const Round& round, const EventNote& event) const;
  Status apply(Round& round, const SnapshotPlan& plan);
  Status set_finalizer(Round& round, bool ours);
  // Whether the order that was given has ended, and its result is written.
  Result<bool> take_result(Round& round);
  Status delete_files(Round& round, const DeleteFiles& action);
  Status dispose(Round& round, const EngineDispose& action);
  void order(const Round& round, const std::string& id, std::int64_t generation,
             std::int64_t decision, decltype(EngineOrder::what) what);

  const ReconcileContext& context_;
  k8s::Expectations expectations_;
  Guarded<std::map<std::string, Memory>> memories_;  // by key
};

}  // namespace penstock
