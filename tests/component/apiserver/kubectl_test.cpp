#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "tests/component/apiserver/cluster_fixture.h"

// The real kubectl against the API server: what a person types, what they see, which exit code they
// get.

namespace penstock {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string job(const std::string& name, const std::string& parallelism = "2",
                const std::string& sql = "INSERT INTO sink SELECT * FROM source",
                const std::string& more = "") {
  return "apiVersion: penstock.dev/v1alpha1\nkind: StreamJob\nmetadata:\n  name: " + name +
         "\nspec:\n  sql: " + sql + "\n  parallelism: " + parallelism + "\n" + more;
}

constexpr const char* kReady =
    "{\"status\":{\"state\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\","
    "\"reason\":\"AllTasksRun\","
    "\"message\":\"2 of 2 tasks run\",\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"}]}}";

class Kubectl : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string directory =
        testing::TempDir() + "/kubectl-test-" + std::to_string(::getpid());
    std::filesystem::remove_all(directory);
    cluster_ = std::make_unique<Cluster>(directory);
    const Status started = cluster_->start();
    if (!started) start_error_ = started.error().message;
  }
  static void TearDownTestSuite() {
    std::filesystem::remove_all(cluster_->directory());
    cluster_.reset();
  }
  void SetUp() override { ASSERT_EQ(start_error_, ""); }

  static CommandResult run(const std::string& arguments, const std::string& input = "") {
    return cluster_->kubectl(arguments, input);
  }
  static std::string ok(const std::string& arguments, const std::string& input = "") {
    const CommandResult result = run(arguments, input);
    EXPECT_EQ(result.exit, 0) << "kubectl " << arguments << "\n" << result.out << result.err;
    return result.out;
  }
  static std::string fails(const std::string& arguments, const std::string& input = "") {
    const CommandResult result = run(arguments, input);
    EXPECT_NE(result.exit, 0) << "kubectl " << arguments << "\n" << result.out;
    return result.err;
  }

  static std::unique_ptr<Cluster> cluster_;
  static std::string start_error_;
};
std::unique_ptr<Cluster> Kubectl::cluster_;
std::string Kubectl::start_error_;

TEST_F(Kubectl, AppliesCreatesThenChangesThenLeavesAlone) {
  EXPECT_EQ(ok("apply -f -", job("a1")), "streamjob.penstock.dev/a1 created\n");
  EXPECT_EQ(ok("apply -f -", job("a1")), "streamjob.penstock.dev/a1 unchanged\n");
  EXPECT_EQ(ok("apply -f -", job("a1", "3")), "streamjob.penstock.dev/a1 configured\n");
  EXPECT_EQ(ok("get sj a1 -o "
               "jsonpath={.spec.parallelism}/{.metadata.generation}/{.spec.checkpoints.interval}"),
            "3/2/10s");
}

TEST_F(Kubectl, ApplyRemovesAFieldThatWentFromTheFile) {
  ok("apply -f -", job("a2", "5"));
  ok("apply -f -",
     "apiVersion: penstock.dev/v1alpha1\nkind: StreamJob\nmetadata:\n  name: a2\nspec:\n  sql: "
     "SELECT 1\n");
  EXPECT_EQ(ok("get sj a2 -o jsonpath={.spec.parallelism}"), "1") << "the default comes back";
}

TEST_F(Kubectl, ServerSideApplyConflictsUntilForced) {
  EXPECT_EQ(ok("apply --server-side -f -", job("s1")),
            "streamjob.penstock.dev/s1 serverside-applied\n");
  EXPECT_THAT(
      fails("apply --server-side --field-manager=other -f -", job("s1", "4")),
      StartsWith(
          "error: Apply failed with 1 conflict: conflict with \"kubectl\": .spec.parallelism"));
  ok("apply --server-side --field-manager=other --force-conflicts -f -", job("s1", "4"));
  EXPECT_EQ(ok("get sj s1 -o jsonpath={.spec.parallelism}"), "4");
}

