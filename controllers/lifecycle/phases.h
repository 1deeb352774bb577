#pragma once

#include <algorithm>
#include <array>

#include "controllers/api/stream_job.h"

namespace penstock {

using api::Phase;

struct Edge {
  Phase from, to;
};

// Which phase may follow which, and what causes it.
inline constexpr std::array kEdges = {
    Edge{Phase::kPending, Phase::kDeploying},      // a Pod is created
    Edge{Phase::kPending, Phase::kSuspended},      // it should not run, and never did
    Edge{Phase::kDeploying, Phase::kRunning},      // the engine reports that it processes
    Edge{Phase::kDeploying, Phase::kFinished},     // the input ended before that was seen
    Edge{Phase::kDeploying, Phase::kFailed},       // the engine reports that it cannot run
    Edge{Phase::kDeploying, Phase::kUpgrading},    // another version is wanted already
    Edge{Phase::kDeploying, Phase::kSuspended},    // it should not run after all
    Edge{Phase::kRunning, Phase::kRescaling},      // another size is ordered
    Edge{Phase::kRescaling, Phase::kRunning},      // the engine reports that size
    Edge{Phase::kRunning, Phase::kUpgrading},      // another version, or a restart, is wanted
    Edge{Phase::kRescaling, Phase::kUpgrading},    // the same, during a rescale
    Edge{Phase::kUpgrading, Phase::kRunning},      // the new process reports that it processes
    Edge{Phase::kUpgrading, Phase::kFinished},     // the new process ended: input used up
    Edge{Phase::kUpgrading, Phase::kFailed},       // the new process cannot run
    Edge{Phase::kUpgrading, Phase::kSuspended},    // it should not run after all
    Edge{Phase::kUpgrading, Phase::kDeploying},    // the new process was lost
    Edge{Phase::kRunning, Phase::kDeploying},      // the Pod was lost
    Edge{Phase::kRescaling, Phase::kDeploying},    // the same, during a rescale
    Edge{Phase::kRunning, Phase::kSuspended},      // the savepoint is written, the Pod is gone
    Edge{Phase::kRescaling, Phase::kSuspended},    // the same, ordered during a rescale
    Edge{Phase::kSuspended, Phase::kDeploying},    // it should run again
    Edge{Phase::kRunning, Phase::kFinished},       // the input ended
    Edge{Phase::kRescaling, Phase::kFinished},     // the same, during a rescale
    Edge{Phase::kRunning, Phase::kFailed},         // restarts are used up
    Edge{Phase::kRescaling, Phase::kFailed},       // the same, during a rescale
    Edge{Phase::kFinished, Phase::kDeploying},     // another version, or a restart, is wanted
    Edge{Phase::kFailed, Phase::kDeploying},       // the same
    Edge{Phase::kFailed, Phase::kSuspended},       // it should not run any more
    Edge{Phase::kRunning, Phase::kMoving},         // a successor is to follow, or to take over
    Edge{Phase::kRescaling, Phase::kMoving},       // the same, during a rescale
    Edge{Phase::kDeploying, Phase::kMoving},       // the Pod was lost; its standby takes over
    Edge{Phase::kMoving, Phase::kRunning},         // the successor processes, or was given up
    Edge{Phase::kMoving, Phase::kRescaling},       // it processes, with another size than wanted
    Edge{Phase::kMoving, Phase::kDeploying},       // both Pods were lost
    Edge{Phase::kMoving, Phase::kUpgrading},       // another version is wanted meanwhile
    Edge{Phase::kMoving, Phase::kSuspended},       // it should not run after all
    Edge{Phase::kMoving, Phase::kFinished},        // the input ended meanwhile
    Edge{Phase::kMoving, Phase::kFailed},          // restarts are used up meanwhile
    Edge{Phase::kRunning, Phase::kRollingBack},    // the new version is bad
    Edge{Phase::kRescaling, Phase::kRollingBack},  // the same, during a rescale
    Edge{Phase::kUpgrading, Phase::kRollingBack},  // it does not even start
    Edge{Phase::kDeploying, Phase::kRollingBack},  // the same
    Edge{Phase::kMoving, Phase::kRollingBack},     // the same, after a move
    Edge{Phase::kRollingBack, Phase::kRunning},    // the last good version processes
    Edge{Phase::kRollingBack, Phase::kUpgrading},  // another version is wanted meanwhile
    Edge{Phase::kRollingBack, Phase::kDeploying},  // its Pod was lost
    Edge{Phase::kRollingBack, Phase::kSuspended},  // it should not run after all
    Edge{Phase::kRollingBack, Phase::kFinished},   // its input was used up
    Edge{Phase::kRollingBack, Phase::kFailed},     // it cannot run either
    Edge{Phase::kPending, Phase::kDeleting},       // deleted; so from everywhere
    Edge{Phase::kDeploying, Phase::kDeleting},    Edge{Phase::kRunning, Phase::kDeleting},
    Edge{Phase::kRescaling, Phase::kDeleting},    Edge{Phase::kMoving, Phase::kDeleting},
    Edge{Phase::kUpgrading, Phase::kDeleting},    Edge{Phase::kRollingBack, Phase::kDeleting},
    Edge{Phase::kSuspended, Phase::kDeleting},    Edge{Phase::kFinished, Phase::kDeleting},
    Edge{Phase::kFailed, Phase::kDeleting},
};

constexpr bool may_follow(Phase from, Phase to) {
  return std::ranges::any_of(kEdges, [=](Edge e) { return e.from == from && e.to == to; });
}

static_assert(!may_follow(Phase::kPending, Phase::kRunning), "nothing runs before it reported in");
static_assert(!may_follow(Phase::kSuspended, Phase::kRunning), "nor after it was suspended");
static_assert(std::ranges::none_of(kEdges, [](Edge e) { return e.from == Phase::kDeleting; }),
              "what is being deleted does not come back");

// The phase to be in next on the way from `from` to `to`: `to` itself when that is one edge, else
// Deploying when that is a step on the way, else `from`. Status can be edited by anybody, so that
// `from` may be anything.
constexpr Phase step_towards(Phase from, Phase to) {
  if (from == to || may_follow(from, to)) return to;
  return may_follow(from, Phase::kDeploying) ? Phase::kDeploying : from;
}

}  // namespace penstock
