#include "controllers/api/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controllers/api/job_report.h"
#include "controllers/api/pod.h"
#include "controllers/api/stream_job.h"

namespace penstock::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kWhole = R"({
  "apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob",
  "metadata": {"name": "bids", "namespace": "default", "uid": "u-1", "resourceVersion": "12", "generation": 3,
    "creationTimestamp": "2026-11-22T18:00:00Z", "labels": {"a": "b"}, "finalizers": ["penstock.dev/job"], "selfLink": "x",
    "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "o-1", "controller": true}]},
  "spec": {
    "sql": "INSERT INTO a SELECT * FROM b", "state": "Suspended", "image": "penstock:2", "parallelism": 4, "keyGroups": 64,
    "variables": [{"name": "A", "value": ""}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
    "resources": {"base": {"cpu": "250m", "memory": 134217728}, "slot": {"cpu": 1, "memory": "1Gi"}},
    "checkpoints": {"interval": "1m30s", "storage": {"uri": "file:///c"}, "savepoints": {"maxAge": ""}, "onDelete": "Delete"},
    "scaling": {"policy": {"maxParallelism": 8, "objective": {"utilization": 0.5},
      "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 30}]}}}},
    "template": {"spec": {"nodeSelector": {"x": "y"}}}},
  "status": {"observedGeneration": 2, "phase": "Rescaling",
    "conditions": [{"type": "Ready", "status": "True", "reason": "Running", "message": "", "lastTransitionTime": "2026-11-22T18:00:01Z"}],
    "operators": [{"name": "count", "parallelism": 2, "busy": 0.25}], "lastScale": {"from": 1, "to": 2, "pauseMs": 1.5}}
})";

TEST(StreamJobJson, ReadsEveryPart) {
  const Decoded<StreamJob> decoded = decode_text<StreamJob>(kWhole);
  EXPECT_THAT(decoded.errors, IsEmpty()) << join(decoded.errors);
  EXPECT_THAT(decoded.unknown, IsEmpty());
  const StreamJob& job = decoded.value;
  EXPECT_EQ(job.metadata.name, "bids");
  EXPECT_EQ(job.metadata.creation_timestamp.millis, 1795370400000);
  EXPECT_TRUE(job.metadata.owner_references.at(0).controller);
  EXPECT_EQ(job.spec.state, DesiredState::kSuspended);
  EXPECT_EQ(job.spec.resources.base.cpu.value, 250);
  EXPECT_EQ(job.spec.resources.base.memory.value, 134217728);
  EXPECT_EQ(job.spec.resources.slot.cpu.value, 1000);
  EXPECT_EQ(job.spec.variables.at(0).value, "");
  EXPECT_EQ(job.spec.variables.at(1).value_from->secret_key_ref.key, "k");
  EXPECT_EQ(job.spec.checkpoints.interval, std::chrono::seconds(90));
  EXPECT_FALSE(job.spec.checkpoints.savepoints.max_age);
  EXPECT_EQ(job.spec.scaling.policy->behavior.scale_up.policies,
            (std::vector<RatePolicy>{{PolicyType::kPods, 2, 30}}));
  EXPECT_EQ(job.spec.scaling.policy->behavior.scale_down.policies.size(), 1u);
  EXPECT_EQ(job.spec.pod_template.text, R"({"spec":{"nodeSelector":{"x":"y"}}})");
  EXPECT_EQ(job.status.phase, Phase::kRescaling);
  EXPECT_EQ(job.status.operators.at(0).busy, 0.25);
  EXPECT_FALSE(job.status.operators.at(0).lag);
}

TEST(StreamJobJson, WritesWhatItReads) {
  const StreamJob job = parse<StreamJob>(kWhole).value();
  const auto again = parse<StreamJob>(encode(job));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, job);
  EXPECT_THAT(encode(job), HasSubstr(R"("apiVersion":"penstock.dev/v1alpha1")"));
}

TEST(StreamJobJson, LeavesDefaultsOutButForWhatOthersReadAlways) {
  EXPECT_EQ(to_value(StreamJobSpec{}).dump(), R"({"parallelism":1})");
  EXPECT_EQ(to_value(StreamJobStatus{})["phase"], "Pending");
  EXPECT_FALSE(to_value(StreamJobStatus{}).contains("operators"));
}

struct Bad {
  const char* spec;
  const char* path;
  const char* reason;
};

TEST(StreamJobJson, NamesThePathOfWhatIsWrong) {
  const Bad rows[] = {
      {R"({"parallelism": 0})", "spec.parallelism", "FieldValueInvalid"},
      {R"({"parallelism": 40000})", "spec.parallelism", "FieldValueInvalid"},
      {R"({"parallelism": 99999999999})", "spec.parallelism", "FieldValueTypeInvalid"},
      {R"({"parallelism": "2"})", "spec.parallelism", "FieldValueTypeInvalid"},
      {R"({"state": "Paused"})", "spec.state", "FieldValueNotSupported"},
      {R"({"standby": 1})", "spec.standby", "FieldValueTypeInvalid"},
      {R"({"checkpoints": {"interval": "soon"}})", "spec.checkpoints.interval",
       "FieldValueInvalid"},
      {R"({"checkpoints": []})", "spec.checkpoints", "FieldValueTypeInvalid"},
      {R"({"resources": {"slot": {"memory": "1Gb"}}})", "spec.resources.slot.memory",
       "FieldValueInvalid"},
      {R"({"variables": [{"name": "A"}, {"value": "b"}]})", "spec.variables[1].name",
       "FieldValueRequired"},
      {R"({"variables": [{"name": "2A"}]})", "spec.variables[0].name", "FieldValueInvalid"},
      {R"({"scaling": {"policyRef": {"name": "No_Good"}}})", "spec.scaling.policyRef.name",
       "FieldValueInvalid"},
      {R"({"template": "x"})", "spec.template", "FieldValueTypeInvalid"},
  };
  for (const Bad& row : rows) {
    const auto decoded =
        decode_text<StreamJob>(std::string(R"({"metadata":{"name":"a"},"spec":)") + row.spec + "}");
    ASSERT_EQ(decoded.errors.size(), 1u) << row.spec << join(decoded.errors);
    EXPECT_EQ(decoded.errors[0].path, row.path);
    EXPECT_EQ(decoded.errors[0].reason, row.reason) << row.spec;
  }
  EXPECT_EQ(decode_text<StreamJob>("{").errors.size(), 1u);
  EXPECT_EQ(decode_text<StreamJob>("{}").errors.at(0).path, "spec");
}

TEST(StreamJobJson, ReportsUnknownMembers) {
  const auto decoded = decode_text<StreamJob>(
      R"({"metadata": {"anything": 1}, "spec": {"paralellism": 2, "checkpoints": {"storage": {"url": ""}}, "template": {"free": 1}}})");
  EXPECT_THAT(decoded.unknown, ElementsAre("spec.checkpoints.storage.url", "spec.paralellism"));
}

TEST(NotImplemented, NamesEachMemberThatIsSet) {
  const auto refused = [](const char* spec) {
    std::vector<std::string> paths;
    for (const FieldError& error : not_implemented(parse<StreamJobSpec>(spec).value(), "spec")) {
      EXPECT_EQ(error.reason, "NotImplemented");
      EXPECT_THAT(error.message, HasSubstr("is not implemented yet"));
      paths.push_back(error.path);
    }
    return paths;
  };
  EXPECT_THAT(refused("{}"), IsEmpty());
  EXPECT_THAT(refused(R"({"engine": "Embedded", "mode": "Streaming", "standby": false})"),
              IsEmpty());
  EXPECT_THAT(refused(R"({"engine": "Flink"})"), ElementsAre("spec.engine"));
  EXPECT_THAT(refused(R"({"mode": "Batch", "standby": true})"), ElementsAre("spec.mode"));
  EXPECT_THAT(refused(R"({"resources": {"state": {"backend": "RocksDB", "disk": "1Gi"}}})"),
              ElementsAre("spec.resources.state.backend", "spec.resources.state.disk"));
  EXPECT_THAT(refused(R"({"upgrade": {"mode": "Stateless", "rollback": false}})"),
              ElementsAre("spec.upgrade.mode"));
  EXPECT_THAT(
      refused(R"({"operators": [{"name": "a", "parallelism": 2}, {"name": "b", "group": "g"}]})"),
      ElementsAre("spec.operators[1].group"));
  EXPECT_THAT(refused(R"({"standby": true, "flink": {"version": "2.0"}})"),
              ElementsAre("spec.flink"));
  EXPECT_THAT(
      refused(
          R"({"scaling": {"policy": {"mode": "Recommend", "schedules": [{"name": "a", "start": "b"}]}}})"),
      ElementsAre("spec.scaling.policy.schedules"));
}

TEST(PodJson, IsReadLeniently) {
  const auto pod =
      parse<Pod>(R"({"metadata": {"name": "p", "deletionTimestamp": "2026-11-22T18:00:00Z"},
    "spec": {"nodeName": "n", "volumes": [{}], "containers": [{"name": "c", "resources": {"requests": {"cpu": "1500m", "memory": "1Gi"}}}]},
    "status": {"phase": "Running", "podIP": "127.64.0.1", "containerStatuses": [{"name": "c", "ready": true, "restartCount": 2,
      "lastState": {"terminated": {"exitCode": 139, "reason": "Error"}}}]}})");
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_TRUE(pod->metadata.deletion_timestamp);
  EXPECT_EQ(pod->spec.containers[0].resources.requests.cpu->value, 1500);
  EXPECT_EQ(pod->status.container_statuses[0].last_state.terminated->exit_code, 139);
  EXPECT_FALSE(pod->status.container_statuses[0].state.terminated);
}