TEST_F(Kubectl, ServerSideApplyOfTheSameChangesNothing) {
  ok("apply --server-side -f -", job("s2"));
  const std::string version = ok("get sj s2 -o jsonpath={.metadata.resourceVersion}");
  ok("apply --server-side -f -", job("s2"));
  EXPECT_EQ(ok("get sj s2 -o jsonpath={.metadata.resourceVersion}"), version);
}

TEST_F(Kubectl, ServerSideApplyMergesListsByTheirKeys) {
  ok("apply --server-side --field-manager=one -f -",
     job("s3", "1", "SELECT 1", "  sinks:\n  - {name: a, url: here}\n"));
  ok("apply --server-side --field-manager=two -f -",
     "apiVersion: penstock.dev/v1alpha1\nkind: StreamJob\nmetadata:\n  name: s3\nspec:\n  sinks:\n "
     " - {name: b, url: there}\n");
  EXPECT_EQ(ok("get sj s3 -o jsonpath={.spec.sinks[*].name}"), "a b");
  ok("apply --server-side --field-manager=one -f -", job("s3", "1", "SELECT 1"));
  EXPECT_EQ(ok("get sj s3 -o jsonpath={.spec.sinks[*].name}"), "b");
}

TEST_F(Kubectl, UnknownFieldIsRefusedOrWarnedAbout) {
  const std::string wrong = job("u1", "2", "SELECT 1", "  paralelism: 2\n");
  EXPECT_THAT(fails("apply -f -", wrong),
              HasSubstr("strict decoding error: unknown field \"spec.paralelism\""));
  const CommandResult warned = run("apply --validate=warn -f -", wrong);
  EXPECT_EQ(warned.exit, 0);
  EXPECT_THAT(warned.err, HasSubstr("Warning: unknown field \"spec.paralelism\""));
  EXPECT_EQ(ok("get sj u1 -o jsonpath={.spec.paralelism}"), "");
}

TEST_F(Kubectl, BrokenSchemaRulesAreNamed) {
  EXPECT_THAT(fails("apply -f -", job("b1", "721", "\"\"")),
              HasSubstr("* spec.parallelism: Invalid value: 721: spec.parallelism in body should "
                        "be less than or equal to 720"));
  EXPECT_THAT(fails("apply -f -", job("Bad_Name")),
              HasSubstr("metadata.name: Invalid value: \"Bad_Name\""));
  EXPECT_THAT(fails("apply -f -", job("b2", "\"two\"")),
              HasSubstr("must be of type integer: \"string\""));
}

TEST_F(Kubectl, AdmissionRefusesWithThePlaceAndTheRunningVersionStays) {
  EXPECT_THAT(fails("apply -f -", job("ad1", "1", "DROP TABLE x")),
              HasSubstr("spec.sql: Invalid value: line 1, column 1: expected INSERT, found DROP"));
  ok("apply -f -", job("ad1", "1", "SELECT 1"));
  fails("apply -f -", job("ad1", "1", "DROP TABLE x"));
  EXPECT_EQ(ok("get sj ad1 -o jsonpath={.spec.sql}"), "SELECT 1");
}

TEST_F(Kubectl, GetPrintsColumns) {
  ok("create -f -", job("g1"));
  ok("patch sj g1 --subresource=status --type=merge -p '" + std::string(kReady) + "'");
  EXPECT_THAT(ok("get sj g1"),
              testing::ContainsRegex(
                  "NAME +STATE +PARALLELISM +READY +AGE\ng1 +Running +2 +True +[0-9]+s\n"));
  EXPECT_THAT(ok("get sj g1 -o wide"), HasSubstr("INSERT INTO sink"));
  EXPECT_EQ(ok("get streamjobs g1 -o name"), "streamjob.penstock.dev/g1\n");
  EXPECT_THAT(ok("get penstock"), HasSubstr("g1"));
  EXPECT_THAT(
      fails("get sj none"),
      StartsWith("Error from server (NotFound): streamjobs.penstock.dev \"none\" not found"));
}

