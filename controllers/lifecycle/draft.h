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
  Note verdict;  // on a version that is bad and stays
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

// The phase of a job whose process is to be started: what made that necessary, else Deploying.
Phase starting_phase(const Draft& draft);
// Whether the Pod should be long gone: its node does not answer, and nothing waits for it, since
// the log of checkpoints fences its process.
bool is_overdue(const Draft& draft, const api::Pod& pod);
// Whether the Pod's node does not answer; false when nodes cannot be seen.
bool node_is_lost(const Draft& draft, const api::Pod& pod);
// The job as the version says, with its SQL. Nothing: neither spec nor a ConfigMap has it.
std::optional<api::StreamJob> version_job(const Draft& draft, std::string_view hash);
// The version is what runs now, or is being started.
void note_version(Draft& draft, const std::string& hash);
// ConfigMap and Pod of a version, and what else it needs, as far as they are not there.
// False: its spec is lost.
bool create_pod(Draft& draft, const PodOrder& order);

// Counts a new Pod, so that the active one becomes an old one, and deletes that.
void replace_pod(Draft& draft, const Process& process, Phase phase, std::string restore_from);
// Deletes Pods that are neither the active one nor its successor; true while one is left that
// should be gone first.
bool remove_old_pods(Draft& draft);
// Creates the Pod of the target, and what it needs.
void start_pod(Draft& draft);

// The engine answers and should go on: its size, and what the autoscaler says.
void plan_size(Draft& draft, const api::JobReport& report, const api::Pod& pod);

// ScalingActive: whether a policy sets spec.parallelism, and who else does. No reason without a
// policy.
Note scaling_note(const Draft& draft);

// A successor that is there: promotes it, gives it up, or lets it go on. True: nothing else is to
// be done now.
bool plan_successor(Draft& draft, const Process& active);
// Begins one, unless there is a reason not to; says so.
bool begin_successor(Draft& draft, api::SuccessorRole role, std::string reason,
                     std::string message);
// Without a word; its Pod goes.
void drop_successor(Draft& draft);
// The job runs as it should: has it to go elsewhere, does it need a standby, is anything left over?
void look_around(Draft& draft, const api::Pod& pod);
// The active process follows: nobody runs the job.
void take_over(Draft& draft, const api::Pod& pod, const api::JobReport& report);
// Another process on the same state is what spec asks for, and a move is the way.
bool moves_to_target(const Draft& draft, const Process& process, std::string_view hash);

// Ends the trial of the version that runs, if that is time; a bad one changes the target.
void judge_version(Draft& draft, const Process& process, std::string_view hash);
bool rolls_back(const Draft& draft);
void plan_roll_back(Draft& draft, const Process& process);

// Orders a stop; the same order again while it is pending, unless the process that took it is gone.
void order_stop(Draft& draft, const char* step, EngineStopMode mode);
// An engine that does not answer is unknown, not gone: nothing is deleted and nothing is rescaled.
void hold_unknown(Draft& draft);
// Whether an order to stop makes sense now; says why not.
bool may_order_stop(Draft& draft, std::string_view doing);
// Whether the job can be stopped and started without losing state.
bool keeps_state(const Draft& draft);

// Conditions, numbers, events.
Plan finish(Draft draft);

}  // namespace penstock
