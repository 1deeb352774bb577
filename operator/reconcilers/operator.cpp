#include "operator/reconcilers/operator.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "operator/k8s/polite_transport.h"
#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "operator/manager/controller.h"
#include "operator/manager/fenced_transport.h"
#include "operator/manager/health.h"
#include "operator/manager/leader_elector.h"
#include "operator/reconcilers/job_snapshot_reconciler.h"
#include "operator/reconcilers/savepoint_schedule_reconciler.h"
#include "operator/reconcilers/scaling_policy_reconciler.h"
#include "operator/reconcilers/stores.h"
#include "operator/reconcilers/stream_job_reconciler.h"
#include "runtime/base/log.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

class OperatorImpl final : public Operator {
 public:
  OperatorImpl(k8s::Transport& transport, EngineClient& engines, Clock& clock,
               metrics::Registry& metrics, OperatorOptions options)
      : transport_(transport),
        engines_(engines),
        clock_(clock),
        metrics_(metrics),
        options_(std::move(options)),
        reader_(transport),
        lease_writer_(transport, "penstock-operator"),
        elector_(
            reader_, lease_writer_, clock,
            {.lease = {options_.lease_namespace, "penstock-operator"}, .me = options_.identity}),
        polite_(transport, clock),
        fenced_(polite_, [this] { return !options_.leader_elect || elector_.certain(); }),
        writer_(fenced_, "penstock-operator"),
        jobs_("streamjob", clock, metrics),
        policies_("scalingpolicy", clock, metrics),
        snapshots_("jobsnapshot", clock, metrics),
        schedules_("savepointschedule", clock, metrics),
        requests_(metrics.add_collector([this] { return request_metrics(); })) {}

  Status serve() {
    if (options_.http.empty()) return ok();
    const HealthCheck ping{"ping", [] { return std::string(); }};
    const HealthCheck leader{"leader",
                             [this] { return std::string(lost_ ? "leadership lost" : ""); }};
    const HealthCheck caches{"caches", [this] { return problem(); }};
    std::vector<HealthCheck> ready = options_.ready;
    ready.insert(ready.begin(), {ping, caches});
    TRY_ASSIGN(server_,
               HealthServer::start(options_.http, {ping, leader}, std::move(ready), metrics_));
    return ok();
  }

  const k8s::ObjectStore& jobs() const override { return stores_.jobs; }
  std::uint16_t http_port() const override { return server_ ? server_->port() : 0; }

  Status run(const std::stop_token& stop) override {
    std::stop_callback forward(stop, [this] { ended_.request_stop(); });
    const Status done = work(ended_.get_token());
    if (lost_) return Error{Code::kConflict, "leadership was lost"};
    return done;
  }

 private:
  // Caches from here to the end of this call, controllers while this process leads.
  Status work(const std::stop_token& stop) {
    EventRecorder events(writer_, clock_, options_.identity);
    const ReconcileContext context{stores_,
                                   reader_,
                                   writer_,
                                   engines_,
                                   events,
                                   clock_,
                                   options_.installation,
                                   options_.certify,
                                   options_.delete_checkpoints};
    StreamJobReconciler job_reconciler(context, metrics_);
    JobSnapshotReconciler snapshot_reconciler(context);
    SavepointScheduleReconciler schedule_reconciler(context);
    ScalingPolicyReconciler policy_reconciler(context);
    const Wake wake = waker();
    engines_.on_change(
        [this, wake](const std::string& job) { wake_for_engine(stores_, job, wake); });
    // The client outlives the queues that it wakes.
    const std::unique_ptr<EngineClient, void (*)(EngineClient*)> told(
        &engines_, [](EngineClient* engines) { engines->on_change({}); });
    std::optional<k8s::Informer> namespaces;
    if (!options_.namespace_selector.empty()) {
      namespaces.emplace(reader_, k8s::namespaces(), k8s::Scope{}, namespaces_, clock_,
                         static_cast<std::uint64_t>(clock_.now()),
                         [this, wake](const k8s::StoreChange& change) {
                           wake_for_namespace(stores_, change, wake);
                         });
    }
    Informers informers(reader_, stores_, options_.namespaces, clock_, wake);
    if (!lead(stop)) return ok();
    if (wait_for_caches(stop)) {
      log::info("caches are filled", {{"rows", stores_.jobs.size()}});
      const auto scoped = [this](Reconciler& inner) {
        return ScopedReconciler(inner, options_.namespace_selector, namespaces_);
      };
      ScopedReconciler scoped_jobs = scoped(job_reconciler),
                       scoped_snapshots = scoped(snapshot_reconciler),
                       scoped_schedules = scoped(schedule_reconciler),
                       scoped_policies = scoped(policy_reconciler);
      Controller jobs(scoped_jobs, jobs_, options_.workers, clock_, metrics_);
      Controller snapshots(scoped_snapshots, snapshots_, 1, clock_, metrics_);
      Controller schedules(scoped_schedules, schedules_, 1, clock_, metrics_);
      Controller policies(scoped_policies, policies_, 1, clock_, metrics_);
      acting_ = true;
      wake_for_all(stores_, wake);
      wait(stop);
    }
    if (lost_) return ok();
    events.flush();
    if (options_.leader_elect) elector_.release();
    return ok();
  }