TEST(JobReportJson, KeepsUnknownApartFromZero) {
  JobReport report{.job = "a", .phase = "Running"};
  report.chains = {{.name = "x", .behind = 0}, {.name = "y"}};
  report.ending = EndingReport{EndingKind::kStopped, "Stopped", ""};
  const auto again = parse<JobReport>(encode(report));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, report);
  EXPECT_EQ(again->chains[0].behind, 0u);
  EXPECT_FALSE(again->chains[1].behind);
}

TEST(TimeText, RoundTripsAndTakesOffsets) {
  EXPECT_EQ(format_time(parse_time("2026-11-22T18:00:00Z").value()), "2026-11-22T18:00:00Z");
  EXPECT_EQ(format_time(parse_time("2026-11-22T18:00:00.123456Z").value()),
            "2026-11-22T18:00:00.123Z");
  EXPECT_EQ(format_time(parse_time("2026-11-22T19:30:00+01:30").value()), "2026-11-22T18:00:00Z");
  for (const char* text :
       {"", "2026-11-22", "2026-13-22T18:00:00Z", "2026-02-30T18:00:00Z", "2026-11-22T18:00:00",
        "2026-11-22T18:00:00Zz", "2026-11-22T18:00:00+0100"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(SetCondition, KeepsTheTimeWhileTheStatusStays) {
  std::vector<Condition> conditions;
  set_condition(
      conditions,
      {.type = "Ready", .status = Truth::kTrue, .last_transition_time = {1000}, .reason = "A"});
  set_condition(
      conditions,
      {.type = "Ready", .status = Truth::kTrue, .last_transition_time = {2000}, .reason = "B"});
  EXPECT_EQ(conditions.at(0).last_transition_time.millis, 1000);
  EXPECT_EQ(conditions.at(0).reason, "B");
  set_condition(
      conditions,
      {.type = "Ready", .status = Truth::kFalse, .last_transition_time = {3000}, .reason = "C"});
  EXPECT_EQ(find_condition(conditions, "Ready")->last_transition_time.millis, 3000);
}

}  // namespace
}  // namespace penstock::api
