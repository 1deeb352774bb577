#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "controllers/autoscaler/autoscaler.h"
#include "runtime/base/random.h"

namespace penstock {

// A job with two chains, source and count, on slots that each do one second of work in a second.
struct PlantSettings {
  double source_cost = 2e-6;  // seconds per row
  double count_cost = 30e-6;
  double ratio = 1;  // rows that count gets per row of the source
  double noise = 0;  // relative, of the input rate, per step
  bool knows_lag = true;
};

// The closed loop on a virtual clock, one step a second: load, engine, report, decision.
class Plant {
 public:
  Plant(PlantSettings settings, api::ScalingPolicySpec policy, std::int32_t slots,
        std::uint64_t seed = 1);

  // Runs `seconds` with `rate(t)` rows per second, t from the start of the plant.
  void run(int seconds, const std::function<double(double)>& rate);

  struct Change {
    int at = 0;
    std::int32_t from = 0, to = 0;
    std::string reason;
  };
  std::string story() const;  // a chart as text, for failures

  PlantSettings settings;
  api::ScalingPolicySpec policy;
  std::int32_t slots;
  double backlog = 0;
  int second = 0;
  std::vector<Change> changes;
  ScalingDecision last;
  std::vector<std::int32_t> sizes;  // per second
  std::vector<double> lags;         // rows, per second

 private:
  void work(double arriving);
  api::JobReport report() const;

  Random random_;
  ScalingHistory history_;
  std::uint64_t table_ = 1;
  double source_rows_ = 0, count_rows_ = 0, source_busy_ = 0,
         count_busy_ = 0;  // per subtask, since the table
};

}  // namespace penstock
