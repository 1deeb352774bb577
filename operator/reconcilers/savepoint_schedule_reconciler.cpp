#include "operator/reconcilers/savepoint_schedule_reconciler.h"

#include "controllers/api/json.h"
#include "controllers/lifecycle/savepoint_schedule.h"
#include "operator/reconcilers/restore_users.h"
#include "runtime/base/log.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr Duration kCacheLag = 50ms;

// A cheap test before a whole job is read: it is woken with every report.
bool may_have_schedule(const k8s::Object& job) {
  return job.text().find("\"schedule\"") != std::string::npos;
}

}  // namespace

Result<NextLook> SavepointScheduleReconciler::reconcile(const std::string& key) {
  if (expectations_.pending(key)) return NextLook(kCacheLag);
  const auto object = context_.stores.jobs.find(k8s::parse_key(key));
  if (!object) expectations_.forget(key);
  if (!object || !may_have_schedule(*object)) return NextLook();
  ObservedSavepoints seen{.now = context_.clock.now()};
  TRY_ASSIGN(seen.job, api::parse<api::StreamJob>(object->text()));
  for (const k8s::Object& one : context_.stores.snapshots.owned_by(object->uid()))
    if (auto snapshot = api::parse<api::JobSnapshot>(one.text()))
      seen.owned.push_back(std::move(*snapshot));
  if (!seen.owned.empty())
    seen.in_use = restored_from(context_, object->key().space, RestoreFrom::kAlways);

  const SavepointsPlan plan = plan_savepoints(seen);
  for (const DeleteSnapshot& it : plan.remove) {
    const k8s::ObjectKey name{object->key().space, it.name};
    const Status removed =
        context_.writer.remove(k8s::job_snapshots(), name, {it.uid, it.resource_version});
    if (!removed && removed.error().code != Code::kNotFound) return removed.error();
    expectations_.removed(key, context_.stores.snapshots, name, it.uid);
    log::info("snapshot expired", {{"path", k8s::to_string(name)}});
  }
  if (plan.create) {
    auto made =
        context_.writer.create(k8s::job_snapshots(), object->key().space, plan.create->json);
    if (!made && made.error().code == Code::kAlreadyExists) {
      // Made by an attempt whose answer was lost; anything else of that name is in the way.
      made = context_.reader.get(k8s::job_snapshots(), {object->key().space, plan.create->name});
      if (made && made->meta().controller_uid != object->uid())
        return Error{Code::kInvalid, "JobSnapshot " + plan.create->name +
                                         " is there and is not this job's; delete or rename it"};
    }
    if (!made) return made.error();
    expectations_.wrote(key, context_.stores.snapshots, *made);
  }
  return plan.requeue.delay;
}

}  // namespace penstock
