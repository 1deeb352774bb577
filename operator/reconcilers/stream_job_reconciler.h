#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/lifecycle/plan.h"
#include "operator/manager/controller.h"
#include "operator/reconcilers/context.h"
#include "operator/reconcilers/job_memory.h"
#include "runtime/metrics/registry.h"

namespace penstock {

// The imperative shell around plan_stream_job(): observe, plan, write status, apply. Any worker.
class StreamJobReconciler final : public Reconciler {
 public:
  StreamJobReconciler(const ReconcileContext& context, metrics::Registry& metrics);

  std::string_view name() const override { return "streamjob"; }
  Result<NextLook> reconcile(const std::string& key) override;

 private:
  void note_decision(const std::string& key, const Plan& plan, JobMemory& memory) const;
  void note_failure(const k8s::Object& job, const Action& action, const Error& error) const;
  std::vector<metrics::Family> job_metrics() const;

  const ReconcileContext& context_;
  k8s::Expectations expectations_;
  JobMemories memories_;
  std::shared_ptr<void> collector_;
};

}  // namespace penstock
