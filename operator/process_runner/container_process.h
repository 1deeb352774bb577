#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock {

// A local process that stands for one attempt of a Pod's container. Its facts are files in the
// Pod's folder, written by penstock-shim, so that they outlive us: N.run (who it is), N.log (its
// output), N.exit (how it ended). Attempts count from 0.

struct ContainerLaunch {
  std::filesystem::path folder;
  int attempt = 0;
  std::vector<std::string> command;                              // command[0] is an absolute path
  std::vector<std::pair<std::string, std::string>> environment;  // all that the process gets
  std::filesystem::path working_directory;
};

struct ContainerExit {
  int code = 0;  // 128 + signal after a signal, as a kubelet shows it
  int signal = 0;
  Millis started_at = 0;
  Millis finished_at = 0;
  friend bool operator==(const ContainerExit&, const ContainerExit&) = default;
};

// What the files of one attempt say, checked against /proc.
struct ContainerFacts {
  enum class State { kNone, kRunning, kExited } state = State::kNone;
  std::int64_t pid = 0;
  Millis started_at = 0;
  ContainerExit exit;  // kExited only; code 137 when the machine restarted or the keeper was killed
  friend bool operator==(const ContainerFacts&, const ContainerFacts&) = default;
};

// Starts it under `shim` (path of penstock-shim); returns once it runs. kInvalid when the program
// cannot be executed.
Status launch_container(const std::filesystem::path& shim, const ContainerLaunch& launch);
// An end that no keeper has written down is written down now: the wait before the next attempt
// counts from one moment.
ContainerFacts read_container(const std::filesystem::path& folder, int attempt, Millis now);
// Sends `signal` to the process if it is still the one that was started.
void signal_container(const std::filesystem::path& folder, int attempt, int signal);

std::filesystem::path container_log(const std::filesystem::path& folder, int attempt);

}  // namespace penstock