TEST_F(Kubectl, CreateTwiceFails) {
  EXPECT_EQ(ok("create -f -", job("c1")), "streamjob.penstock.dev/c1 created\n");
  EXPECT_THAT(fails("create -f -", job("c1")), HasSubstr("(AlreadyExists)"));
}

TEST_F(Kubectl, GetWatchShowsChangesAsTheyCome) {
  ok("create -f -", job("w1"));
  auto watch = std::async(std::launch::async, [] {
    return run(
        "get sj w1 --watch --request-timeout=6s -o custom-columns=P:.spec.parallelism "
        "--no-headers");
  });
  // Each new value is a change; whichever the watch sees first, the last one it shows is the last
  // one.
  for (int parallelism = 3; parallelism < 40 && watch.wait_for(std::chrono::milliseconds(50)) !=
                                                    std::future_status::ready;
       ++parallelism) {
    ok("scale sj w1 --replicas=" + std::to_string(parallelism));
  }
  const std::string last = ok("get sj w1 -o jsonpath={.spec.parallelism}");
  const std::string shown = watch.get().out;
  EXPECT_THAT(shown, testing::MatchesRegex("([0-9]+ *\n)+"));
  EXPECT_GE(std::ranges::count(shown, '\n'), 3) << shown;
  EXPECT_LE(std::stoi(shown.substr(shown.rfind('\n', shown.size() - 2) + 1)), std::stoi(last));
}

TEST_F(Kubectl, WaitsForAConditionThatComes) {
  ok("create -f -", job("wa1"));
  auto waiting = std::async(std::launch::async,
                            [] { return run("wait sj/wa1 --for=condition=Ready --timeout=30s"); });
  ok("patch sj wa1 --subresource=status --type=merge -p '" + std::string(kReady) + "'");
  const CommandResult result = waiting.get();
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_EQ(result.out, "streamjob.penstock.dev/wa1 condition met\n");
  EXPECT_THAT(fails("wait sj/wa1 --for=condition=Gone --timeout=1s"),
              HasSubstr("timed out waiting for the condition"));
}

TEST_F(Kubectl, ScalesThroughTheSubresource) {
  ok("create -f -", job("sc1"));
  EXPECT_EQ(ok("scale sj sc1 --replicas=7"), "streamjob.penstock.dev/sc1 scaled\n");
  EXPECT_EQ(ok("get sj sc1 -o jsonpath={.spec.parallelism}/{.metadata.generation}"), "7/2");
  EXPECT_THAT(fails("scale sj sc1 --replicas=721"),
              HasSubstr("should be less than or equal to 720"));
  EXPECT_THAT(fails("scale sj sc1 --replicas=2 --current-replicas=3"),
              HasSubstr("Expected replicas to be 3, was 7"));
}

TEST_F(Kubectl, PatchesLabelsAndAnnotates) {
  ok("create -f -", job("p1"));
  EXPECT_EQ(ok("patch sj p1 --type=merge -p '{\"spec\":{\"state\":\"Suspended\"}}'"),
            "streamjob.penstock.dev/p1 patched\n");
  EXPECT_EQ(ok("patch sj p1 --type=json -p "
               "'[{\"op\":\"replace\",\"path\":\"/spec/parallelism\",\"value\":9}]'"),
            "streamjob.penstock.dev/p1 patched\n");
  EXPECT_EQ(ok("patch sj p1 --type=merge -p '{\"spec\":{\"parallelism\":9}}'"),
            "streamjob.penstock.dev/p1 patched (no change)\n");
  EXPECT_EQ(ok("label sj p1 team=a"), "streamjob.penstock.dev/p1 labeled\n");
  EXPECT_EQ(ok("annotate sj p1 note=hello"), "streamjob.penstock.dev/p1 annotated\n");
  EXPECT_EQ(ok("get sj -l team=a -o name"), "streamjob.penstock.dev/p1\n");
  EXPECT_EQ(ok("get sj -l 'team in (b,c)' -o name"), "");
  EXPECT_EQ(ok("get sj --field-selector metadata.name=p1 -o name"), "streamjob.penstock.dev/p1\n");
  EXPECT_EQ(ok("get sj p1 -o jsonpath={.metadata.generation}"), "3")
      << "labels and annotations do not count";
  EXPECT_THAT(fails("patch sj p1 --type=strategic -p '{}'"), HasSubstr("strategic"));
}

