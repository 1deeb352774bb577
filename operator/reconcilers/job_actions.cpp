#include "operator/reconcilers/job_actions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "controllers/api/json.h"
#include "controllers/desired/names.h"
#include "runtime/base/log.h"
#include "runtime/base/overloaded.h"

namespace penstock {
namespace {

using Json = nlohmann::json;

// An order that is said to be done and is still wanted after this has been lost by the engine.
constexpr Duration kUntilSeen = std::chrono::seconds(30);

}  // namespace

std::string with_status(const k8s::Object& object, const std::string& status_json) {
  Json body = Json::parse(object.text());
  body["metadata"].erase("managedFields");
  body["status"] = Json::parse(status_json);
  return body.dump();
}

Status JobActions::write_status(const api::StreamJobStatus& status) {
  TRY_ASSIGN(job_, context_.writer.update(k8s::stream_jobs(), job_.key(),
                                          with_status(job_, api::encode(status)), "status"));
  expectations_.wrote(key_, context_.stores.jobs, job_);
  return ok();
}

Status JobActions::change_job(const std::string& merge_patch) {
  TRY_ASSIGN(job_, context_.writer.patch(k8s::stream_jobs(), job_.key(), merge_patch));
  expectations_.wrote(key_, context_.stores.jobs, job_);
  return ok();
}

Status JobActions::apply(const Action& action) {
  const auto finalizers = [&](bool ours) {
    Json list = Json::parse(job_.text())["metadata"].value("finalizers", Json::array());
    list.erase(std::remove(list.begin(), list.end(), Json(api::kFinalizer)), list.end());
    if (ours) list.push_back(api::kFinalizer);
    const Json meta{{"finalizers", list}, {"resourceVersion", job_.resource_version()}};
    return change_job(Json{{"metadata", meta}}.dump());
  };
  const auto handle = Overloaded{
      [&](const AddFinalizer&) { return finalizers(true); },
      [&](const RemoveFinalizer&) { return finalizers(false); },
      [&](const CreateConfigMap& it) {
        return create(k8s::config_maps(), context_.stores.config_maps, it.object);
      },
      [&](const DeleteConfigMap& it) {
        return remove(k8s::config_maps(), context_.stores.config_maps, it.name, it.uid,
                      it.resource_version);
      },
      [&](const CreateCertificate&) { return create_certificate(); },
      [&](const CreateDisruptionBudget&) { return create_budget(); },
      [&](const CreatePod& it) { return create(k8s::pods(), context_.stores.pods, it.object); },
      [&](const DeletePod& it) {
        return remove(k8s::pods(), context_.stores.pods, it.name, it.uid, it.resource_version);
      },
      [&](const ResizePod& it) { return resize(it); },
      [&](const EngineRescale& it) {
        return order(memory_.followed, "rescale", it.generation, it.decision,
                     EngineOrder::Rescale{static_cast<std::uint32_t>(it.slots), it.reason});
      },
      [&](const EngineStop& it) {
        using Mode = EngineOrder::Stop::Mode;
        return order(
            memory_.followed, "stop", it.generation, it.decision,
            EngineOrder::Stop{it.mode == EngineStopMode::kSavepoint ? Mode::kSavepoint : Mode::kNow,
                              it.savepoint_uri});
      },
      [&](const EngineSavepoint& it) {
        return order(memory_.followed, "savepoint " + it.uri, it.generation, it.decision,
                     EngineOrder::Savepoint{it.uri});
      },
      [&](const EngineHandOver& it) {
        return order(memory_.followed, "hand over", it.generation, it.decision,
                     EngineOrder::HandOver{});
      },
      [&](const EngineTakeOver& it) {
        return order(it.pod_uid, "take over", it.generation, it.decision,
                     EngineOrder::TakeOver{it.now});
      },
      [&](const DeleteCheckpoints& it) { return delete_checkpoints(it.uri); },
      [&](const SetParallelism& it) {
        return change_job(Json{{"metadata", {{"resourceVersion", job_.resource_version()}}},
                               {"spec", {{"parallelism", it.slots}}}}
                              .dump());
      },
  };
  return std::visit(handle, action);
}

Status JobActions::create(const k8s::Resource& resource, const k8s::ObjectStore& store,
                          const DesiredObject& object) {
  const k8s::ObjectKey key{job_.key().space, object.name};
  auto made = context_.writer.create(resource, key.space, object.json);
  if (!made && made.error().code == Code::kAlreadyExists) {
    // Made by an earlier attempt whose answer was lost; anything else of that name is in the way.
    made = context_.reader.get(resource, key);
    if (made && made->meta().controller_uid != job_.uid()) {
      return Error{Code::kInvalid, resource.kind + " " + object.name +
                                       " is there and is not this job's; delete or rename it"};
    }
  }
  if (!made) return made.error();
  expectations_.wrote(key_, store, *made);
  return ok();
}

// Secrets are not read: one that is there was made by an earlier attempt, as its name says. One
// that somebody else put there is not of the authority, and the engine will not be believed.
Status JobActions::create_certificate() {
  TRY_ASSIGN(const api::StreamJob job, api::parse<api::StreamJob>(job_.text()));
  TRY_ASSIGN(const TlsTexts texts, context_.certify(engine_server_name(job)));
  const DesiredObject secret = build_certificate(job, texts, context_.installation);
  const auto made = context_.writer.create(k8s::secrets(), job_.key().space, secret.json);
  if (!made && made.error().code != Code::kAlreadyExists) return made.error();
  return ok();
}

// One of that name that is there stays as it is, whoever made it.
Status JobActions::create_budget() {
  TRY_ASSIGN(const api::StreamJob job, api::parse<api::StreamJob>(job_.text()));
  const DesiredObject budget = build_disruption_budget(job);
  const auto made =
      context_.writer.create(k8s::disruption_budgets(), job_.key().space, budget.json);
  if (!made && made.error().code != Code::kAlreadyExists) return made.error();
  return ok();
}

Status JobActions::remove(const k8s::Resource& resource, const k8s::ObjectStore& store,
                          const std::string& name, const std::string& uid,
                          const std::string& version) {
  const k8s::ObjectKey key{job_.key().space, name};
  const Status removed = context_.writer.remove(resource, key, {uid, version});
  if (!removed && removed.error().code != Code::kNotFound) return removed;
  expectations_.removed(key_, store, key, uid);
  return ok();
}

Status JobActions::resize(const ResizePod& action) {
  const k8s::ObjectKey key{job_.key().space, action.name};
  const auto pod = context_.stores.pods.find(key);
  if (!pod || pod->uid() != action.uid) {
    return Error{Code::kConflict, "the Pod to be resized has changed: " + action.name};
  }
  const std::string body = resized_pod(pod->text(), action.size);
  if (body.empty()) return Error{Code::kInternal, "a Pod without containers: " + action.name};
  const auto resized = context_.writer.update(k8s::pods(), key, body, "resize");
  if (!resized && resized.error().code == Code::kNotFound) {
    // A Pod that is there without its subresource: the next look moves the job instead.
    const auto there = context_.reader.get(k8s::pods(), key);
    memory_.can_resize = !there || there->uid() != action.uid;
  }
  if (!resized) return resized.error();
  expectations_.wrote(key_, context_.stores.pods, *resized);
  return ok();
}

Status JobActions::order(const std::string& engine, const std::string& what,
                         std::int64_t generation, std::int64_t decision,
                         decltype(EngineOrder::what) order) {
  const std::string base = what + " " + std::to_string(generation) + "/" + std::to_string(decision);
  JobMemory::Tries& tries = memory_.attempts[base];
  const std::string id = base + "/" + std::to_string(tries.failed);
  const auto outcome = context_.engines.outcome(engine, id);
  if (outcome && outcome->state == OrderOutcome::State::kFailed) {
    tries = {tries.failed +
             1};  // the next look orders anew, after the back-off that this error asks for
    return outcome->error.value_or(Error{Code::kUnavailable, "the engine failed"}).within(what);
  }
  if (outcome && outcome->state == OrderOutcome::State::kDone) {
    const Duration now = context_.clock.monotonic();
    if (now - tries.done_since.value_or(now) >= kUntilSeen) {
      tries = {tries.failed + 1};
      return Error{Code::kUnavailable,
                   "the engine took the order and did not carry it out: " + what};
    }
    if (!tries.done_since) tries.done_since = now;
  }
  if (outcome) return ok();  // under way, or done: the report will say so
  if (memory_.attempts.size() > 32) {
    std::erase_if(memory_.attempts, [&](const auto& entry) { return entry.first != base; });
  }
  context_.engines.order(engine, {.id = id,
                                  .generation = static_cast<std::uint64_t>(generation),
                                  .decision = static_cast<std::uint64_t>(decision),
                                  .deadline = std::chrono::minutes(10),
                                  .what = std::move(order)});
  return ok();
}

Status JobActions::delete_checkpoints(const std::string& uri) {
  const Status deleted = context_.delete_checkpoints
                             ? context_.delete_checkpoints(uri)
                             : Status(Error{Code::kInvalid, "this operator cannot reach it"});
  if (deleted || deleted.error().code != Code::kInvalid) return deleted;
  context_.events.record(k8s::stream_jobs(), job_,
                         {.warning = true,
                          .reason = "CheckpointsKept",
                          .action = "Delete",
                          .note = "the checkpoints at " + uri +
                                  " stay; delete them yourself: " + deleted.error().message});
  return ok();
}

}  // namespace penstock
