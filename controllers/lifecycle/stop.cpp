#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"

namespace penstock {
namespace {

void refuse_without_storage(Draft& draft) {
  draft.progressing = no("NoStorage",
                         "stopping the job would lose its state; set "
                         "spec.checkpoints.storage.uri");
}

}  // namespace

void order_stop(Draft& draft, const char* step, EngineStopMode mode) {
  auto& pending = draft.status.pending;
  const bool lost = pending && draft.seen.report->started_at >= pending->since.millis;
  if (!pending || pending->step != step || lost) {
    pending = api::Pending{
        .step = step, .decision = ++draft.status.counters.decisions, .since = {draft.seen.now}};
    if (mode == EngineStopMode::kSavepoint)
      pending->uri = snapshot_uri(draft.job(), draft.seen.installation,
                                  (std::string_view(step) == "Upgrade" ? "upgrade-" : "suspend-") +
                                      std::to_string(pending->decision));
  }
  draft.actions.push_back(EngineStop{.mode = mode,
                                     .savepoint_uri = pending->uri,
                                     .generation = draft.job().metadata.generation,
                                     .decision = pending->decision});
}

void hold_unknown(Draft& draft) {
  if (draft.seen.unknown_since == 0) {
    draft.ready = no("EngineStarting", "the process runs and has not answered yet");
    draft.progressing = yes("EngineStarting", draft.ready.message);
  } else {
    draft.ready =
        unknown("EngineUnreachable",
                "no answer since " + api::format_time({draft.seen.unknown_since}) +
                    "; nothing is changed until the engine answers: " + draft.seen.unknown_reason);
    draft.progressing = unknown("EngineUnreachable", draft.ready.message);
  }
  draft.soon = true;
}

bool keeps_state(const Draft& draft) {
  return !checkpoint_uri(draft.job(), draft.seen.installation).empty() ||
         draft.spec().upgrade.allow_dropped_state;
}

bool may_order_stop(Draft& draft, std::string_view doing) {
  draft.soon = true;
  if (!draft.seen.report) {
    hold_unknown(draft);
    return false;
  }
  if (!keeps_state(draft)) {
    refuse_without_storage(draft);
    return false;
  }
  draft.progressing = yes(doing, "the engine takes a last snapshot and stops");
  const std::string& phase = draft.seen.report->phase;
  return phase == "Running" || phase == "Rescaling";
}

}  // namespace penstock
