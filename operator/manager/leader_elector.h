#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "operator/manager/lease.h"
#include "runtime/base/clock.h"

namespace penstock {

struct ElectionOptions {
  k8s::ObjectKey lease{"default", "penstock-operator"};
  std::string me;  // unlike any other candidate's
  LeaseTimes times;
};

// Leads while it holds the Lease. A lost Lease does not fence anything: the owner has to end the
// process at once, and what fences are resourceVersions and decision numbers.
class LeaderElector {
 public:
  LeaderElector(const k8s::Reader& reader, const k8s::Writer& writer, Clock& clock,
                ElectionOptions options);

  // Waits until this process leads; false when `stop` was requested before. Called once; from then
  // on one thread renews, and another watches the time, because a renewal may hang. Whichever sees
  // that the Lease is gone calls `on_lost`, once.
  bool lead(const std::stop_token& stop, std::function<void()> on_lost);
  // Gives the Lease up, so that the next one need not wait. Only when nothing is at work any more.
  void release();

  // Any thread.
  bool leading() const { return leading_; }
  // Whether the last renewal is young enough that nobody else can lead. Asks nobody, so that a
  // process that was stopped for a minute knows before its threads do anything. Any thread.
  bool certain() const;

 private:
  // One round: reads if it must, and writes if it may; once more after a conflict. True when the
  // Lease is ours afterwards.
  bool round();
  Status look();
  Status write(LeaseAct act, const LeaseRecord& record);
  void keep(const std::stop_token& stop);
  void watch_time(const std::stop_token& stop);
  void lose();
  Duration since_renewal() const;

  const k8s::Reader& reader_;
  const k8s::Writer& writer_;
  Clock& clock_;
  const ElectionOptions options_;
  LeaseState state_;     // the caller's of lead() and release(), the keeper's in between
  std::string version_;  // of the Lease as last seen
  std::function<void()> on_lost_;
  std::atomic<bool> leading_{false};
  std::atomic<Duration> renewed_at_{Duration(0)};  // when the last renewal that arrived was sent
  std::jthread keeper_, watch_;
};

}  // namespace penstock
