#pragma once

#include "controllers/api/meta_fields.h"
#include "controllers/api/scaling_policy.h"

// The field lists of scaling_policy.h.
namespace penstock::api {

inline constexpr double kMostSlots = 32768;

template <typename V>
void describe(Type<Objective>, V& v) {
  using S = Objective;
  v.rule({.rule = "!has(self.window) || self.window.contains('d') || "
                  "duration(self.window) >= duration('1s')",
          .message_expression = "'should be at least 1s: reports come once a second'",
          .field_path = ".window"});
  v.rule({.rule = "!has(self.catchUp) || self.catchUp.contains('d') || "
                  "duration(self.catchUp) >= duration('1s')",
          .message_expression = "'should be at least 1s'",
          .field_path = ".catchUp"});
  v({.name = "utilization", .doc = "Busy share aimed at.", .minimum = 0.05, .maximum = 1},
    &S::utilization);
  v({.name = "maxLag",
     .doc = "Backlog, in seconds of input, above which it is worked off and nothing shrinks."},
    &S::max_lag);
  v({.name = "catchUp", .doc = "Time in which a backlog is worked off."}, &S::catch_up);
  v({.name = "window", .doc = "How much of the recent past one decision looks at."}, &S::window);
}

template <typename V>
void describe(Type<RatePolicy>, V& v) {
  using S = RatePolicy;
  v({.name = "type",
     .doc = "Percent of the current slots, or Pods: a number of slots.",
     .required = true},
    &S::type);
  v({.name = "value",
     .doc = "The largest change within the period.",
     .required = true,
     .minimum = 1,
     .maximum = 100000},
    &S::value);
  v({.name = "periodSeconds",
     .doc = "How far back changes count.",
     .required = true,
     .minimum = 1,
     .maximum = 1800},
    &S::period_seconds);
}

template <typename S, typename V>
void describe_rules(V& v) {
  v.rule({.rule = "!has(self.policies) || size(self.policies) > 0 || "
                  "(has(self.selectPolicy) && self.selectPolicy == 'Disabled')",
          .message_expression =
              "'at least one policy is needed; selectPolicy: Disabled forbids changes'",
          .field_path = ".policies",
          .reason = "FieldValueRequired"});
  v({.name = "stabilizationWindowSeconds",
     .doc = "Recommendations of this long ago still hold a change back.",
     .minimum = 0,
     .maximum = 3600},
    &S::stabilization_window_seconds);
  v({.name = "selectPolicy",
     .doc = "Which of the policies counts: the one that allows the most, the least, or Disabled."},
    &S::select_policy);
  v({.name = "tolerance",
     .doc = "Relative differences up to this are left alone.",
     .minimum = 0,
     .maximum = 1},
    &S::tolerance);
  v({.name = "policies", .doc = "Limits on how fast slots may change.", .max = 16}, &S::policies);
}

template <typename V>
void describe(Type<ScaleUpRules>, V& v) {
  describe_rules<ScaleUpRules>(v);
}
template <typename V>
void describe(Type<ScaleDownRules>, V& v) {
  describe_rules<ScaleDownRules>(v);
}

template <typename V>
void describe(Type<ScalingBehavior>, V& v) {
  using S = ScalingBehavior;
  v({.name = "scaleUp", .doc = "Rules for growing."}, &S::scale_up);
  v({.name = "scaleDown", .doc = "Rules for shrinking."}, &S::scale_down);
}

template <typename V>
void describe(Type<Schedule>, V& v) {
  using S = Schedule;
  v({.name = "name",
     .doc = "Name of the window.",
     .required = true,
     .format = Format::kLabelName,
     .max = 63},
    &S::name);
  v({.name = "start", .doc = "When it starts, as a cron expression.", .required = true}, &S::start);
  v({.name = "duration", .doc = "How long it lasts."}, &S::duration);
  v({.name = "timeZone", .doc = "IANA name of the time zone of start.", .max = 64}, &S::time_zone);
  v({.name = "minParallelism",
     .doc = "At least this many slots in the window.",
     .minimum = 1,
     .maximum = kMostSlots},
    &S::min_parallelism);
  v({.name = "maxParallelism",
     .doc = "At most this many slots in the window.",
     .minimum = 1,
     .maximum = kMostSlots},
    &S::max_parallelism);
}

template <typename V>
void describe(Type<ExcludedWindow>, V& v) {
  using S = ExcludedWindow;
  v({.name = "name",
     .doc = "Name of the window.",
     .required = true,
     .format = Format::kLabelName,
     .max = 63},
    &S::name);
  v({.name = "start", .doc = "When it starts, as a cron expression.", .required = true}, &S::start);
  v({.name = "duration", .doc = "How long it lasts."}, &S::duration);
  v({.name = "timeZone", .doc = "IANA name of the time zone of start.", .max = 64}, &S::time_zone);
}

template <typename V>
void describe(Type<IdleRules>, V& v) {
  using S = IdleRules;
  v({.name = "scaleToZero", .doc = "Stop the job while there is no input.", .built = false},
    &S::scale_to_zero);
  v({.name = "after", .doc = "How long there has to be no input.", .built = false}, &S::after);
  v({.name = "peek", .doc = "How often a stopped job looks for input.", .built = false}, &S::peek);
}

template <typename V>
void describe(Type<Budget>, V& v) {
  using S = Budget;
  v({.name = "maxRescalesPerHour",
     .doc = "At most this many changes in an hour.",
     .built = false,
     .minimum = 1,
     .maximum = 3600},
    &S::max_rescales_per_hour);
  v({.name = "cpu", .doc = "At most this much CPU.", .built = false}, &S::cpu);
  v({.name = "memory", .doc = "At most this much memory.", .built = false}, &S::memory);
}

template <typename V>
void describe(Type<GroupBounds>, V& v) {
  using S = GroupBounds;
  v({.name = "name",
     .doc = "A resource group of the job.",
     .required = true,
     .format = Format::kLabelName,
     .max = 63},
    &S::name);
  v({.name = "minParallelism",
     .doc = "At least this many slots.",
     .minimum = 1,
     .maximum = kMostSlots},
    &S::min_parallelism);
  v({.name = "maxParallelism",
     .doc = "At most this many slots.",
     .minimum = 1,
     .maximum = kMostSlots},
    &S::max_parallelism);
}

template <typename V>
void describe(Type<ScalingPolicySpec>, V& v) {
  using S = ScalingPolicySpec;
  v.rule({.rule = "self.minParallelism <= self.maxParallelism",
          .message_expression =
              "'minParallelism %d is more than maxParallelism %d'.format([self.minParallelism, "
              "self.maxParallelism])",
          .field_path = ".minParallelism"});
  v({.name = "mode",
     .doc = "Auto decides and acts; Recommend decides, and status says what, for an HPA, KEDA or a "
            "person to act upon; Off does nothing."},
    &S::mode);
  v({.name = "minParallelism", .doc = "Never fewer slots.", .minimum = 1, .maximum = kMostSlots},
    &S::min_parallelism);
  v({.name = "maxParallelism", .doc = "Never more slots.", .minimum = 1, .maximum = kMostSlots},
    &S::max_parallelism);
  v({.name = "objective", .doc = "What is aimed at."}, &S::objective);
  v({.name = "behavior", .doc = "How fast, with the words and the meaning of HPA v2."},
    &S::behavior);
  v({.name = "schedules",
     .doc = "Windows with bounds of their own.",
     .built = false,
     .max = 32,
     .list_key = "name"},
    &S::schedules);
  v({.name = "excluded",
     .doc = "Windows in which nothing is scaled.",
     .built = false,
     .max = 32,
     .list_key = "name"},
    &S::excluded);
  v({.name = "idle", .doc = "What happens without input."}, &S::idle);
  v({.name = "budget", .doc = "Limits over all."}, &S::budget);
  v({.name = "groups",
     .doc = "Bounds per resource group.",
     .built = false,
     .max = 32,
     .list_key = "name"},
    &S::groups);
  v({.name = "model", .doc = "Whose rules decide.", .unbuilt = "FlinkOperator"}, &S::model);
  v({.name = "flinkOperator",
     .doc = "Options of that model, by their names.",
     .built = false,
     .max = 64},
    &S::flink_operator);
}

template <typename V>
void describe(Type<ScaledJob>, V& v) {
  using S = ScaledJob;
  v({.name = "name", .doc = "The StreamJob.", .required = true}, &S::name);
  v({.name = "current", .doc = "Slots that it has.", .always = true}, &S::current);
  v({.name = "recommended", .doc = "Slots that it should have.", .always = true}, &S::recommended);
  v({.name = "reason", .doc = "Why.", .max = 64}, &S::reason);
  v({.name = "at", .doc = "When that was decided."}, &S::at);
}

template <typename V>
void describe(Type<ScalingPolicyStatus>, V& v) {
  using S = ScalingPolicyStatus;
  v({.name = "observedGeneration",
     .doc = "The metadata.generation that status speaks of.",
     .always = true},
    &S::observed_generation);
  v({.name = "jobs", .doc = "The jobs that use it.", .max = 256, .list_key = "name"}, &S::jobs);
  v({.name = "conditions", .doc = "Conditions.", .max = 16, .list_key = "type"}, &S::conditions);
}

template <typename V>
void describe(Type<ScalingPolicy>, V& v) {
  using S = ScalingPolicy;
  v({.name = "metadata", .doc = ""}, &S::metadata);
  v({.name = "spec", .doc = "How jobs that use this policy are sized."}, &S::spec);
  v({.name = "status", .doc = "What was seen and decided."}, &S::status);
}

}  // namespace penstock::api
