#include "operator/manager/lease.h"

#include <gtest/gtest.h>

#include <atomic>

#include "operator/k8s/memory_transport.h"
#include "operator/manager/leader_elector.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

LeaseRecord held_by(const std::string& holder, const std::string& renewed = "t0") {
  return {.holder = holder, .renew_time = renewed};
}

TEST(Lease, NobodysIsCreatedAndAReleasedOneIsTakenAtOnce) {
  EXPECT_EQ(decide_lease({}, "me", 0s), LeaseAct::kCreate);
  const LeaseState released = observe_lease({}, held_by(""), 0s);
  EXPECT_EQ(decide_lease(released, "me", 0s), LeaseAct::kTake);
}

TEST(Lease, AnothersIsTakenOnlyAfterItStoodStillForItsDurationByOurClock) {
  LeaseState state = observe_lease({}, held_by("other", "1970-01-01"), 100s);
  EXPECT_EQ(decide_lease(state, "me", 114s), LeaseAct::kWait);
  state = observe_lease(state, held_by("other", "1970-01-02"), 114s);
  EXPECT_EQ(decide_lease(state, "me", 128s), LeaseAct::kWait);
  state = observe_lease(state, held_by("other", "1970-01-02"), 128s);
  EXPECT_EQ(decide_lease(state, "me", 129s), LeaseAct::kTake);
}

TEST(Lease, TransitionsCountChangesOfTheHolderOnly) {
  const LeaseState mine = observe_lease({}, held_by("me"), 0s);
  EXPECT_EQ(next_lease(mine, "me", {}, "now").transitions, 0);
  const LeaseState others = observe_lease({}, held_by("other"), 0s);
  EXPECT_EQ(next_lease(others, "me", {}, "now").transitions, 1);
  EXPECT_EQ(next_lease(others, "me", {}, "now").renew_time, "now");
}

TEST(Lease, IsLostWhenItWasNotRenewedForTheDeadline) {
  LeaseState state{.renewed_at = 5s, .leading = true};
  EXPECT_FALSE(lease_lost(state, {}, 14s));
  EXPECT_TRUE(lease_lost(state, {}, 15s));
}

TEST(LeaderElector, TheSecondLeadsWhenTheFirstReleases) {
  k8s::MemoryApi api;
  k8s::MemoryTransport transport(api);
  const k8s::Reader reader(transport);
  const k8s::Writer writer(transport, "tests");
  SystemClock clock;
  const LeaseTimes times{.lease = 15s, .renew_deadline = 10s, .retry = 5ms};
  LeaderElector first(reader, writer, clock, {.me = "first", .times = times});
  LeaderElector second(reader, writer, clock, {.me = "second", .times = times});
  ASSERT_TRUE(first.lead({}, [] { FAIL() << "lost"; }));
  std::atomic<bool> leads{false};
  {
    std::jthread waiting(
        [&](const std::stop_token& stop) { leads = second.lead(stop, [] { FAIL() << "lost"; }); });
    EXPECT_FALSE(second.leading());
    first.release();
    for (bool seen = leads; !seen; seen = leads) std::this_thread::yield();
  }
  EXPECT_TRUE(second.leading());
  EXPECT_FALSE(first.leading());
  second.release();
  EXPECT_NE(
      api.find(k8s::leases(), {"default", "penstock-operator"}).find("\"leaseTransitions\":1"),
      std::string::npos);
}

TEST(LeaderElector, SaysThatItLostWhenAnotherHoldsTheLease) {
  k8s::MemoryApi api;
  k8s::MemoryTransport transport(api);
  const k8s::Reader reader(transport);
  const k8s::Writer writer(transport, "tests");
  SystemClock clock;
  LeaderElector first(reader, writer, clock, {.me = "first", .times = {.retry = 5ms}});
  std::atomic<bool> lost{false};
  ASSERT_TRUE(first.lead({}, [&] {
    lost = true;
    lost.notify_all();
  }));
  api.put(k8s::leases(), R"({"metadata":{"namespace":"default","name":"penstock-operator"},
      "spec":{"holderIdentity":"other","leaseDurationSeconds":15}})");
  lost.wait(false);
  EXPECT_FALSE(first.leading());
}

}  // namespace
}  // namespace penstock
