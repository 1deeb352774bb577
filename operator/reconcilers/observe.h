#pragma once

#include <optional>

#include "controllers/lifecycle/plan.h"
#include "operator/reconcilers/context.h"
#include "operator/reconcilers/job_memory.h"

namespace penstock {

// Reads from the caches and the engine client what the plan for `job` depends on, compiles what has
// to be compiled, and keeps the engine client following the job's active Pod. No request is made.
// kInvalid when the object cannot be read at all.
Result<Observed> observe_job(const ReconcileContext& context, const k8s::Object& job,
                             JobMemory& memory);

// Where the engine in this Pod answers; nothing while it has no address or is being deleted.
std::optional<EngineTarget> engine_target(const api::StreamJob& job, const api::Pod& pod,
                                          const Installation& installation);

// What the engine client knows the job's active process by; empty while there is none.
std::string engine_key(const ReconcileContext& context, const api::StreamJob& job);

}  // namespace penstock