TEST_F(Kubectl, DiffExitsWithOneWhenSomethingDiffers) {
  ok("apply -f -", job("d1"));
  EXPECT_EQ(run("diff -f -", job("d1")).exit, 0);
  const CommandResult differs = run("diff -f -", job("d1", "3"));
  EXPECT_EQ(differs.exit, 1);
  EXPECT_THAT(differs.out, HasSubstr("-  parallelism: 2\n+  parallelism: 3"));
  EXPECT_EQ(ok("get sj d1 -o jsonpath={.spec.parallelism}"), "2");
}

TEST_F(Kubectl, DryRunOnTheServerStoresNothing) {
  EXPECT_EQ(ok("apply --dry-run=server -f -", job("dry1")),
            "streamjob.penstock.dev/dry1 created (server dry run)\n");
  EXPECT_THAT(fails("get sj dry1"), HasSubstr("not found"));
}

TEST_F(Kubectl, ExplainsOurKindsAndBuiltInOnes) {
  EXPECT_THAT(ok("explain sj.spec"), HasSubstr("How many tasks run side by side."));
  EXPECT_THAT(ok("explain sj.spec.sinks --recursive"), HasSubstr("retries\t<integer>"));
  EXPECT_THAT(ok("explain pod.spec.containers"), HasSubstr("Container image name."));
}

TEST_F(Kubectl, DescribesWithEvents) {
  ok("create -f -", job("de1"));
  const std::string uid = ok("get sj de1 -o jsonpath={.metadata.uid}");
  ok("create -f -",
     "apiVersion: v1\nkind: Event\nmetadata:\n  name: de1.1\n  namespace: "
     "default\ninvolvedObject:\n  apiVersion: "
     "penstock.dev/v1alpha1\n  kind: StreamJob\n  name: de1\n  namespace: default\n  uid: " +
         uid +
         "\nreason: Rescaled\nmessage: from 1 to 2 slots\ntype: Normal\ncount: 1\nsource: "
         "{component: penstock}\n"
         "firstTimestamp: \"2026-01-01T00:00:00Z\"\nlastTimestamp: \"2026-01-01T00:00:00Z\"\n");
  EXPECT_THAT(ok("describe sj de1"),
              testing::AllOf(HasSubstr("Parallelism:  2"), HasSubstr("Rescaled"),
                             HasSubstr("from 1 to 2 slots")));
  EXPECT_THAT(ok("get events"), HasSubstr("streamjob/de1"));
  EXPECT_THAT(ok("events --for streamjob/de1"), HasSubstr("from 1 to 2 slots"));
  EXPECT_EQ(ok("get events.events.k8s.io de1.1 -o jsonpath={.note}/{.regarding.name}"),
            "from 1 to 2 slots/de1");
}

