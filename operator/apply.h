#pragma once

#include <filesystem>
#include <vector>

#include "operator/k8s/transport.h"
#include "runtime/base/result.h"

namespace penstock {

// Applies manifests (server-side, as manager "penstock-up") from YAML or JSON files, or from all
// *.yaml, *.yml and *.json files of a folder. Fields that somebody else has set otherwise since are
// left alone, with a line in the log. kInvalid names the file and the object that was refused; the
// others are still applied.
Status apply_manifests(k8s::Transport& transport, const std::vector<std::filesystem::path>& paths);

}  // namespace penstock
