#include "controllers/admission/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kSql = R"(
CREATE TABLE a (k BIGINT, v BIGINT) WITH ('connector' = 'datagen');
CREATE TABLE b (k BIGINT, n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO b SELECT k, COUNT(*) FROM a GROUP BY k;
)";

api::StreamJob job() {
  api::StreamJob it;
  it.metadata.name = "a";
  it.spec.sql = kSql;
  return it;
}

std::vector<std::string> paths(const Verdict& verdict) {
  std::vector<std::string> out;
  for (const api::FieldError& cause : verdict.causes)
    out.push_back(cause.path + " " + cause.reason);
  return out;
}

TEST(CheckStreamJob, AcceptsAJobThatCanRun) {
  const Verdict verdict = check(job());
  EXPECT_TRUE(verdict.accepted()) << api::join(verdict.causes);
}

struct Case {
  const char* name;
  void (*change)(api::StreamJobSpec&);
  const char* cause;
};

class Refuses : public testing::TestWithParam<Case> {};

TEST_P(Refuses, WithThePathOfTheField) {
  api::StreamJob it = job();
  GetParam().change(it.spec);
  EXPECT_THAT(paths(check(it)), ElementsAre(GetParam().cause)) << api::join(check(it).causes);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refuses,
    testing::Values(
        Case{"NoSql", [](auto& s) { s.sql = ""; }, "spec.sql FieldValueRequired"},
        Case{"TwoSources", [](auto& s) { s.sql_from = api::SqlSource{{"c", "k"}}; },
             "spec.sqlFrom FieldValueInvalid"},
        Case{"WrongSql", [](auto& s) { s.sql = "SELEC 1"; }, "spec.sql SqlInvalid"},
        Case{"NotBuilt", [](auto& s) { s.engine = api::Engine::kFlink; },
             "spec.engine NotImplemented"},
        Case{"TooManySlots", [](auto& s) { s.parallelism = 721; },
             "spec.parallelism FieldValueInvalid"},
        Case{"TooManyNeeded", [](auto& s) { s.min_parallelism = 721; },
             "spec.minParallelism FieldValueInvalid"},
        Case{"AnOperatorThatIsNotThere",
             [](auto& s) { s.operators = {{.name = "no-such-operator", .parallelism = 2}}; },
             "spec.operators SqlInvalid"},
        Case{"AnOperatorWithTooMany",
             [](auto& s) {
               s.key_groups = 8;
               s.sql = "";
               s.sql_from = api::SqlSource{{"c", "k"}};
               s.operators = {{.name = "x", .parallelism = 9}};
             },
             "spec.operators[0].parallelism FieldValueInvalid"},
        Case{"ASlotOfTwoCpus", [](auto& s) { s.resources.slot.cpu.value = 2000; },
             "spec.resources.slot.cpu FieldValueInvalid"},
        Case{"ASlotOfNothing", [](auto& s) { s.resources.slot.cpu.value = 0; },
             "spec.resources.slot.cpu FieldValueInvalid"},
        Case{"AVariableWithoutValue", [](auto& s) { s.variables = {{.name = "X"}}; },
             "spec.variables[0] FieldValueInvalid"},
        Case{"AVariableTwice",
             [](auto& s) {
               s.variables = {{.name = "X", .value = "1"}, {.name = "X", .value = "2"}};
             },
             "spec.variables[1].name FieldValueDuplicate"},
        Case{"AVariableForTheLinker",
             [](auto& s) { s.variables = {{.name = "LD_PRELOAD", .value = "1"}}; },
             "spec.variables[0].name FieldValueInvalid"},
        Case{"StorageOfAnotherKind", [](auto& s) { s.checkpoints.storage.uri = "gs://b/p"; },
             "spec.checkpoints.storage.uri NotImplemented"},
        Case{"StorageWithoutABucket", [](auto& s) { s.checkpoints.storage.uri = "s3:///p"; },
             "spec.checkpoints.storage.uri FieldValueInvalid"},
        Case{"AVariableThatTheStorageHas",
             [](auto& s) {
               s.checkpoints.storage.secret_ref = api::NameRef{"keys"};
               s.variables = {{.name = "AWS_REGION", .value = "1"}};
             },
             "spec.variables[0].name FieldValueInvalid"},
        Case{"RelativeStorage", [](auto& s) { s.checkpoints.storage.uri = "there"; },
             "spec.checkpoints.storage.uri FieldValueInvalid"},
        Case{"NoInterval", [](auto& s) { s.checkpoints.interval = Duration{0}; },
             "spec.checkpoints.interval FieldValueInvalid"},
        Case{"DelaysInDisorder", [](auto& s) { s.restart.max_delay = Duration{0}; },
             "spec.restart.maxDelay FieldValueInvalid"},
        Case{"AScheduleThatIsNone",
             [](auto& s) { s.checkpoints.savepoints.schedule = "0 25 * * *"; },
             "spec.checkpoints.savepoints.schedule FieldValueInvalid"},
        Case{"RestoreAgainFromNothing", [](auto& s) { s.restore_nonce = 1; },
             "spec.restoreNonce FieldValueInvalid"},
        Case{"RestoreFromNothing", [](auto& s) { s.restore_from.emplace(); },
             "spec.restoreFrom FieldValueInvalid"},
        Case{"TwoPolicies",
             [](auto& s) {
               s.scaling.policy.emplace();
               s.scaling.policy_ref = api::NameRef{"p"};
             },
             "spec.scaling.policy FieldValueInvalid"},
        Case{"ABadPolicyOfItsOwn",
             [](auto& s) {
               s.scaling.policy.emplace();
               s.scaling.policy->min_parallelism = 33;
             },
             "spec.scaling.policy.minParallelism FieldValueInvalid"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(CheckStreamJob, TakesABucketWithItsSecret) {
  api::StreamJob it = job();
  it.spec.checkpoints.storage = {.uri = "s3://bucket/prefix", .secret_ref = api::NameRef{"keys"}};
  it.spec.restore_from = api::RestoreFrom{.uri = "s3://bucket/other#00000042"};
  EXPECT_THAT(paths(check(it)), testing::IsEmpty());
}

TEST(CheckStreamJob, SaysWhereTheSqlIsWrong) {
  api::StreamJob it = job();
  it.spec.sql =
      "CREATE TABLE a (k BIGINT) WITH ('connector' = 'datagen');\nINSERT INTO nowhere SELECT k "
      "FROM a;";
  const Verdict verdict = check(it);
  ASSERT_EQ(verdict.causes.size(), 1u);
  EXPECT_THAT(verdict.causes[0].message, HasSubstr("line 2, column"));
}

TEST(CheckStreamJob, VariablesOfTheSqlHaveToBeThere) {
  api::StreamJob it = job();
  it.spec.sql =
      "CREATE TABLE a (k BIGINT) WITH ('connector' = 'datagen');\n"
      "CREATE TABLE b (k STRING) WITH ('connector' = 'blackhole');\n"
      "INSERT INTO b SELECT '${WHO}' FROM a;";
  EXPECT_THAT(paths(check(it)), ElementsAre("spec.sql SqlInvalid"));
  EXPECT_THAT(check(it).causes[0].message, HasSubstr("${WHO}"));
  it.spec.variables = {{.name = "WHO", .value = "me"}, {.name = "OTHER", .value = "x"}};
  const Verdict verdict = check(it);
  EXPECT_TRUE(verdict.accepted()) << api::join(verdict.causes);
  EXPECT_THAT(verdict.warnings, testing::Contains(HasSubstr("OTHER is not used")));
}

TEST(CheckStreamJob, KeyGroupsStay) {
  const api::StreamJob before = job();
  api::StreamJob after = job();
  after.spec.key_groups = 64;
  EXPECT_THAT(paths(check(after, &before)), ElementsAre("spec.keyGroups FieldValueForbidden"));
}

TEST(CheckStreamJob, AnUnchangedSpecIsNotLookedAtAgain) {
  api::StreamJob broken = job();
  broken.spec.sql = "no longer valid";
  api::StreamJob labelled = broken;
  labelled.metadata.labels["a"] = "b";
  EXPECT_TRUE(check(labelled, &broken).accepted());
  labelled.spec.parallelism = 3;
  EXPECT_TRUE(check(labelled, &broken).accepted());
}

TEST(CheckStreamJob, SqlFromIsCheckedWhenItIsKnown) {
  api::StreamJob it = job();
  it.spec.sql = "";
  it.spec.sql_from = api::SqlSource{{"c", "k"}};
  EXPECT_TRUE(check(it).accepted());
  EXPECT_THAT(paths(check_sql(it, "nonsense")), ElementsAre("spec.sqlFrom SqlInvalid"));
}

TEST(CheckScalingPolicy, Table) {
  struct Row {
    const char* cause;
    void (*change)(api::ScalingPolicySpec&);
  };
  const Row rows[] = {
      {"spec.minParallelism FieldValueInvalid", [](auto& s) { s.min_parallelism = 64; }},
      {"spec.model NotImplemented", [](auto& s) { s.model = api::ScalingModel::kFlinkOperator; }},
      {"spec.budget.cpu NotImplemented", [](auto& s) { s.budget.cpu = api::MilliCpu{1}; }},
      {"spec.idle.scaleToZero NotImplemented", [](auto& s) { s.idle.scale_to_zero = true; }},
      {"spec.behavior.scaleDown.policies FieldValueRequired",
       [](auto& s) { s.behavior.scale_down.policies.clear(); }},
      {"spec.objective.window FieldValueInvalid",
       [](auto& s) { s.objective.window = Duration{1}; }},
  };
  EXPECT_TRUE(check(api::ScalingPolicy{}).accepted());
  for (const Row& row : rows) {
    api::ScalingPolicy policy;
    row.change(policy.spec);
    EXPECT_THAT(paths(check(policy)), ElementsAre(row.cause));
  }
  api::ScalingPolicy disabled;
  disabled.spec.behavior.scale_down.policies.clear();
  disabled.spec.behavior.scale_down.select_policy = api::SelectPolicy::kDisabled;
  EXPECT_TRUE(check(disabled).accepted());
}

TEST(CheckJobSnapshot, IsImmutable) {
  api::JobSnapshot before, after;
  after.spec.uri = "file:///x";
  EXPECT_THAT(paths(check(after, &before)), ElementsAre("spec FieldValueInvalid"));
  EXPECT_TRUE(check(after).accepted());
  after.metadata.finalizers = {"x"};
  before.spec = after.spec;
  EXPECT_TRUE(check(after, &before).accepted());
}

TEST(CheckJobSnapshot, ACheckpointIsItsJobsOwn) {
  api::JobSnapshot snapshot;
  snapshot.spec = {.type = api::SnapshotType::kCheckpoint};
  EXPECT_TRUE(check(snapshot).accepted());
  snapshot.spec.retain = api::Retain::kDelete;
  EXPECT_THAT(paths(check(snapshot)), ElementsAre("spec.retain FieldValueInvalid"));
  snapshot.spec = {.type = api::SnapshotType::kCheckpoint, .uri = "file:///x"};
  EXPECT_THAT(paths(check(snapshot)), ElementsAre("spec.uri FieldValueInvalid"));
  snapshot.spec = {.retain = api::Retain::kDelete, .uri = "file:///x"};
  EXPECT_TRUE(check(snapshot).accepted());
}

TEST(CheckJson, AddsWhatTheTextItselfGetsWrong) {
  EXPECT_THAT(paths(check_json("StreamJob",
                               R"({"metadata": {"name": "a"}, "spec": {"parallelism": "x"}})")),
              ElementsAre("spec.parallelism FieldValueTypeInvalid"));
  const Verdict verdict =
      check_json("ScalingPolicy", R"({"metadata": {"name": "a"}, "spec": {"maxParalelism": 3}})");
  EXPECT_TRUE(verdict.accepted());
  EXPECT_THAT(verdict.warnings, ElementsAre("unknown field \"spec.maxParalelism\""));
  EXPECT_TRUE(check_json("Pod", "{}").accepted());
}

// A finalizer can be removed from an object that an older version accepted.
TEST(CheckJson, ASpecThatCannotBeReadAnyMoreMayStay) {
  const char* before = R"({"metadata": {"name": "a", "finalizers": ["f"]}, "spec": {"mode": 7}})";
  const char* after = R"({"spec": {"mode": 7}, "metadata": {"name": "a"}})";
  EXPECT_FALSE(check_json("StreamJob", before).accepted());
  EXPECT_EQ(check_json("StreamJob", after, before), Verdict{});
  EXPECT_FALSE(
      check_json("StreamJob", R"({"metadata": {"name": "a"}, "spec": {"mode": 8}})", before)
          .accepted());
}

TEST(StateMisfits, NamesWhatWouldBeLost) {
  EXPECT_THAT(state_misfits_between(kSql, kSql), IsEmpty());
  EXPECT_THAT(state_misfits_between("", kSql), IsEmpty());
  EXPECT_THAT(state_misfits_between(kSql, "not SQL"), IsEmpty());
  const char* other = R"(
CREATE TABLE a (k BIGINT, v BIGINT) WITH ('connector' = 'datagen');
CREATE TABLE b (k BIGINT, n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO b SELECT k, v FROM a;
)";
  const auto misfits = state_misfits_between(kSql, other);
  ASSERT_EQ(misfits.size(), 1u);
  EXPECT_THAT(misfits[0], HasSubstr("gone"));
  EXPECT_THAT(state_misfits_between("no longer SQL", kSql),
              ElementsAre(HasSubstr("does not compile")));
}

}  // namespace
}  // namespace penstock
