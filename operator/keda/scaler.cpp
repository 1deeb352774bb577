#include "operator/keda/scaler.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace penstock::keda {
namespace {

// Numbers in status are brought up to date every ten seconds while the engine answers.
constexpr Millis kFresh = 60'000;

bool is_fresh(const api::Time& at, Millis now) { return now - at.millis < kFresh; }

Error unknown(const api::StreamJob& job, const std::string& what) {
  return {Code::kUnavailable, what + " of StreamJob " + job.metadata.name + " is not known"};
}

Result<double> read_target(const std::string& text) {
  double target = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), target);
  if (failed != std::errc{} || end != text.data() + text.size() || !std::isfinite(target) ||
      target <= 0)
    return Error{Code::kInvalid,
                 "metadata.target should be a number above 0 (rows that wait, for "
                 "each slot), got '" +
                     text + "'"};
  return target;
}

Result<double> recommended_slots(const api::StreamJob& job, Millis now) {
  const auto& scaling = job.status.scaling;
  if (!scaling)
    return Error{
        Code::kUnavailable,
        "nothing is recommended for StreamJob " + job.metadata.name +
            ": does it run, and does spec.scaling name a ScalingPolicy of mode Recommend?"};
  if (scaling->mode == api::ScalingMode::kAuto)
    return Error{Code::kConflict, "the ScalingPolicy of StreamJob " + job.metadata.name +
                                      " has mode Auto and sets spec.parallelism itself; set its "
                                      "mode to Recommend, or remove the ScaledObject"};
  if (scaling->mode == api::ScalingMode::kOff || !is_fresh(scaling->at, now) ||
      scaling->recommended < 1)
    return unknown(job, "the recommended size (mode " + std::string(api::to_string(scaling->mode)) +
                            ", reason " + scaling->reason + ")");
  return static_cast<double>(scaling->recommended);
}

Result<double> waiting_rows(const api::StreamJob& job, Millis now) {
  bool known = false;
  double rows = 0;
  for (const api::OperatorStatus& one : job.status.operators) {
    if (!one.lag) continue;
    known = true;
    rows += *one.lag;
  }
  if (!known || !is_fresh(job.status.refreshed_at, now)) return unknown(job, "the lag");
  return rows;
}

}  // namespace

std::string name_of(Metric metric) {
  return metric == Metric::kSlots ? "penstock-slots" : "penstock-lag";
}

Result<Trigger> read_trigger(const std::string& name_space, const std::string& scaled_object,
                             const std::map<std::string, std::string>& metadata) {
  const auto text = [&](const char* key) -> std::string {
    const auto found = metadata.find(key);
    return found == metadata.end() ? "" : found->second;
  };
  Trigger trigger{.name_space = name_space, .job = text("job")};
  if (trigger.job.empty()) trigger.job = scaled_object;
  const std::string metric = text("metric");
  if (!metric.empty() && metric != "slots" && metric != "lag")
    return Error{Code::kInvalid, "metadata.metric should be slots or lag, got '" + metric + "'"};
  if (metric == "lag") {
    trigger.metric = Metric::kLag;
    TRY_ASSIGN(trigger.target, read_target(text("target")));
  } else if (!text("target").empty()) {
    return Error{Code::kInvalid,
                 "metadata.target is for metric lag; that of slots is 1: leave it out"};
  }
  return trigger;
}

Result<double> value_of(const Trigger& trigger, const api::StreamJob& job, Millis now) {
  return trigger.metric == Metric::kSlots ? recommended_slots(job, now) : waiting_rows(job, now);
}

bool is_active(const api::StreamJob& job, Millis now) {
  const api::Phase phase = job.status.phase;
  if (phase == api::Phase::kSuspended || phase == api::Phase::kFinished ||
      phase == api::Phase::kFailed)
    return false;
  if (job.status.operators.empty() || !is_fresh(job.status.refreshed_at, now)) return true;
  bool lag_known = false;
  const bool quiet = std::ranges::all_of(job.status.operators, [&](const auto& one) {
    lag_known |= one.lag.has_value();
    return one.records_in_per_second && *one.records_in_per_second == 0 && one.lag.value_or(0) == 0;
  });
  return !quiet || !lag_known;
}

}  // namespace penstock::keda
