#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/api/meta.h"
#include "runtime/base/clock.h"

namespace penstock::api {

enum class ScalingMode { kAuto, kRecommend, kOff };
constexpr auto names_of(ScalingMode) {
  return std::array<std::string_view, 3>{"Auto", "Recommend", "Off"};
}
enum class ScalingModel { kPenstock, kFlinkOperator };
constexpr auto names_of(ScalingModel) {
  return std::array<std::string_view, 2>{"Penstock", "FlinkOperator"};
}
enum class PolicyType { kPercent, kPods };
constexpr auto names_of(PolicyType) { return std::array<std::string_view, 2>{"Percent", "Pods"}; }
enum class SelectPolicy { kMax, kMin, kDisabled };
constexpr auto names_of(SelectPolicy) {
  return std::array<std::string_view, 3>{"Max", "Min", "Disabled"};
}

struct Objective {
  double utilization = 0.7;  // busy share aimed at
  Duration max_lag = std::chrono::seconds(30);
  Duration catch_up = std::chrono::minutes(2);
  Duration window = std::chrono::seconds(15);
  friend bool operator==(const Objective&, const Objective&) = default;
};

// HPA v2's words. Pods counts slots.
struct RatePolicy {
  PolicyType type = PolicyType::kPercent;
  std::int32_t value = 100;
  std::int32_t period_seconds = 15;
  friend bool operator==(const RatePolicy&, const RatePolicy&) = default;
};

struct ScaleUpRules {
  std::int32_t stabilization_window_seconds = 0;
  SelectPolicy select_policy = SelectPolicy::kMax;
  double tolerance = 0.1;
  std::vector<RatePolicy> policies = {{PolicyType::kPercent, 400, 15}};
  friend bool operator==(const ScaleUpRules&, const ScaleUpRules&) = default;
};

struct ScaleDownRules {
  std::int32_t stabilization_window_seconds = 60;
  SelectPolicy select_policy = SelectPolicy::kMax;
  double tolerance = 0.1;
  std::vector<RatePolicy> policies = {{PolicyType::kPercent, 50, 60}};
  friend bool operator==(const ScaleDownRules&, const ScaleDownRules&) = default;
};

struct ScalingBehavior {
  ScaleUpRules scale_up;
  ScaleDownRules scale_down;
  friend bool operator==(const ScalingBehavior&, const ScalingBehavior&) = default;
};

struct Schedule {
  std::string name, start;
  Duration duration{0};
  std::string time_zone;
  std::optional<std::int32_t> min_parallelism, max_parallelism;
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

struct ExcludedWindow {
  std::string name, start;
  Duration duration{0};
  std::string time_zone;
  friend bool operator==(const ExcludedWindow&, const ExcludedWindow&) = default;
};

struct IdleRules {
  bool scale_to_zero = false;
  Duration after = std::chrono::minutes(10);
  Duration peek = std::chrono::minutes(2);
  friend bool operator==(const IdleRules&, const IdleRules&) = default;
};

struct Budget {
  std::optional<std::int32_t> max_rescales_per_hour;
  std::optional<MilliCpu> cpu;
  std::optional<Bytes> memory;
  friend bool operator==(const Budget&, const Budget&) = default;
};

struct GroupBounds {
  std::string name;
  std::optional<std::int32_t> min_parallelism, max_parallelism;
  friend bool operator==(const GroupBounds&, const GroupBounds&) = default;
};

struct ScalingPolicySpec {
  ScalingMode mode = ScalingMode::kAuto;
  std::int32_t min_parallelism = 1;
  std::int32_t max_parallelism = 32;
  Objective objective;
  ScalingBehavior behavior;
  std::vector<Schedule> schedules;
  std::vector<ExcludedWindow> excluded;
  IdleRules idle;
  Budget budget;
  std::vector<GroupBounds> groups;
  ScalingModel model = ScalingModel::kPenstock;
  Strings flink_operator;
  friend bool operator==(const ScalingPolicySpec&, const ScalingPolicySpec&) = default;
};

struct ScaledJob {
  std::string name;
  std::int32_t current = 0, recommended = 0;
  std::string reason;
  Time at;
  friend bool operator==(const ScaledJob&, const ScaledJob&) = default;
};

struct ScalingPolicyStatus {
  std::int64_t observed_generation = 0;
  std::vector<ScaledJob> jobs;
  std::vector<Condition> conditions;
  friend bool operator==(const ScalingPolicyStatus&, const ScalingPolicyStatus&) = default;
};

struct ScalingPolicy {
  static constexpr std::string_view kKind = "ScalingPolicy";
  ObjectMeta metadata;
  ScalingPolicySpec spec;
  ScalingPolicyStatus status;
  friend bool operator==(const ScalingPolicy&, const ScalingPolicy&) = default;
};

}  // namespace penstock::api
