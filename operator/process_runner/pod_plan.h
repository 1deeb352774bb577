#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/process_runner/container_process.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock {

// What the process runner reads of a Pod. One container; anything else is refused with a reason in
// the Pod's status.
struct PodEnvironment {
  std::string name;
  std::string value;  // when `source` is kValue; may hold $(NAME) of an earlier variable
  enum class Source { kValue, kSecretKey, kConfigMapKey, kField } source = Source::kValue;
  std::string object,
      key;  // of the Secret or ConfigMap; kField: `key` is the path ("status.podIP")
  bool optional = false;
};

struct PodMount {
  std::string path;  // in the container
  enum class Kind { kConfigMap, kSecret, kEmptyDir } kind = Kind::kEmptyDir;
  std::string volume;  // its name in the Pod
  std::string object;  // of the ConfigMap or Secret
  struct Item {
    std::string key, path;
    std::optional<unsigned> mode;
  };
  std::vector<Item> items;  // empty: every key is a file of its own name
  unsigned mode = 0644;     // of files; none of a Secret's is for others than its owner
  bool optional = false;    // an absent object or key is no error
};

// A readiness, liveness or startup probe: GET http://pod:port/path.
struct Probe {
  std::string path = "/";
  int port = 0;
  int initial_delay_seconds = 0;
  int period_seconds = 10;
  int timeout_seconds = 1;
  int success_threshold = 1;
  int failure_threshold = 3;
  std::optional<std::int64_t> grace_seconds;  // of the kill that it asks for; else the Pod's
};

// CPU and memory, as a scheduler adds them up.
struct Amount {
  std::int64_t millicpu = 0;
  std::int64_t bytes = 0;
  friend bool operator==(const Amount&, const Amount&) = default;
};

struct PodView {
  std::string name_space, name, uid;
  std::string container, image;
  std::vector<std::string> command, args;
  std::vector<PodEnvironment> environment;
  std::vector<PodMount> mounts;
  std::string restart_policy = "Always";  // Always | OnFailure | Never
  std::int64_t grace_seconds = 30;
  std::string termination_message_path = "/dev/termination-log";
  std::optional<Probe> readiness, liveness, startup;
  std::optional<Millis> deleted_at;  // deletionTimestamp: when the grace ends
  std::int64_t deletion_grace_seconds = 0;
  std::string resources_json = "{}";  // of the container, as it stands in spec
  Amount requests;                    // of it, what the scheduler counts
  std::string accepted_json = "{}";   // the resources that status says the container has
  bool scheduled = false;             // has a spec.nodeName
  std::string phase;                  // as status has it
  std::string pod_ip;                 // as status has it; empty before the first start
};

// Reads a Pod's JSON. kInvalid says what this runner cannot do ("init containers", "volume type
// hostPath of volume data").
Result<PodView> read_pod(std::string_view json);

// What a probe has told of a running container, folded over its results.
struct ProbeState {
  bool ready = false;
  int successes = 0, failures = 0;  // in a row
  Millis last_at = 0;               // 0: never
  bool in_flight = false;           // its answer wakes the runner
};
ProbeState after_probe(ProbeState state, const Probe& probe, bool success, Millis now);
// When to probe next, given when the container started.
Millis next_probe_at(const ProbeState& state, const Probe& probe, Millis started_at);

struct ProbeStates {
  ProbeState readiness, liveness, startup;
};
// Until the startup probe has succeeded the others wait.
bool has_started(const PodView& pod, const ProbeStates& states);
// The liveness or startup probe for which the container has to be killed; null: none.
const Probe* killing_probe(const PodView& pod, const ProbeStates& states);

// Whether a request fits beside what is granted already. `reason` as the scheduler or the kubelet
// words it; empty when it fits.
struct Fit {
  bool ever = true;  // false: not even on an empty node
  std::string reason;
};
Fit fit_node(const Amount& node, const Amount& granted, const Amount& wanted);

// What is known of a Pod on this machine.
struct PodFacts {
  std::vector<ContainerFacts> attempts;  // by number; the last one is current
  ProbeStates probes;
  std::string
      start_error;  // why the newest attempt could not be started: CamelCase reason, ": ", message
  Millis start_failed_at = 0;
  std::string pod_ip;
  std::string termination_message;     // of the newest ended attempt
  std::optional<Millis> term_sent_at;  // when the current attempt was asked to end
  Fit fit;                             // of the Pod's requests beside those of all other Pods here
};

// What to do with a Pod now, and what its status says. Pure. Times are those of `now`.
struct PodPlan {
  enum class Action {
    kNothing,
    kStart,      // attempt number facts.attempts.size()
    kTerminate,  // SIGTERM
    kKill,       // SIGKILL
    kForget,     // nothing runs any more: the object may go
  } action = Action::kNothing;
  std::string reason;
  std::string status_json;        // the whole .status as a kubelet reports it
  std::optional<Millis> wake_at;  // look again then, if nothing happens before
};
PodPlan plan_pod(const PodView& pod, const PodFacts& facts, bool image_is_known, Millis now);

// How long to wait before the attempt after `attempts`: none after the first crash, then 10 s
// doubling up to 5 min; a run of 10 min resets it (as a kubelet).
Duration restart_delay(const std::vector<ContainerFacts>& attempts);

// A loopback address for a Pod, none of `taken`. All Pods listen on the same ports, so where two
// control planes run on one machine their addresses must differ: each begins at a /24 of
// 127.64.0.0/10 that follows from `data`, its directory.
std::string free_pod_ip(std::string_view data, const std::set<std::string>& taken);

}  // namespace penstock
