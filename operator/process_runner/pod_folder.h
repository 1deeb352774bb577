#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "operator/process_runner/container_process.h"
#include "operator/process_runner/pod_plan.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

namespace penstock {

// Where the values of a Pod's ConfigMaps and Secrets come from: key -> value of one object.
// kNotFound when it is not there.
using ReadKeys = std::function<Result<std::map<std::string, std::string>>(PodMount::Kind kind,
                                                                          const std::string& name)>;

// The directory of one Pod below the runner's data directory, named by its uid: attempts, mounts,
// working directory, address, termination message. What is known of a Pod is read back from it
// after a crash. One thread.
class PodFolder {
 public:
  PodFolder(std::filesystem::path root, const std::string& uid) : path_(std::move(root) / uid) {
    CHECK(!uid.empty());  // it would be the folder of all Pods
  }

  const std::filesystem::path& path() const { return path_; }
  // All attempts, by number.
  std::vector<ContainerFacts> attempts(Millis now) const;
  std::string pod_ip() const;  // empty before set_pod_ip
  Status set_pod_ip(const std::string& ip);
  std::string termination_message() const;  // at most 4096 bytes, as a kubelet keeps

  // Writes the mounts and makes everything ready for `attempt`: `program` runs in place of the
  // image's penstock. kInvalid carries the kubelet's reason in front: "CreateContainerConfigError:
  // configmap \"orders\" not found".
  Result<ContainerLaunch> prepare(const PodView& pod, int attempt,
                                  const std::filesystem::path& program, const ReadKeys& read_keys);
  // Makes the mounted ConfigMaps and Secrets show what they hold now. Errors as of prepare.
  Status write_volumes(const PodView& pod, const ReadKeys& read_keys);
  void remove();

 private:
  std::filesystem::path path_;
};

// `text` with every mount path (and what lies below it) replaced by where it lies on this machine.
// Pure.
std::string replace_paths(std::string text,
                          const std::vector<std::pair<std::string, std::string>>& paths);
// Kubernetes' $(NAME) in commands and values; $$ is a dollar; an unknown name stays as it is. Pure.
std::string expand_references(const std::string& text,
                              const std::map<std::string, std::string>& values);

}  // namespace penstock
