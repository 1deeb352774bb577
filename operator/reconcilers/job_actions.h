#pragma once

#include <string>

#include "controllers/lifecycle/plan.h"
#include "operator/reconcilers/context.h"
#include "operator/reconcilers/job_memory.h"

namespace penstock {

// Carries out one plan for one job, step by step. Repeating a step that was done does no harm.
class JobActions {
 public:
  // `job` as observed. Everything outlives this.
  JobActions(const ReconcileContext& context, k8s::Expectations& expectations, std::string key,
             k8s::Object job, JobMemory& memory)
      : context_(context),
        expectations_(expectations),
        key_(std::move(key)),
        job_(std::move(job)),
        memory_(memory) {}

  Status write_status(const api::StreamJobStatus& status);
  // Returns at once for orders to the engine; the next reconcile sees what became of them.
  Status apply(const Action& action);

  // The job after what was written so far.
  const k8s::Object& job() const { return job_; }

 private:
  Status change_job(const std::string& merge_patch);
  Status create(const k8s::Resource& resource, const k8s::ObjectStore& store,
                const DesiredObject& object);
  Status remove(const k8s::Resource& resource, const k8s::ObjectStore& store,
                const std::string& name, const std::string& uid, const std::string& version);
  Status create_certificate();
  Status create_budget();
  Status resize(const ResizePod& action);
  // `engine`: the engine client's key.
  Status order(const std::string& engine, const std::string& what, std::int64_t generation,
               std::int64_t decision, decltype(EngineOrder::what) order);
  Status delete_checkpoints(const std::string& uri);

  const ReconcileContext& context_;
  k8s::Expectations& expectations_;
  const std::string key_;
  k8s::Object job_;
  JobMemory& memory_;
};

// The body of a PUT on the status subresource: `object` with another status.
std::string with_status(const k8s::Object& object, const std::string& status_json);

}  // namespace penstock
