#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "operator/k8s/transport.h"
#include "operator/process_runner/pod_plan.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock {

struct ProcessRunnerOptions {
  std::filesystem::path data;     // Pods lie in data/pods
  std::filesystem::path shim;     // penstock-shim
  std::filesystem::path program;  // penstock, what the engine's image means here
  std::string node_name = "local";
  Amount capacity{.millicpu = 16000, .bytes = 64LL << 30};
};

// The kubelet and the scheduler of one machine: registers its Node, then starts, watches, probes
// and ends the processes of all Pods. Whatever thread makes it; it works in threads of its own.
// Destroying it leaves the processes running, as a crash would.
class ProcessRunner {
 public:
  // `transport` and `clock` outlive it. Returns once the Node is registered.
  static Result<std::unique_ptr<ProcessRunner>> start(ProcessRunnerOptions options,
                                                      k8s::Transport& transport, Clock& clock);
  virtual ~ProcessRunner() = default;

  // Asks every process to end, and kills what still runs after `grace`. Returns when none is left.
  virtual void stop_all(Duration grace) = 0;
};

// Where the output of an attempt of a Pod's container is; attempt -1 is the newest, -2 the one
// before. Nothing when there was none.
std::optional<std::filesystem::path> find_log(const std::filesystem::path& data,
                                              const std::string& pod_uid, int attempt);

}  // namespace penstock
