#include "operator/reconcilers/operator.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "operator/manager/controller.h"
#include "operator/manager/health.h"
#include "operator/manager/leader_elector.h"
#include "operator/reconcilers/job_snapshot_reconciler.h"
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
        writer_(transport, "penstock-operator"),
        elector_(
            reader_, writer_, clock,
            {.lease = {options_.lease_namespace, "penstock-operator"}, .me = options_.identity}),
        jobs_("streamjob", clock, metrics),
        policies_("scalingpolicy", clock, metrics),
        snapshots_("jobsnapshot", clock, metrics),
        requests_(metrics.add_collector([this] { return request_metrics(); })) {}

  Status serve() {
    if (options_.http.empty()) return ok();
    const HealthCheck ping{"ping", [] { return std::string(); }};
    const HealthCheck leader{"leader",
                             [this] { return std::string(lost_ ? "leadership lost" : ""); }};
    const HealthCheck caches{"caches", [this] { return problem(); }};
    TRY_ASSIGN(server_,
               HealthServer::start(options_.http, {ping, leader}, {ping, caches}, metrics_));
    return ok();
  }

  std::uint16_t http_port() const override { return server_ ? server_->port() : 0; }

  Status run(const std::stop_token& stop) override {
    if (options_.leader_elect) {
      const bool leads = elector_.lead(stop, [this] {
        if (options_.on_lost) options_.on_lost();
        lost_ = true;
        ended_.request_stop();
      });
      if (!leads) return ok();
    }
    std::stop_callback forward(stop, [this] { ended_.request_stop(); });
    const Status done = work(ended_.get_token());
    if (lost_) return Error{Code::kConflict, "leadership was lost"};
    if (options_.leader_elect) elector_.release();
    return done;
  }

 private:
  // Caches and controllers, from here to the end of this call.
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
    ScalingPolicyReconciler policy_reconciler(context);
    const Wake wake{.job = [this](const std::string& key) { jobs_.add(key); },
                    .policy = [this](const std::string& key) { policies_.add(key); },
                    .snapshot = [this](const std::string& key) { snapshots_.add(key); }};
    engines_.on_change(
        [this, wake](const std::string& job) { wake_for_engine(stores_, job, wake); });
    // The client outlives the queues that it wakes.
    const std::unique_ptr<EngineClient, void (*)(EngineClient*)> told(
        &engines_, [](EngineClient* engines) { engines->on_change({}); });
    Informers informers(reader_, stores_, options_.namespaces, clock_, wake);
    if (!wait_for_caches(informers, stop)) return ok();
    synced_ = true;
    log::info("caches are filled", {{"rows", stores_.jobs.size()}});
    {
      Controller jobs(job_reconciler, jobs_, options_.workers, clock_, metrics_);
      Controller snapshots(snapshot_reconciler, snapshots_, 1, clock_, metrics_);
      Controller policies(policy_reconciler, policies_, 1, clock_, metrics_);
      wait(stop);
      synced_ = false;
    }
    if (!lost_) events.flush();
    return ok();
  }

  // Workers must not act on half a picture.
  bool wait_for_caches(const Informers& informers, const std::stop_token& stop) {
    while (!informers.missing().empty()) {
      if (!clock_.sleep(5ms, stop)) return false;
    }
    return true;
  }

  static void wait(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
  }

  std::string problem() const {
    if (synced_) return {};
    if (options_.leader_elect && !elector_.leading())
      return {};  // a candidate is ready to take over
    return "the caches are not filled yet";
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
  const k8s::Writer writer_;
  LeaderElector elector_;
  std::stop_source ended_;
  std::atomic<bool> lost_{false}, synced_{false};
  Stores stores_;
  WorkQueue jobs_, policies_, snapshots_;
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
