#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace penstock {

// `penstock-operator run`: the operator against the cluster of a kubeconfig, or the one it runs in.
// Returns the exit code: 0 stopped, 1 failed, 2 wrong use.
int run_main(const std::vector<std::string>& args);

// Deletes every checkpoint below `uri`. kInvalid unless it is a place on this machine: the operator
// has no engine's credentials.
Status delete_local_checkpoints(const std::string& uri);

}  // namespace penstock
