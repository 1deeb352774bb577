#pragma once

#include <functional>
#include <string>

#include "controllers/desired/installation.h"
#include "controllers/desired/objects.h"
#include "operator/cache/expectations.h"
#include "operator/engines/engine_client.h"
#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "operator/reconcilers/event_recorder.h"
#include "operator/reconcilers/stores.h"
#include "runtime/base/clock.h"

namespace penstock {

// What all reconcilers work with. Everything outlives them.
struct ReconcileContext {
  const Stores& stores;
  const k8s::Reader& reader;
  const k8s::Writer& writer;
  EngineClient& engines;
  EventRecorder& events;
  Clock& clock;
  Installation installation;
  // A certificate for the process that calls itself so; of the installation's authority. Not called
  // without one.
  std::function<Result<TlsTexts>(const std::string& server_name)> certify;
  // Deletes a job's own checkpoints, for spec.checkpoints.onDelete: Delete. kInvalid when this
  // operator cannot reach the place: the job goes, its checkpoints stay, and an Event says so.
  std::function<Status(const std::string& uri)> delete_checkpoints;
};

}  // namespace penstock
