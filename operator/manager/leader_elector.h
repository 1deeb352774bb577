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
  // on a thread renews, and calls `on_lost` when it cannot.
  bool lead(const std::stop_token& stop, std::function<void()> on_lost);
  // Gives the Lease up, so that the next one need not wait. Only when nothing is at work any more.
  void release();

  bool leading() const { return leading_; }

 private:
  // One round: reads if it must, and writes if it may. True when the Lease is ours afterwards.
  bool round();
  Status write(LeaseAct act, const LeaseRecord& record);
  void keep(const std::stop_token& stop, const std::function<void()>& on_lost);

  const k8s::Reader& reader_;
  const k8s::Writer& writer_;
  Clock& clock_;
  const ElectionOptions options_;
  LeaseState state_;
  std::string version_, uid_;  // of the Lease as last seen
  std::atomic<bool> leading_{false};
  std::jthread keeper_;
};

}  // namespace penstock