  // A candidate queues nothing: it looks at everything once it leads.
  Wake waker() {
    const auto into = [this](WorkQueue& queue) {
      return [this, &queue](const std::string& key) {
        if (acting_) queue.add(key);
      };
    };
    return {.job = into(jobs_),
            .policy = into(policies_),
            .snapshot = into(snapshots_),
            .schedule = into(schedules_)};
  }

  // False when the end came before.
  bool lead(const std::stop_token& stop) {
    if (options_.leader_elect) {
      const bool leads = elector_.lead(stop, [this] {
        if (options_.on_lost) options_.on_lost();
        lost_ = true;
        ended_.request_stop();
      });
      if (!leads) return false;
    }
    if (options_.on_leading) options_.on_leading();
    return true;
  }

  // Workers must not act on half a picture.
  bool wait_for_caches(const std::stop_token& stop) {
    while (!missing().empty()) {
      if (!clock_.sleep(5ms, stop)) return false;
    }
    return true;
  }

  std::string missing() const {
    const bool selected = !options_.namespace_selector.empty();
    if (selected && !namespaces_.synced(1)) return k8s::namespaces().plural;
    return missing_kind(stores_, options_.namespaces);
  }

  static void wait(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
  }

  std::string problem() const {
    if (ended_.stop_requested()) return "the operator is ending";
    const std::string kind = missing();
    return kind.empty() ? kind : "the cache of " + kind + " is not filled yet";
  }

  std::vector<metrics::Family> request_metrics() const {
    using metrics::Family;
    Family requests{Family::Kind::kCounter,
                    "penstock_operator_api_requests_total",
                    "Requests to the API server by verb and resource.",
                    {}};
    for (const auto& [what, count] : transport_.counts()) {
      requests.samples.push_back(
          {{{"verb", what.first}, {"resource", what.second}}, static_cast<double>(count)});
    }
    Family leading{Family::Kind::kGauge, "leader_election_master_status", "1 while leading.", {}};
    leading.samples.push_back({{{"name", "penstock-operator"}},
                               !options_.leader_elect || elector_.leading() ? 1.0 : 0.0});
    return {requests, leading};
  }

  k8s::Transport& transport_;
  EngineClient& engines_;
  Clock& clock_;
  metrics::Registry& metrics_;
  const OperatorOptions options_;
  const k8s::Reader reader_;
  const k8s::Writer lease_writer_;
  LeaderElector elector_;
  k8s::PoliteTransport polite_;
  FencedTransport fenced_;
  const k8s::Writer writer_;  // of everything but the Lease
  std::stop_source ended_;
  std::atomic<bool> lost_{false}, acting_{false};
  Stores stores_;
  k8s::ObjectStore namespaces_;
  WorkQueue jobs_, policies_, snapshots_, schedules_;
  std::shared_ptr<void> requests_;
  std::unique_ptr<HealthServer> server_;
};

}  // namespace

Result<std::unique_ptr<Operator>> Operator::create(k8s::Transport& transport, EngineClient& engines,
                                                   Clock& clock, metrics::Registry& metrics,
                                                   OperatorOptions options) {
  auto made =
      std::make_unique<OperatorImpl>(transport, engines, clock, metrics, std::move(options));
  TRY(made->serve());
  return std::unique_ptr<Operator>(std::move(made));
}

}  // namespace penstock
