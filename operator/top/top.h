#pragma once

#include <stop_token>
#include <string>

#include "operator/k8s/transport.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock {

struct TopOptions {
  std::string job;    // only this one; empty: all of them, in every namespace
  bool once = false;  // one screen, then done; also when stdout is no terminal
  std::string note;   // rows that stay at the end of the live screen
};

// Shows the live screen on stdout until `stop`. An API server that cannot be reached is said on the
// screen and asked again.
Status run_top(k8s::Transport& transport, const TopOptions& options, Clock& clock,
               const std::stop_token& stop);

}  // namespace penstock
