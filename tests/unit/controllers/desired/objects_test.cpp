#include "controllers/desired/objects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controllers/api/json.h"
#include "controllers/desired/names.h"

namespace penstock {
namespace {

using nlohmann::json;

api::StreamJob job() {
  api::StreamJob it;
  it.metadata = {.name = "bids", .name_space = "prod", .uid = "u-1"};
  it.spec.sql = "INSERT INTO a SELECT * FROM b";
  it.spec.parallelism = 3;
  it.spec.checkpoints.storage.uri = "file:///c/";
  it.spec.variables = {{.name = "HOST", .value = "h"},
                       {.name = "PASSWORD", .value_from = api::ValueSource{{"db", "password"}}}};
  return it;
}

TEST(BuildPod, RunsTheMountedManifest) {
  const DesiredObject object = build_pod(job(), {.number = 7, .hash = "abc", .slots = 3}, {});
  EXPECT_EQ(object.name, "bids-7");
  const json pod = json::parse(object.json);
  EXPECT_EQ(pod["kind"], "Pod");
  EXPECT_EQ(pod["metadata"]["namespace"], "prod");
  EXPECT_EQ(pod["metadata"]["labels"]["penstock.dev/job"], "bids");
  EXPECT_EQ(pod["metadata"]["labels"]["penstock.dev/version"], "abc");
  const json& owner = pod["metadata"]["ownerReferences"];
  ASSERT_TRUE(owner.is_array());
  EXPECT_EQ(owner[0]["uid"], "u-1");
  EXPECT_EQ(owner[0]["controller"], true);
  EXPECT_EQ(pod["spec"]["restartPolicy"], "OnFailure");
  EXPECT_EQ(pod["spec"]["volumes"][0]["configMap"]["name"], "bids-abc");
  ASSERT_EQ(pod["spec"]["containers"].size(), 1u);
  const json& container = pod["spec"]["containers"][0];
  EXPECT_EQ(container["command"], json::array({"penstock"}));
  EXPECT_EQ(container["args"],
            json::array({"run", "/etc/penstock/job.yaml", "--parallelism", "3", "--control",
                         "$(POD_IP):7070", "--http", "$(POD_IP):8080", "--termination-message",
                         "/dev/termination-log", "--from", "latest", "--checkpoints",
                         "file:///c/prod/bids/u-1"}));
  EXPECT_EQ(container["resources"]["requests"], container["resources"]["limits"]);
  EXPECT_EQ(container["resources"]["requests"]["cpu"], "3100m");
  EXPECT_EQ(container["resources"]["requests"]["memory"], "1408Mi");
  EXPECT_EQ(container["readinessProbe"]["httpGet"]["path"], "/readyz");
  EXPECT_EQ(container["volumeMounts"][0]["mountPath"], "/etc/penstock");
}

TEST(BuildPod, ASecretIsReferredToAndNothingElse) {
  const json pod = json::parse(build_pod(job(), {.hash = "abc"}, {}).json);
  const json& env = pod["spec"]["containers"][0]["env"];
  ASSERT_EQ(env.size(), 2u);
  EXPECT_EQ(env[0]["name"], "POD_IP");
  EXPECT_EQ(env[0]["valueFrom"]["fieldRef"]["fieldPath"], "status.podIP");
  EXPECT_EQ(env[1]["name"], "PASSWORD");
  EXPECT_EQ(env[1]["valueFrom"]["secretKeyRef"], (json{{"name", "db"}, {"key", "password"}}));
}

TEST(BuildPod, TheStoragesSecretGivesItsOwnKeysAndNoOthers) {
  api::StreamJob it = job();
  it.spec.checkpoints.storage.secret_ref = api::NameRef{"keys"};
  const json pod = json::parse(build_pod(it, {.hash = "abc"}, {}).json);
  const json& container = pod["spec"]["containers"][0];
  EXPECT_FALSE(container.contains("envFrom"));
  std::vector<std::string> needed, optional;
  for (const json& variable : container["env"]) {
    if (!variable["valueFrom"].contains("secretKeyRef")) continue;
    const json& reference = variable["valueFrom"]["secretKeyRef"];
    if (reference["name"] != "keys") continue;
    EXPECT_EQ(reference["key"], variable["name"]);
    (reference.value("optional", false) ? optional : needed).push_back(variable["name"]);
  }
  EXPECT_EQ(needed, (std::vector<std::string>{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}));
  EXPECT_EQ(optional,
            (std::vector<std::string>{"AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
                                      "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE"}));
}

TEST(VersionHash, AnotherSecretOfTheStorageIsAnotherVersion) {
  api::StreamJob it = job();
  const std::string before = version_hash(it, "x", {});
  it.spec.checkpoints.storage.secret_ref = api::NameRef{"keys"};
  EXPECT_NE(version_hash(it, "x", {}), before);
}

TEST(BuildPod, MountsItsCertificateWhereTheInstallationHasAnAuthority) {
  const Installation installation{.authority_id = "a1"};
  const json pod = json::parse(build_pod(job(), {.hash = "abc"}, installation).json);
  const json& container = pod["spec"]["containers"][0];
  EXPECT_EQ(container["args"].back(), "/etc/penstock-tls");
  EXPECT_EQ(container["volumeMounts"][1]["mountPath"], "/etc/penstock-tls");
  EXPECT_EQ(pod["spec"]["volumes"][1]["secret"]["secretName"],
            certificate_name(job(), installation));
  EXPECT_EQ(pod["spec"]["securityContext"]["runAsNonRoot"], true);
}

TEST(CertificateName, DiffersByJobAndAuthority) {
  api::StreamJob later = job();
  later.metadata.uid = "u-2";
  const Installation installation{.authority_id = "a1"}, other{.authority_id = "a2"};
  EXPECT_NE(certificate_name(job(), installation), certificate_name(later, installation));
  EXPECT_NE(certificate_name(job(), installation), certificate_name(job(), other));
  later.metadata.name = std::string(200, 'x');
  EXPECT_LE(certificate_name(later, installation).size(), 63u);
}

TEST(BuildPod, MergesTheTemplateAndAnotherOneIsAnotherVersion) {
  api::StreamJob it = job();
  it.spec.pod_template.text =
      R"({"spec":{"containers":[{"name":"engine","volumeMounts":[{"mountPath":"/out","name":"o"}]}],)"
      R"("volumes":[{"emptyDir":{},"name":"o"}]}})";
  const json pod = json::parse(build_pod(it, {.hash = "abc"}, {}).json);
  EXPECT_EQ(pod["spec"]["volumes"][1]["name"], "o");
  EXPECT_EQ(pod["spec"]["containers"][0]["volumeMounts"][1]["mountPath"], "/out");
  EXPECT_EQ(pod["spec"]["containers"][0]["command"], json::array({"penstock"}));
  EXPECT_NE(version_hash(it, "", {}), version_hash(job(), "", {}));
  EXPECT_EQ(engine_manifest(it, ""), engine_manifest(job(), ""));
}

TEST(BuildPod, RestoresFromWhatItIsTold) {
  const json pod =
      json::parse(build_pod(job(), {.hash = "abc", .restore_from = "file:///s"}, {}).json);
  const json& args = pod["spec"]["containers"][0]["args"];
  EXPECT_EQ(args[11], "file:///s");
}

// So that a process that is started again does not go back to the snapshot a second time.
TEST(BuildPod, NamesTheStartAfterTheOrderToRestore) {
  const auto start = [](PodOrder order) -> std::string {
    const json pod = json::parse(build_pod(job(), order, {}).json);
    const json& args = pod["spec"]["containers"][0]["args"];
    const auto at = std::ranges::find(args, "--start");
    return at == args.end() ? "" : at[1].get<std::string>();
  };
  EXPECT_EQ(start({.number = 1}), "");
  const std::string name = start({.number = 1, .restore_from = "file:///s"});
  EXPECT_FALSE(name.empty());
  EXPECT_EQ(start({.number = 2, .restore_from = "file:///s"}), name) << "another Pod";
  EXPECT_NE(start({.restore_from = "file:///t"}), name);
  EXPECT_NE(start({.restore_from = "file:///s", .restore_nonce = 1}), name);
}

TEST(BuildConfigMap, HoldsTheManifestThatTheEngineReads) {
  const DesiredObject object = build_config_map(job(), "SELECT 1", {});
  const auto config_map = api::parse<api::ConfigMap>(object.json);
  ASSERT_TRUE(config_map);
  EXPECT_EQ(sql_of(*config_map), "SELECT 1");
  const json manifest = json::parse(config_map->data.at("job.yaml"));
  EXPECT_EQ(manifest["metadata"]["uid"], "u-1");
  EXPECT_FALSE(manifest["spec"].contains("parallelism"));
  EXPECT_EQ(manifest["spec"]["variables"][0]["value"], "h");
  EXPECT_EQ(object.name, "bids-" + version_hash(job(), "SELECT 1", {}));
  EXPECT_EQ(sql_of({}), "");
}

TEST(EngineManifest, TellsTheEngineWhatItMayDrop) {
  api::StreamJob it = job();
  EXPECT_FALSE(json::parse(engine_manifest(it, ""))["spec"].contains("upgrade"));
  it.spec.upgrade.allow_dropped_state = true;
  EXPECT_EQ(json::parse(engine_manifest(it, ""))["spec"]["upgrade"],
            (json{{"allowDroppedState", true}}));
}

TEST(EngineManifest, IsAValidStreamJob) {
  const auto decoded = api::decode_text<api::StreamJob>(engine_manifest(job(), "SELECT 1"));
  EXPECT_TRUE(decoded.errors.empty()) << api::join(decoded.errors);
  EXPECT_TRUE(decoded.unknown.empty());
}

TEST(VersionHash, ChangesWithWhatNeedsANewProcessAndNothingElse) {
  struct Case {
    const char* name;
    void (*change)(api::StreamJob&);
    bool differs;
  };
  const Case cases[] = {
      {"parallelism", [](auto& it) { it.spec.parallelism = 9; }, false},
      {"minParallelism", [](auto& it) { it.spec.min_parallelism = 2; }, false},
      {"state", [](auto& it) { it.spec.state = api::DesiredState::kSuspended; }, false},
      {"slot memory", [](auto& it) { it.spec.resources.slot.memory.value *= 2; }, false},
      {"scaling", [](auto& it) { it.spec.scaling.policy_ref = api::NameRef{"p"}; }, false},
      {"onDelete", [](auto& it) { it.spec.checkpoints.on_delete = api::Retain::kDelete; }, false},
      {"savepoints", [](auto& it) { it.spec.checkpoints.savepoints.schedule = "@daily"; }, false},
      {"restartNonce", [](auto& it) { it.spec.restart_nonce = 2; }, false},
      {"allowDroppedState", [](auto& it) { it.spec.upgrade.allow_dropped_state = true; }, false},
      {"labels", [](auto& it) { it.metadata.labels["a"] = "b"; }, false},
      {"status", [](auto& it) { it.status.restarts = 5; }, false},
      {"image", [](auto& it) { it.spec.image = "penstock:2"; }, true},
      {"keyGroups", [](auto& it) { it.spec.key_groups = 8; }, true},
      {"variables", [](auto& it) { it.spec.variables[0].value = "x"; }, true},
      {"state memory", [](auto& it) { it.spec.resources.state.memory.value *= 2; }, true},
      {"interval", [](auto& it) { it.spec.checkpoints.interval = std::chrono::seconds(1); }, true},
      {"storage", [](auto& it) { it.spec.checkpoints.storage.uri = "file:///d"; }, true},
      {"restart", [](auto& it) { it.spec.restart.max_attempts = 3; }, true},
  };
  const std::string before = version_hash(job(), "SELECT 1", {});
  EXPECT_EQ(version_hash(job(), "SELECT 1", {}), before);
  EXPECT_NE(version_hash(job(), "SELECT 2", {}), before);
  for (const Case& row : cases) {
    api::StreamJob changed = job();
    row.change(changed);
    EXPECT_EQ(version_hash(changed, "SELECT 1", {}) != before, row.differs) << row.name;
  }
}

TEST(ChangeFrom, TellsWhatAnotherProcessCanDoFromWhatAnotherVersionNeeds) {
  struct Case {
    const char* name;
    void (*change)(api::StreamJob&);
    Change expect;
  };
  const Case cases[] = {
      {"nothing", [](auto&) {}, Change::kProcess},
      {"image", [](auto& it) { it.spec.image = "penstock:2"; }, Change::kProcess},
      {"template", [](auto& it) { it.spec.pod_template.text = "{}"; }, Change::kProcess},
      {"interval", [](auto& it) { it.spec.checkpoints.interval = std::chrono::seconds(1); },
       Change::kProcess},
      {"restart", [](auto& it) { it.spec.restart.max_attempts = 3; }, Change::kProcess},
      {"state memory", [](auto& it) { it.spec.resources.state.memory.value *= 2; },
       Change::kProcess},
      {"storage keys",
       [](auto& it) { it.spec.checkpoints.storage.secret_ref = api::NameRef{"keys"}; },
       Change::kProcess},
      {"storage", [](auto& it) { it.spec.checkpoints.storage.uri = "file:///d"; },
       Change::kVersion},
      {"sql", [](auto& it) { it.spec.sql = "SELECT 2"; }, Change::kVersion},
      {"variables", [](auto& it) { it.spec.variables[0].value = "x"; }, Change::kVersion},
      {"operators", [](auto& it) { it.spec.operators = {{.name = "a", .parallelism = 1}}; },
       Change::kVersion},
  };
  const auto before =
      api::parse<api::ConfigMap>(build_config_map(job(), job().spec.sql, {}).json).value();
  for (const Case& row : cases) {
    api::StreamJob changed = job();
    row.change(changed);
    EXPECT_EQ(change_from(before, changed, changed.spec.sql, {}), row.expect) << row.name;
  }
  EXPECT_EQ(change_from({}, job(), job().spec.sql, {}), Change::kVersion);
}

TEST(JobOfVersion, BuildsThePodThatTheVersionHadInTheSizeOfNow) {
  api::StreamJob before = job();
  before.spec.image = "penstock:1";
  before.spec.pod_template.text = R"({"spec":{"nodeSelector":{"disk":"ssd"}}})";
  before.spec.restart.max_attempts = 7;
  const auto map =
      api::parse<api::ConfigMap>(build_config_map(before, before.spec.sql, {}).json).value();
  api::StreamJob now = before;
  now.spec.image = "penstock:2";
  now.spec.sql = "other";
  now.spec.pod_template.text = "";
  now.spec.variables.clear();
  now.spec.restart.max_attempts = 0;
  now.spec.resources.slot.memory.value *= 2;
  const auto restored = job_of_version(now, map);
  ASSERT_TRUE(restored);
  EXPECT_EQ(version_hash(*restored, restored->spec.sql, {}),
            version_hash(before, before.spec.sql, {}));
  EXPECT_EQ(restored->spec.resources.slot.memory, now.spec.resources.slot.memory);
  EXPECT_FALSE(job_of_version(now, {}));
}

TEST(BuildPod, AFollowerIsToldSoAndKeepsAwayFromItsPredecessor) {
  const json pod = json::parse(build_pod(job(), {.hash = "abc", .follow = true}, {}).json);
  const json& args = pod["spec"]["containers"][0]["args"];
  EXPECT_NE(std::find(args.begin(), args.end(), "--follow"), args.end());
  const json& term = pod["spec"]["affinity"]["podAntiAffinity"]
                        ["preferredDuringSchedulingIgnoredDuringExecution"][0];
  EXPECT_EQ(term["podAffinityTerm"]["labelSelector"]["matchLabels"]["penstock.dev/job"], "bids");
}

TEST(BuildDisruptionBudget, KeepsTheProcessUntilItHasMoved) {
  const json budget = json::parse(build_disruption_budget(job()).json);
  EXPECT_EQ(budget["spec"]["minAvailable"], 1);
  EXPECT_EQ(budget["spec"]["selector"]["matchLabels"], (json{{"penstock.dev/job", "bids"}}));
  EXPECT_EQ(budget["metadata"]["ownerReferences"][0]["uid"], "u-1");
}

TEST(Names, AreDeterministicAndFit) {
  EXPECT_EQ(pod_name("bids", 3), "bids-3");
  EXPECT_EQ(pod_number("bids", "bids-3"), 3);
  EXPECT_EQ(pod_number("bids", "bids-x"), -1);
  EXPECT_EQ(pod_number("bids", "other-3"), -1);
  EXPECT_EQ(pod_number("bids", "bids"), -1);
  const std::string longest(253, 'a');
  const std::string name = pod_name(longest, 12);
  EXPECT_LE(name.size(), 63u);
  EXPECT_EQ(pod_number(longest, name), 12);
  EXPECT_NE(pod_name(std::string(252, 'a') + "b", 12), name);
  EXPECT_LE(labels_of({.metadata = {.name = longest}}, "h").at(std::string(kJobLabel)).size(), 63u);
  EXPECT_LE(config_map_name(longest, short_hash("x")).size(), 63u);
}

TEST(CheckpointUri, IsTheJobsOwnOrTheInstallations) {
  api::StreamJob it = job();
  EXPECT_EQ(checkpoint_uri(it, {}), "file:///c/prod/bids/u-1");
  it.spec.checkpoints.storage.uri = "";
  EXPECT_EQ(checkpoint_uri(it, {.checkpoint_base = "file:///base"}), "file:///base/prod/bids/u-1");
  EXPECT_EQ(checkpoint_uri(it, {}), "");
  EXPECT_EQ(snapshot_uri(it, {}, "a"), "");
}

TEST(ResizedPod, ChangesNothingButTheResources) {
  const std::string before = build_pod(job(), {.hash = "abc", .slots = 1}, {}).json;
  json after = json::parse(resized_pod(before, pod_size(job().spec.resources, 4)));
  EXPECT_EQ(after["spec"]["containers"][0]["resources"]["limits"]["cpu"], "4100m");
  after["spec"]["containers"][0]["resources"] =
      json::parse(before)["spec"]["containers"][0]["resources"];
  EXPECT_EQ(after, json::parse(before));
  EXPECT_EQ(resized_pod("{}", {}), "");
  EXPECT_EQ(resized_pod("no", {}), "");
}

TEST(GrantedSize, IsWhatTheKubeletSaysOrElseWhatWasAsked) {
  api::Pod pod =
      api::parse<api::Pod>(build_pod(job(), {.hash = "abc", .slots = 2}, {}).json).value();
  EXPECT_EQ(requested_size(pod), pod_size(job().spec.resources, 2));
  EXPECT_EQ(granted_size(pod), requested_size(pod));
  pod.status.container_statuses = {{.name = "engine"}};
  EXPECT_EQ(granted_size(pod), requested_size(pod));
  pod.status.container_statuses[0].resources =
      api::ResourceRequirements{.requests = {api::MilliCpu{500}, api::Bytes{1}}};
  EXPECT_EQ(granted_size(pod), (PodSize{{500}, {1}}));
}

}  // namespace
}  // namespace penstock
