#include "operator/reconcilers/stream_job_reconciler.h"

#include <algorithm>
#include <utility>

#include "controllers/api/json.h"
#include "operator/reconcilers/job_actions.h"
#include "operator/reconcilers/observe.h"
#include "runtime/base/log.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

// How soon the cache is looked at again when it does not show our own writes yet; the event that
// brings them wakes the key before.
constexpr Duration kCacheLag = 50ms;
// The autoscaler's tick: how often a job under a policy feeds it a report.
constexpr Duration kScalingTick = 1s;

NextLook next_look(const Plan& plan, const Observed& seen) {
  const bool scaled = seen.policy && seen.policy->mode != api::ScalingMode::kOff && seen.report;
  if (!scaled) return plan.requeue.delay;
  return std::min(plan.requeue.delay.value_or(kScalingTick), kScalingTick);
}

}  // namespace

StreamJobReconciler::StreamJobReconciler(const ReconcileContext& context,
                                         metrics::Registry& metrics)
    : context_(context), collector_(metrics.add_collector([this] { return job_metrics(); })) {}

Result<NextLook> StreamJobReconciler::reconcile(const std::string& key) {
  if (expectations_.pending(key)) return NextLook(kCacheLag);
  const auto object = context_.stores.jobs.find(k8s::parse_key(key));
  if (!object) {
    memories_.forget(key);
    expectations_.forget(key);
    return NextLook();
  }
  const std::shared_ptr<JobMemory> memory = memories_.of(key, object->uid());
  TRY_ASSIGN(const Observed seen, observe_job(context_, *object, *memory));
  Plan plan = plan_stream_job(seen);
  memory->scaling = std::move(plan.scaling);
  memories_.publish(key, plan.status);
  note_decision(key, plan, *memory);

  JobActions actions(context_, expectations_, key, *object, *memory);
  if (plan.status != seen.job.status) TRY(actions.write_status(plan.status));
  for (const EventNote& event : plan.events) {
    context_.events.record(k8s::stream_jobs(), *object,
                           {event.warning, event.reason, "Reconcile", event.message});
  }
  for (const Action& action : plan.actions) {
    if (const Status done = actions.apply(action); !done) {
      note_failure(*object, action, done.error());
      return done.error();
    }
    log::debug("applied", {{"job", key}, {"reason", to_string(action)}});
  }
  return next_look(plan, seen);
}

// Conflicts and the end of leadership pass by themselves; of everything else its owner may want to
// know. Repetitions are one Event.
void StreamJobReconciler::note_failure(const k8s::Object& job, const Action& action,
                                       const Error& error) const {
  if (error.code == Code::kConflict || error.code == Code::kCancelled) return;
  context_.events.record(k8s::stream_jobs(), job,
                         {.warning = true,
                          .reason = "StepFailed",
                          .action = "Reconcile",
                          .note = to_string(action) + ": " + error.message});
}

// A decision is news when it changes the size, or says something else than the last one did.
void StreamJobReconciler::note_decision(const std::string& key, const Plan& plan,
                                        JobMemory& memory) const {
  if (!plan.decision) return;
  const ScalingDecision& decision = *plan.decision;
  const bool scales = decision.slots != decision.current;
  const bool acts = scales && decision.mode == api::ScalingMode::kAuto;
  const auto level = scales ? log::Level::kInfo : log::Level::kDebug;
  const std::string said = decision.reason + " " + std::to_string(decision.slots);
  if (!acts && memory.last_decision == said) return;
  memory.last_decision = said;
  log::write(level, "scaling decision",
             {{"job", key},
              {"from", decision.current},
              {"to", decision.slots},
              {"reason", decision.reason},
              {"message", decision.message}});
}

std::vector<metrics::Family> StreamJobReconciler::job_metrics() const {
  using metrics::Family;
  Family jobs{Family::Kind::kGauge, "penstock_operator_jobs", "Jobs by phase.", {}};
  Family wanted{Family::Kind::kGauge, "penstock_job_slots_wanted", "Slots asked for.", {}};
  Family running{Family::Kind::kGauge, "penstock_job_slots_running", "Slots that process.", {}};
  Family restarts{Family::Kind::kCounter, "penstock_job_restarts_total", "Restarts of a job.", {}};
  Family busy{Family::Kind::kGauge, "penstock_job_busy_ratio", "Busy share of an operator.", {}};
  Family lag{Family::Kind::kGauge, "penstock_job_lag_rows", "Rows not read yet.", {}};
  std::map<std::string, double> phases;
  for (const auto& [key, status] : memories_.statuses()) {
    const k8s::ObjectKey name = k8s::parse_key(key);
    const metrics::Labels labels{{"namespace", name.space}, {"name", name.name}};
    ++phases[std::string(api::to_string(status.phase))];
    wanted.samples.push_back({labels, static_cast<double>(status.parallelism.desired)});
    running.samples.push_back({labels, static_cast<double>(status.parallelism.running)});
    restarts.samples.push_back({labels, static_cast<double>(status.restarts)});
    for (const api::OperatorStatus& one : status.operators) {
      metrics::Labels of_operator = labels;
      of_operator["operator"] = one.name;
      if (one.busy) busy.samples.push_back({of_operator, *one.busy});
      if (one.lag) lag.samples.push_back({of_operator, *one.lag});
    }
  }
  for (const auto& [phase, count] : phases) jobs.samples.push_back({{{"phase", phase}}, count});
  return {jobs, wanted, running, restarts, busy, lag};
}

}  // namespace penstock
