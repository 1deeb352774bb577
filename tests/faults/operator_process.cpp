#include "tests/faults/operator_process.h"

#include <utility>

#include "operator/k8s/watch_frame.h"

namespace penstock::faults {
namespace {

Installation installation() {
  return {.checkpoint_base = "file:///checkpoints", .authority_id = "a1"};
}

}  // namespace

OperatorProcess::OperatorProcess(const k8s::MemoryApi& api, Engines& engines, Clock& clock,
                                 OnCall on_call)
    : api_(api),
      clock_(clock),
      transport_(*this, std::move(on_call)),
      seen_(engines, clock),
      context_{stores_,
               reader_,
               writer_,
               seen_,
               events_,
               clock,
               installation(),
               [](const std::string& name) { return TlsTexts{name, "key", "authority"}; },
               [](const std::string&) { return ok(); }},
      jobs_(context_, metrics_),
      snapshots_(context_),
      policies_(context_),
      schedules_(context_) {
  for (Reconciler* reconciler :
       std::initializer_list<Reconciler*>{&jobs_, &snapshots_, &policies_, &schedules_})
    queues_.push_back({reconciler, QueueState(Backoff{})});
  const Wake wake = waker();
  seen_.on_change([this, wake](const std::string& job) { wake_for_engine(stores_, job, wake); });
  using Change = k8s::StoreChange;
  feeds_ = {{&k8s::stream_jobs(), &stores_.jobs,
             [this, wake](const Change& it) { wake_for_job(stores_, it, wake); }},
            {&k8s::pods(), &stores_.pods, [wake](const Change& it) { wake_for_pod(it, wake); }},
            {&k8s::config_maps(), &stores_.config_maps,
             [this, wake](const Change& it) { wake_for_config_map(stores_, it, wake); }},
            {&k8s::scaling_policies(), &stores_.policies,
             [this, wake](const Change& it) { wake_for_policy(stores_, it, wake); }},
            {&k8s::job_snapshots(), &stores_.snapshots,
             [this, wake](const Change& it) { wake_for_snapshot(stores_, it, wake); }}};
}

void OperatorProcess::list() {
  for (Feed& feed : feeds_) {
    const k8s::ObjectList all = api_.objects(*feed.resource);
    for (const k8s::StoreChange& change : feed.store->replace("", all.items)) feed.wake(change);
    feed.store->progress("", all.resource_version);
    feed.seen = std::stoull(all.resource_version);
  }
}

void OperatorProcess::deliver(Feed& feed, const std::string& line, bool twice) {
  const k8s::WatchFrame frame = k8s::parse_frame(line).value();
  const auto& changed = std::get<k8s::Changed>(frame);
  for (int times = twice ? 2 : 1; times > 0; --times) {
    const auto change = changed.kind == k8s::Changed::Kind::kDeleted
                            ? feed.store->drop(changed.object)
                            : feed.store->put(changed.object);
    feed.store->progress("", changed.object.resource_version());
    feed.wake(change.value_or(k8s::StoreChange{changed.object, changed.object}));
  }
}

void OperatorProcess::see(const CacheFaults& faults, std::uint64_t until) {
  if (faults.frozen) return;
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    Feed& feed = feeds_[i];
    if (faults.late == i || until <= feed.seen) continue;
    for (const std::string& line : api_.changes(*feed.resource, feed.seen, until)) {
      if (!faults.lossy || ++delivered_ % 2 == 0) deliver(feed, line, faults.twice);
    }
    feed.seen = until;
  }
}

Wake OperatorProcess::waker() {
  const auto into = [this](std::size_t number) {
    return [this, number](const std::string& key) {
      queues_[number].state.add(key, clock_.monotonic());
    };
  };
  return {.job = into(0), .policy = into(2), .snapshot = into(1), .schedule = into(3)};
}

void OperatorProcess::wake_all() { wake_for_all(stores_, waker()); }

bool OperatorProcess::work() {
  for (Queued& queue : queues_) {
    queue.state.advance(clock_.monotonic());
    const auto taken = queue.state.take();
    if (!taken) continue;
    reconcile(queue, taken->key);
    return true;
  }
  return false;
}

// As Controller::work does.
void OperatorProcess::reconcile(Queued& queue, const std::string& key) {
  const Result<NextLook> outcome = queue.reconciler->reconcile(key);
  const std::string name = std::string(queue.reconciler->name()) + " " + key;
  outcome ? static_cast<void>(unhappy_.erase(name)) : static_cast<void>(unhappy_.insert(name));
  const Reaction reaction = react(outcome);
  const Duration now = clock_.monotonic();
  queue.state.done(key, now);
  if (reaction.kind == Reaction::Kind::kBackOff) {
    queue.state.add_after_failure(key, now);
    return;
  }
  queue.state.forget(key);
  if (reaction.kind == Reaction::Kind::kAfter) queue.state.add_at(key, now + reaction.delay);
}

}  // namespace penstock::faults
