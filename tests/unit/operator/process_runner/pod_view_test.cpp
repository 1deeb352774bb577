#include <gtest/gtest.h>

#include "operator/process_runner/pod_plan.h"

namespace penstock {
namespace {

constexpr const char* kPod = R"({
  "metadata": {"name": "orders-0", "namespace": "default", "uid": "u1", "deletionTimestamp": "1970-01-01T00:01:00Z", "deletionGracePeriodSeconds": 30},
  "spec": {
    "restartPolicy": "OnFailure", "terminationGracePeriodSeconds": 60,
    "containers": [{"name": "penstock", "image": "penstock:dev", "command": ["penstock"], "args": ["run", "/etc/penstock/job.yaml"],
      "env": [{"name": "A", "value": "1"}, {"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
              {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
      "volumeMounts": [{"name": "job", "mountPath": "/etc/penstock"}],
      "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 2}}],
    "volumes": [{"name": "job", "configMap": {"name": "orders"}}]},
  "status": {"phase": "Running", "podIP": "127.0.1.1"}})";

TEST(ReadPod, ReadsWhatTheRunnerUses) {
  const auto pod = read_pod(kPod);
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->restart_policy, "OnFailure");
  EXPECT_EQ(pod->deleted_at, 60000);
  ASSERT_EQ(pod->environment.size(), 3u);
  EXPECT_EQ(pod->environment[1].source, PodEnvironment::Source::kSecretKey);
  EXPECT_EQ(pod->environment[2].key, "status.podIP");
  ASSERT_EQ(pod->mounts.size(), 1u);
  EXPECT_EQ(pod->mounts[0].object, "orders");
  EXPECT_EQ(pod->readiness->port, 8080);
  EXPECT_EQ(pod->readiness->period_seconds, 2);
  EXPECT_EQ(pod->pod_ip, "127.0.1.1");
}

TEST(ReadPod, ReadsWhenProbesKill) {
  const auto pod = read_pod(R"({"spec": {"containers": [{
    "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "failureThreshold": 2,
                      "terminationGracePeriodSeconds": 5},
    "startupProbe": {"httpGet": {"port": 8080}, "failureThreshold": 60}}]}})");
  ASSERT_TRUE(pod) << pod.error().message;
  EXPECT_EQ(pod->liveness->path, "/healthz");
  EXPECT_EQ(pod->liveness->failure_threshold, 2);
  EXPECT_EQ(pod->liveness->grace_seconds, 5);
  EXPECT_EQ(pod->startup->failure_threshold, 60);
  EXPECT_EQ(pod->startup->grace_seconds, std::nullopt);
  EXPECT_FALSE(pod->readiness);
}

TEST(ReadPod, ReadsHowSecretsAndConfigMapsAreMounted) {
  const auto pod = read_pod(R"({"spec": {
    "containers": [{"volumeMounts": [{"name": "tls", "mountPath": "/etc/penstock-tls"}, {"name": "job", "mountPath": "/etc/penstock"}]}],
    "volumes": [
      {"name": "tls", "secret": {"secretName": "orders-0-abc", "items": [{"key": "tls.crt", "path": "certs/tls.crt", "mode": 292}]}},
      {"name": "job", "configMap": {"name": "orders", "optional": true, "defaultMode": 288}}]}})");
  ASSERT_TRUE(pod) << pod.error().message;
  const PodMount& tls = pod->mounts[0];
  EXPECT_EQ(tls.object, "orders-0-abc");
  EXPECT_EQ(tls.mode, 0600u) << "0644, as the API says it, but for its owner alone";
  EXPECT_FALSE(tls.optional);
  ASSERT_EQ(tls.items.size(), 1u);
  EXPECT_EQ(tls.items[0].key, "tls.crt");
  EXPECT_EQ(tls.items[0].path, "certs/tls.crt");
  EXPECT_EQ(tls.items[0].mode, 0400u);
  EXPECT_EQ(pod->mounts[1].mode, 0440u);
  EXPECT_TRUE(pod->mounts[1].optional);
}

TEST(ReadPod, RefusesWhatItCannotRun) {
  struct Case {
    const char* json;
    const char* why;
  };
  for (
      const Case& row : {
          Case{"[]", "no JSON object"},
          Case{R"({"spec": {"containers": []}})", "exactly one container"},
          Case{R"({"spec": {"containers": [{}], "initContainers": [{}]}})", "init containers"},
          Case{
              R"({"spec": {"containers": [{"volumeMounts": [{"name": "v"}]}], "volumes": [{"name": "v", "hostPath": {}}]}})",
              "volume v is neither"},
          Case{
              R"({"spec": {"containers": [{"volumeMounts": [{"name": "v", "subPath": "x"}]}], "volumes": [{"name": "v", "emptyDir": {}}]}})",
              "subPath of volume v"},
          Case{
              R"({"spec": {"containers": [{"volumeMounts": [{"name": "v"}]}], "volumes": [{"name": "v", "secret": {"items": [{"key": "k", "path": "a/../../b"}]}}]}})",
              "not below the mount"},
          Case{
              R"({"spec": {"containers": [{"volumeMounts": [{"name": "v"}]}], "volumes": [{"name": "v", "secret": {"defaultMode": 4096}}]}})",
              "defaultMode 4096"},
          Case{R"({"spec": {"containers": [{"readinessProbe": {"exec": {}}}]}})",
               "readinessProbe that is no httpGet"},
          Case{R"({"spec": {"containers": [{"livenessProbe": {"tcpSocket": {"port": 1}}}]}})",
               "livenessProbe that is no httpGet"},
          Case{
              R"({"spec": {"containers": [{"startupProbe": {"httpGet": {"port": 1, "scheme": "HTTPS"}}}]}})",
              "startupProbe with a host, headers or HTTPS"},
      }) {
    const auto pod = read_pod(row.json);
    ASSERT_FALSE(pod) << row.json;
    EXPECT_NE(pod.error().message.find(row.why), std::string::npos) << pod.error().message;
  }
}

}  // namespace
}  // namespace penstock
