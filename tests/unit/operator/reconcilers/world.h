#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "controllers/api/json.h"
#include "controllers/api/stream_job.h"
#include "controllers/desired/names.h"
#include "operator/engines/fake_engine_client.h"
#include "operator/k8s/memory_transport.h"
#include "operator/reconcilers/context.h"
#include "operator/reconcilers/job_snapshot_reconciler.h"
#include "operator/reconcilers/savepoint_schedule_reconciler.h"
#include "operator/reconcilers/scaling_policy_reconciler.h"
#include "operator/reconcilers/stream_job_reconciler.h"

namespace penstock {

using Json = nlohmann::json;
using namespace std::chrono_literals;

inline constexpr const char* kSql =
    "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen');"
    "CREATE TABLE sink (n BIGINT) WITH ('connector' = 'blackhole');"
    "INSERT INTO sink SELECT n FROM numbers;";

// An API server in memory, the reconcilers without threads, a kubelet and engines that do as the
// test says. The caches are filled only by sync(), so that each step is deterministic.
class World {
 public:
  World() {
    context.installation.checkpoint_base = "file:///checkpoints";
    context.installation.authority_id = "a1";
    context.certify = [](const std::string& name) { return TlsTexts{name, "key", "ca"}; };
  }

  void create_job(const Json& spec_changes = Json::object()) {
    Json spec{{"sql", kSql}, {"parallelism", 2}, {"minParallelism", 1}};
    spec.merge_patch(spec_changes);
    api.put(
        k8s::stream_jobs(),
        Json{{"metadata", {{"namespace", "team"}, {"name", "flights"}}}, {"spec", spec}}.dump());
  }
  void change_spec(const Json& patch) {
    k8s::Request request{"PATCH", k8s::stream_jobs().path({"team", "flights"}),
                         Json{{"spec", patch}}.dump(), "application/merge-patch+json"};
    api.handle(request);
  }

  api::StreamJob job() const {
    auto parsed = api::parse<api::StreamJob>(api.find(k8s::stream_jobs(), {"team", "flights"}));
    return parsed ? *parsed : api::StreamJob{};
  }
  bool gone() const { return api.find(k8s::stream_jobs(), {"team", "flights"}).empty(); }
  std::string uid() const { return job().metadata.uid; }
  // What the engine client knows the job's process by; empty without a Pod.
  std::string engine() const { return engine(active_number(job().status)); }
  std::string engine(std::int64_t number) const {
    const std::string pod = api.find(k8s::pods(), {"team", pod_name("flights", number)});
    return pod.empty() ? "" : Json::parse(pod)["metadata"]["uid"].get<std::string>();
  }

  void sync() {
    fill(k8s::stream_jobs(), stores.jobs);
    fill(k8s::scaling_policies(), stores.policies);
    fill(k8s::job_snapshots(), stores.snapshots);
    fill(k8s::pods(), stores.pods);
    fill(k8s::config_maps(), stores.config_maps);
    fill(k8s::nodes(), stores.nodes);
  }
  Result<NextLook> look() { return jobs.reconcile("team/flights"); }

  // The kubelet: every Pod that is there runs, every one that is being deleted goes.
  void run_pods() {
    sync();
    for (const k8s::Object& pod : stores.pods.all()) {
      const Json seen = Json::parse(pod.text());
      const Json resources = seen["spec"]["containers"][0].value("resources", Json::object());
      const Json status{{"phase", "Running"},
                        {"podIP", "127.0.0.9"},
                        {"containerStatuses",
                         {{{"name", seen["spec"]["containers"][0]["name"]},
                           {"ready", true},
                           {"restartCount", 0},
                           {"resources", resources},
                           {"state", {{"running", Json::object()}}}}}}};
      api.put_status(k8s::pods(), pod.key(), status.dump());
    }
  }
  // The engine says that it processes, with as many slots as it was told, or `slots`.
  void report(std::uint32_t slots) {
    api::JobReport report;
    report.job = "team/flights";
    report.uid = uid();
    report.phase = "Running";
    report.wanted = report.running = slots;
    report.at = clock.now();
    report.started_at = 1;
    report.checkpoints = {.completed = 1, .last_id = 1, .last_at = clock.now(), .last_bytes = 10};
    engines.report(engine(), report);
  }
  // The engine of that Pod says that it follows, and would take over in no time.
  void report_following(std::int64_t number) {
    api::JobReport report;
    report.job = "team/flights";
    report.uid = uid();
    report.phase = "Following";
    report.wanted = report.running = 2;
    report.at = clock.now();
    report.started_at = 1;
    report.following = api::FollowReport{.record = 3, .checkpoint_id = 1, .caught_up = true};
    engines.report(engine(number), report);
  }
  // Looks again and again, with the kubelet at work and errors repeated, for `rounds`.
  void settle(int rounds = 12) {
    for (int i = 0; i < rounds; ++i) {
      sync();
      static_cast<void>(look());
      run_pods();
      clock.advance(1s);
    }
  }
  // Until the job runs.
  void start_job(std::uint32_t slots = 2) {
    settle();
    report(slots);
    settle(3);
  }

  ManualClock clock{1'700'000'000'000};
  metrics::Registry metrics;
  k8s::MemoryApi api;
  k8s::MemoryTransport memory{api};
  k8s::Reader reader{memory};
  k8s::Writer writer{memory, "penstock-operator"};
  k8s::Writer event_writer{memory, "penstock-operator"};
  Stores stores;
  FakeEngineClient engines{clock};
  EventRecorder events{event_writer, clock, "test"};
  ReconcileContext context{stores, reader, writer, engines, events, clock, {}, {}, {}};
  StreamJobReconciler jobs{context, metrics};
  JobSnapshotReconciler snapshots{context};
  SavepointScheduleReconciler schedules{context};
  ScalingPolicyReconciler policies{context};

 private:
  void fill(const k8s::Resource& resource, k8s::ObjectStore& store) {
    const auto list = k8s::Reader(memory).list_all(resource, "");
    store.replace("", list->items);
    store.progress("", list->resource_version);
  }
};

}  // namespace penstock