TEST_F(Kubectl, DeletesAndWaitsForFinalizers) {
  ok("create -f -", job("del1"));
  // kubectl 1.34 adds the namespace to the line.
  EXPECT_TRUE(ok("delete sj del1").starts_with("streamjob.penstock.dev \"del1\" deleted"));
  EXPECT_THAT(fails("get sj del1"), HasSubstr("not found"));
  ok("create -f -", job("del2"));
  ok("patch sj del2 --type=merge -p '{\"metadata\":{\"finalizers\":[\"penstock.dev/cleanup\"]}}'");
  ok("delete sj del2 --wait=false");
  EXPECT_NE(ok("get sj del2 -o jsonpath={.metadata.deletionTimestamp}"), "");
  auto waiting =
      std::async(std::launch::async, [] { return run("wait sj/del2 --for=delete --timeout=30s"); });
  ok("patch sj del2 --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
  EXPECT_EQ(waiting.get().exit, 0);
  EXPECT_THAT(fails("get sj del2"), HasSubstr("not found"));
}

TEST_F(Kubectl, CreatesNamespacesConfigMapsAndSecretsFromProtobuf) {
  EXPECT_EQ(ok("create namespace team-a"), "namespace/team-a created\n");
  EXPECT_EQ(ok("create configmap plan -n team-a --from-literal=a=1 --from-literal=b=2"),
            "configmap/plan created\n");
  EXPECT_EQ(ok("create secret generic pw -n team-a --from-literal=user=ann"),
            "secret/pw created\n");
  EXPECT_EQ(ok("get cm plan -n team-a -o jsonpath={.data}"), "{\"a\":\"1\",\"b\":\"2\"}");
  EXPECT_EQ(ok("get secret pw -n team-a -o jsonpath={.data.user}/{.type}"), "YW5u/Opaque");
  EXPECT_THAT(ok("describe secret pw -n team-a"), HasSubstr("user:  3 bytes"));
  EXPECT_EQ(ok("delete namespace team-a"), "namespace \"team-a\" deleted\n");
  EXPECT_THAT(fails("get cm plan -n team-a"), HasSubstr("not found"));
  EXPECT_THAT(fails("create configmap x -n team-a"), HasSubstr("namespaces \"team-a\" not found"));
}

TEST_F(Kubectl, AppliesConfigMapsWithStrategicMerge) {
  const std::string map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm1\ndata:\n";
  EXPECT_EQ(ok("apply -f -", map + "  a: one\n  b: two\n"), "configmap/cm1 created\n");
  EXPECT_EQ(ok("apply -f -", map + "  a: three\n"), "configmap/cm1 configured\n");
  EXPECT_EQ(ok("get cm cm1 -o jsonpath={.data}"), "{\"a\":\"three\"}");
}

TEST_F(Kubectl, ReplacesOnlyWhatItHasRead) {
  ok("create -f -", job("r1"));
  const std::string read = ok("get sj r1 -o yaml");
  EXPECT_EQ(ok("replace -f -", read), "streamjob.penstock.dev/r1 replaced\n");
  ok("scale sj r1 --replicas=5");
  EXPECT_THAT(fails("replace -f -", read), HasSubstr("the object has been modified"));
}

TEST_F(Kubectl, EditsWithTheUsersEditor) {
  ok("apply -f -", job("e1"));
  const std::string editor = cluster_->directory() + "/editor.sh";
  std::ofstream(editor) << "#!/bin/sh\nsed -i 's/parallelism: 2/parallelism: 6/' \"$1\"\n";
  std::filesystem::permissions(editor, std::filesystem::perms::owner_all);
  const CommandResult edited = run_command({find_kubectl(), "edit", "sj", "e1"}, "",
                                           {{"KUBECONFIG", cluster_->directory() + "/kubeconfig"},
                                            {"HOME", cluster_->directory()},
                                            {"KUBE_EDITOR", editor}});
  EXPECT_EQ(edited.exit, 0) << edited.err;
  EXPECT_EQ(ok("get sj e1 -o jsonpath={.spec.parallelism}"), "6");
}

TEST_F(Kubectl, ApplyingTheDefinitionsChangesNothing) {
  const std::string before = ok("get crd streamjobs.penstock.dev -o jsonpath={.spec}");
  EXPECT_EQ(run("apply -f -", stream_job_crd()).exit, 0);
  EXPECT_EQ(ok("apply -f -", stream_job_crd()),
            "customresourcedefinition.apiextensions.k8s.io/streamjobs.penstock.dev unchanged\n");
  EXPECT_EQ(ok("get crd streamjobs.penstock.dev -o jsonpath={.spec}"), before);
  EXPECT_EQ(run("apply --server-side -f -", stream_job_crd()).exit, 0);
  EXPECT_EQ(run("wait crd/streamjobs.penstock.dev --for=condition=Established --timeout=5s").exit,
            0);
}

TEST_F(Kubectl, ListsResourcesAndVersions) {
  EXPECT_THAT(ok("api-resources --api-group=penstock.dev --no-headers"),
              testing::ContainsRegex("streamjobs +sj +penstock.dev/v1alpha1 +true +StreamJob"));
  EXPECT_THAT(ok("api-versions"), HasSubstr("penstock.dev/v1alpha1\n"));
  EXPECT_EQ(ok("get --raw /readyz"), "ok");
}

TEST_F(Kubectl, ShowsLogsOfAPod) {
  ok("create -f -",
     "apiVersion: v1\nkind: Pod\nmetadata:\n  name: log1\nspec:\n  containers:\n  - {name: c, "
     "image: i}\n");
  EXPECT_EQ(ok("logs log1"), "") << "not scheduled yet";
  ok("patch pod log1 --type=merge -p '{\"spec\":{\"nodeName\":\"local\"}}'");
  EXPECT_THAT(fails("logs log1"), HasSubstr("container \"c\" in pod \"log1\" is waiting to start"));
  const std::string path = cluster_->directory() + "/log1.log";
  std::ofstream(path) << "one\ntwo\nthree\n";
  cluster_->logs["default/log1/c"] = path;
  EXPECT_EQ(ok("logs log1"), "one\ntwo\nthree\n");
  EXPECT_EQ(ok("logs log1 --tail=1"), "three\n");
  EXPECT_EQ(ok("logs log1 -f --tail=2"), "two\nthree\n");
  EXPECT_EQ(ok("logs log1 --limit-bytes=5"), "one\nt");
  EXPECT_THAT(fails("logs log1 --previous"),
              HasSubstr("previous terminated container \"c\" in pod \"log1\" not found"));
  EXPECT_EQ(ok("logs log1 --since=1h"), "one\ntwo\nthree\n");
  EXPECT_THAT(ok("logs log1 --timestamps --tail=1"),
              testing::MatchesRegex("20[0-9-]+T[0-9:.]+Z three\n"));
  EXPECT_THAT(fails("exec log1 -- true"), HasSubstr("NotImplemented"));
  ok("delete pod log1 --grace-period=0 --force");
}

TEST_F(Kubectl, ListsInPages) {
  ok("create namespace paged");
  for (const char* name : {"a", "b", "c", "d", "e"})
    ok("create configmap " + std::string(name) + " -n paged");
  EXPECT_EQ(ok("get cm -n paged --chunk-size=2 -o name"),
            "configmap/a\nconfigmap/b\nconfigmap/c\nconfigmap/d\nconfigmap/e\n");
  EXPECT_THAT(ok("get --raw /api/v1/namespaces/paged/configmaps?limit=2"),
              testing::AllOf(HasSubstr("\"remainingItemCount\":3"), HasSubstr("\"continue\":")));
  ok("delete namespace paged");
}

TEST_F(Kubectl, PodsGoThroughTheirGrace) {
  ok("create -f -",
     "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod1\nspec:\n  containers:\n  - {name: c, "
     "image: i}\n");
  EXPECT_THAT(ok("get pod pod1"), testing::ContainsRegex("pod1 +0/1 +Pending +0 +"));
  ok("patch pod pod1 --type=merge -p '{\"spec\":{\"nodeName\":\"local\"}}'");
  ok("patch pod pod1 --subresource=resize -p "
     "'{\"spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"2\"}}}]}}"
     "'");
  EXPECT_EQ(ok("get pod pod1 -o jsonpath={.spec.containers[0].resources.requests.cpu}"), "2");
  EXPECT_THAT(fails("patch pod pod1 --type=merge -p '{\"spec\":{\"restartPolicy\":\"Never\"}}'"),
              HasSubstr("pod updates may not change fields other than"));
  ok("delete pod pod1 --wait=false");
  EXPECT_THAT(ok("get pod pod1"), HasSubstr("Terminating"));
  ok("delete pod pod1 --grace-period=0 --force");
  EXPECT_THAT(fails("get pod pod1"), HasSubstr("not found"));
}

}  // namespace
}  // namespace penstock
