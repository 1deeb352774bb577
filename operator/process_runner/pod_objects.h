#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "operator/k8s/transport.h"
#include "operator/process_runner/pod_plan.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock {

// A ConfigMap or Secret that Pods refer to.
struct PodObject {
  std::string space;
  PodMount::Kind kind = PodMount::Kind::kConfigMap;
  std::string name;
  friend auto operator<=>(const PodObject&, const PodObject&) = default;
};

// The ConfigMaps and Secrets of the cluster: read when a container starts, and followed, so that
// what is mounted can follow them. Made and destroyed by its owner's thread; read() from any.
class PodObjects {
 public:
  // `transport` and `clock` outlive it. `on_change` is called in threads of its own and must not
  // block.
  static std::unique_ptr<PodObjects> follow(k8s::Transport& transport, Clock& clock,
                                            std::function<void()> on_change);
  virtual ~PodObjects() = default;

  // Its keys, values decoded, as the API server has them now; blocks. kNotFound when it is absent.
  virtual Result<std::map<std::string, std::string>> read(const PodObject& object) const = 0;
  // What has been made or changed since the last call; at first, all there is.
  virtual std::vector<PodObject> take_changed() = 0;
};

}  // namespace penstock
