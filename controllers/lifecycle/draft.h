#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controllers/lifecycle/phases.h"
#include "controllers/lifecycle/plan.h"

// A plan in the making; what the files of this folder share.
namespace penstock {

// What a condition will say.
struct Note {
  api::Truth status = api::Truth::kUnknown;
  std::string reason, message;
};
inline Note yes(std::string_view reason, std::string message) {
  return {api::Truth::kTrue, std::string(reason), std::move(message)};
}
inline Note no(std::string_view reason, std::string message) {
  return {api::Truth::kFalse, std::string(reason), std::move(message)};
}
inline Note unknown(std::string_view reason, std::string message) {
  return {api::Truth::kUnknown, std::string(reason), std::move(message)};
}

// What should run: the version, and whether it is the one that spec asks for.
struct Target {
  std::string hash;      // empty: nothing can run
  bool refused = false;  // spec asks for another version, which was refused
};

struct Draft {
  const Observed& seen;
  api::StreamJobStatus status;  // begins as the observed one
  Phase phase = Phase::kPending;
  Target target;
  Note accepted, ready, progressing, degraded;
  std::vector<Action> actions;
  std::vector<EventNote> events;
  bool soon = false;  // something is under way: look again in a second
  ScalingHistory scaling;
  std::optional<ScalingDecision> decision;

  const api::StreamJob& job() const { return seen.job; }
  const api::StreamJobSpec& spec() const { return seen.job.spec; }
};

// What there is of the job's process.
struct Process {
  enum class State {
    kNone,         // no Pod
    kTerminating,  // the Pod is being deleted
    kStarting,     // the Pod is there, its process is not: pulling, unschedulable, between restarts
    kUp,           // the process runs; whether it answers is another question
    kEnded,        // it said how it ended
    kLost,         // the Pod has failed without its saying so
  } state = State::kNone;
  const api::Pod* pod = nullptr;
  api::EndingReport ending;     // kEnded
  std::string reason, message;  // kStarting: what keeps it
  bool trouble = false;         // kStarting: it will not go by itself
};
Process look_at(const api::Pod* pod, const std::optional<api::JobReport>& report);

// What a person can do about a reason that Kubernetes gives ("ErrImagePull", "OOMKilled"), as the
// end of a sentence: "; ...". Empty for one that needs nothing said.
std::string way_out(std::string_view reason);

// How the Pod's last process died, in words; empty when it did not, or longer ago than 10 minutes.
std::string recent_death(const api::Pod& pod, Millis now);

// What a process wrote as its termination message: {"kind": "Finished", "reason": "InputEnded",
// "message": "..."}. Anything else is Failed with reason EndingUnknown.
api::EndingReport parse_ending(const std::string& text);

// Whether restoreNonce asks for another start from restoreFrom, whose snapshot is complete.
bool restores_again(const Draft& draft);

// Whether spec asks for another process than the one that `hash` names.
bool asks_for_new_process(const Draft& draft, std::string_view hash);

// Counts a new Pod, so that the active one becomes an old one, and deletes that.
void replace_pod(Draft& draft, const Process& process, Phase phase, std::string restore_from);
// Deletes Pods that are not the active one; true while any is left.
bool remove_old_pods(Draft& draft);
// Creates the Pod of the target, and what it needs.
void start_pod(Draft& draft);

// The engine answers and should go on: its size, and what the autoscaler says.
void plan_size(Draft& draft, const api::JobReport& report, const api::Pod& pod);

// ScalingActive: whether a policy sets spec.parallelism, and who else does. No reason without a
// policy.
Note scaling_note(const Draft& draft);

// Conditions, numbers, events.
Plan finish(Draft draft);

}  // namespace penstock
