#include "runtime/job_file.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

const std::string kHead = R"(
apiVersion: penstock.dev/v1alpha1
kind: StreamJob
metadata: {name: orders, uid: u-1}
spec:
  sql: |
    CREATE TABLE t (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '10');
    CREATE TABLE o (id BIGINT) WITH ('connector' = 'blackhole');
    INSERT INTO o SELECT id FROM t;
)";

TEST(ParseManifest, TakesWhatThePodNeeds) {
  const auto job = parse_manifest(kHead + R"(
  parallelism: 3
  keyGroups: 16
  checkpoints: {interval: 1s, timeout: 2m, minPause: 10ms, tolerableFailures: 0, retained: 5,
                storage: {uri: "file:///srv/checkpoints"}}
  restart: {initialDelay: 2s, maxDelay: 3s, maxAttempts: 4}
  resources: {state: {memory: 64Mi}}
  upgrade: {allowDroppedState: true}
  variables: [{name: A, value: "1"}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}]
)");
  ASSERT_TRUE(job) << job.error().message;
  const JobOptions& options = job->options;
  EXPECT_EQ(options.identity, (JobIdentity{"orders", "u-1"}));
  EXPECT_EQ(options.parallelism.value, 3u);
  EXPECT_EQ(options.key_groups, 16u);
  EXPECT_EQ(options.interval, std::chrono::seconds(1));
  EXPECT_EQ(options.timeout, std::chrono::minutes(2));
  EXPECT_EQ(options.min_pause, std::chrono::milliseconds(10));
  EXPECT_EQ(options.tolerable_failures, 0);
  EXPECT_EQ(options.retained, 5);
  EXPECT_EQ(options.checkpoints, "file:///srv/checkpoints");
  EXPECT_EQ(options.restart.initial_delay, std::chrono::seconds(2));
  EXPECT_EQ(options.restart.max_delay, std::chrono::seconds(3));
  EXPECT_EQ(options.restart.max_attempts, 4);
  EXPECT_EQ(options.state_memory, 64 << 20);
  EXPECT_TRUE(options.allow_dropped_state);
  EXPECT_EQ(job->variables, (std::map<std::string, std::string>{{"A", "1"}}));
}

struct Refusal {
  const char* name;
  const char* spec;
  std::vector<std::string> says;
};

class RefusedManifest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedManifest, NamesThePathAndWhatToDo) {
  const auto job = parse_manifest(kHead + GetParam().spec);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, Code::kInvalid);
  for (const std::string& part : GetParam().says)
    EXPECT_NE(job.error().message.find(part), std::string::npos) << job.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedManifest,
    testing::Values(
        Refusal{"UnknownField",
                "  paralelism: 2\n",
                {"unknown field \"spec.paralelism\"; did you mean 'parallelism'?"}},
        Refusal{"UnknownFieldBelow",
                "  checkpoints: {intervall: 5s}\n",
                {"\"spec.checkpoints.intervall\"; did you mean 'interval'?"}},
        Refusal{"UnknownFieldInAList",
                "  variables: [{name: A, valeu: x}]\n",
                {"\"spec.variables[0].valeu\"; did you mean 'value'?"}},
        Refusal{"UnknownFieldUnlikeAnyOther", "  colour: red\n", {"unknown field \"spec.colour\""}},
        Refusal{"NotBuilt", "  mode: Batch\n", {"spec.mode: NotImplemented"}},
        Refusal{"WrongType", "  parallelism: two\n", {"spec.parallelism: "}},
        Refusal{"OutOfBounds",
                "  keyGroups: 0\n  restart: {maxAttempts: -1}\n",
                {"spec.keyGroups: ", "spec.restart.maxAttempts: "}},
        Refusal{"MoreSlotsThanKeyGroups",
                "  keyGroups: 2\n  parallelism: 3\n",
                {"spec.parallelism: ", "keyGroups 2"}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ParseManifest, WrongSqlHasItsPathLineAndColumn) {
  const auto job = parse_manifest(R"({"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob",
    "metadata": {"name": "orders"}, "spec": {"sql": "INSERT INTO o SELECT 1"}})");
  ASSERT_FALSE(job);
  EXPECT_NE(job.error().message.find("spec.sql: line 1, column "), std::string::npos)
      << job.error().message;
}

TEST(ParseManifest, SqlFromElsewhereIsForTheOperator) {
  const auto job = parse_manifest(R"({"apiVersion": "penstock.dev/v1alpha1", "kind": "StreamJob",
    "metadata": {"name": "orders"}, "spec": {"sqlFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}})");
  ASSERT_FALSE(job);
  EXPECT_NE(job.error().message.find("spec.sql: "), std::string::npos) << job.error().message;
}

TEST(ParseManifest, NoStreamJob) {
  const auto job = parse_manifest("kind: ConfigMap\n");
  ASSERT_FALSE(job);
  EXPECT_NE(job.error().message.find("kind: StreamJob"), std::string::npos);
}

}  // namespace
}  // namespace penstock
