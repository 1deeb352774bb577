#pragma once

#include <map>
#include <string>

#include "controllers/api/stream_job.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

// What KEDA is told about a StreamJob. Pure.
namespace penstock::keda {

enum class Metric {
  kSlots,  // that the job's ScalingPolicy recommends
  kLag,    // rows that its sources have not read yet
};
std::string name_of(Metric metric);  // "penstock-slots", "penstock-lag"

// A trigger of a ScaledObject.
struct Trigger {
  std::string name_space, job;
  Metric metric = Metric::kSlots;
  double target = 1;  // of the metric, for each slot
};

// `metadata`: job (default: the ScaledObject's own name), metric (slots or lag; default slots), and
// for lag target. kInvalid says which one is wrong.
Result<Trigger> read_trigger(const std::string& name_space, const std::string& scaled_object,
                             const std::map<std::string, std::string>& metadata);

// The metric now. kUnavailable, with why, when it is not known; kConflict when the job's policy
// sets the size itself.
Result<double> value_of(const Trigger& trigger, const api::StreamJob& job, Millis now);

// False when it is known that there is nothing to do: no row comes, none waits, or the job is
// suspended or over.
bool is_active(const api::StreamJob& job, Millis now);

}  // namespace penstock::keda
