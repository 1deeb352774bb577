#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/api/job_report.h"
#include "controllers/api/scaling_policy.h"
#include "controllers/autoscaler/load.h"
#include "controllers/autoscaler/stabilize.h"

namespace penstock {

// What is carried from one decision to the next. Starting with an empty one is safe: a window of
// reports has to come in first, and the size found counts as recommended.
struct ScalingHistory {
  std::vector<LoadSample> samples;  // oldest first
  ScalingMemory memory;
  std::int32_t last_size = 0;  // 0: none seen yet
  friend bool operator==(const ScalingHistory&, const ScalingHistory&) = default;
};

// What the decision is about, besides the policy.
struct ScalingLimits {
  std::int32_t current = 1;  // slots that are wanted now: spec.parallelism
  std::int32_t least = 1;    // of the job; the policy's bounds apply too
  std::int32_t most = 32768;
};

// The record of one decision.
struct ScalingDecision {
  Millis at = 0;
  api::ScalingMode mode = api::ScalingMode::kAuto;
  std::int32_t current = 0;
  std::int32_t raw = 0;    // what the load asks for, before any rule; 0: unknown
  std::int32_t slots = 0;  // what it should be now
  // Overloaded, Underloaded, OnTarget, WithinTolerance, Stabilizing, RateLimited, AtMaximum,
  // AtMinimum, LoadUnknown, WindowTooShort, NotSteady, LagTooHigh, BusierThanTarget, NoRoomBelow,
  // Off.
  std::string reason;
  std::string message;  // the same with the numbers
  JobLoad load;
  friend bool operator==(const ScalingDecision&, const ScalingDecision&) = default;
};

struct ScalingStep {
  ScalingDecision decision;
  ScalingHistory history;
};

// Adds a report to the history. A report that is not newer than the newest one changes nothing.
ScalingHistory remember(ScalingHistory history, const api::JobReport& report,
                        const api::Objective& objective);

// Decides the size. Nothing is ever shrunk on what is unknown.
ScalingStep decide_scaling(ScalingHistory history, const api::ScalingPolicySpec& policy,
                           const ScalingLimits& limits, Millis now);

}  // namespace penstock
