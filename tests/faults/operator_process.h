#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "operator/k8s/memory_api.h"
#include "operator/queue/queue_state.h"
#include "operator/reconcilers/context.h"
#include "operator/reconcilers/job_snapshot_reconciler.h"
#include "operator/reconcilers/savepoint_schedule_reconciler.h"
#include "operator/reconcilers/scaling_policy_reconciler.h"
#include "operator/reconcilers/stream_job_reconciler.h"
#include "tests/faults/engines.h"

namespace penstock::faults {

// What goes wrong with the caches now.
struct CacheFaults {
  bool frozen = false, lossy = false, twice = false;
  std::optional<std::size_t> late;  // the number of the kind that is frozen
};

// One process of the operator without its threads: the real reconcilers, queues and stores, moved
// by hand. It dies by its transport: `alive` turns false, and nothing it asks for is done any more.
class OperatorProcess {
 public:
  using OnCall = std::function<Result<k8s::Response>(OperatorProcess&, const k8s::Request&)>;

  // Everything given outlives it. `api`: what its caches are fed from, as far as they see it.
  OperatorProcess(const k8s::MemoryApi& api, Engines& engines, Clock& clock, OnCall on_call);

  // Lists every kind anew, as a process does at its start and after a 410.
  void list();
  // Brings what has happened up to `until` to the caches, and what it concerns into the queues.
  void see(const CacheFaults& faults, std::uint64_t until);
  // Everything that is known goes into the queues.
  void wake_all();
  void look_at_engines() { seen_.look(); }
  // One reconcile, if one is due.
  bool work();
  // Whether the last reconcile of every key went well.
  bool content() const { return unhappy_.empty(); }

  bool alive = true;

 private:
  class CallingTransport final : public k8s::Transport {
   public:
    CallingTransport(OperatorProcess& owner, OnCall on_call)
        : owner_(owner), on_call_(std::move(on_call)) {}
    Result<k8s::Response> call(const k8s::Request& request) override {
      return on_call_(owner_, request);
    }
    Result<k8s::Response> stream(const k8s::Request&, const OnLine&,
                                 const std::stop_token&) override {
      return Error{Code::kInternal, "the caches are fed by hand"};
    }
    void rotate() override {}
    k8s::RequestCounts counts() const override { return {}; }

   private:
    OperatorProcess& owner_;
    const OnCall on_call_;
  };
  // Events are of no interest here, and their thread must not move the API's versions.
  class NowhereTransport final : public k8s::Transport {
   public:
    Result<k8s::Response> call(const k8s::Request&) override {
      return Error{Code::kCancelled, "events go nowhere"};
    }
    Result<k8s::Response> stream(const k8s::Request&, const OnLine&,
                                 const std::stop_token&) override {
      return Error{Code::kCancelled, "nothing comes from nowhere"};
    }
    void rotate() override {}
    k8s::RequestCounts counts() const override { return {}; }
  };
  struct Feed {
    const k8s::Resource* resource;
    k8s::ObjectStore* store;
    std::function<void(const k8s::StoreChange&)> wake;
    std::uint64_t seen = 0;
  };
  struct Queued {
    Reconciler* reconciler;
    QueueState state;
  };

  Wake waker();
  void deliver(Feed& feed, const std::string& line, bool twice);
  void reconcile(Queued& queue, const std::string& key);

  const k8s::MemoryApi& api_;
  Clock& clock_;
  CallingTransport transport_;
  NowhereTransport nowhere_;
  k8s::Reader reader_{transport_};
  k8s::Writer writer_{transport_, "penstock-operator"}, event_writer_{nowhere_, "events"};
  Stores stores_;
  EnginesSeen seen_;
  EventRecorder events_{event_writer_, clock_, "test"};
  metrics::Registry metrics_;
  ReconcileContext context_;
  StreamJobReconciler jobs_;
  JobSnapshotReconciler snapshots_;
  ScalingPolicyReconciler policies_;
  SavepointScheduleReconciler schedules_;
  std::vector<Queued> queues_;
  std::vector<Feed> feeds_;
  std::set<std::string> unhappy_;  // reconciler and key
  std::uint64_t delivered_ = 0;
};

}  // namespace penstock::faults
