#include "operator/manager/lease.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "operator/k8s/memory_transport.h"
#include "operator/manager/fenced_transport.h"
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

TEST(Lease, ACandidateLooksEverySecondAndWhenTheLeaseRunsOut) {
  EXPECT_EQ(next_look({}, {}, 5s), 1s);
  EXPECT_EQ(next_look(observe_lease({}, held_by(""), 0s), {}, 5s), 1s);
  const LeaseState others = observe_lease({}, held_by("other"), 100s);
  EXPECT_EQ(next_look(others, {}, 103s), 1s);
  EXPECT_EQ(next_look(others, {}, 114700ms), 300ms);
  EXPECT_EQ(next_look(others, {}, 116s), 1s) << "another one took it and lost it";
}

TEST(LeaderElector, TheSecondLeadsWhenTheFirstReleases) {
  k8s::MemoryApi api;
  k8s::MemoryTransport transport(api);
  const k8s::Reader reader(transport);
  const k8s::Writer writer(transport, "tests");
  SystemClock clock;
  const LeaseTimes times{.lease = 15s, .renew_deadline = 10s, .retry = 5ms, .poll = 5ms};
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

// A clock that says when its owner has gone to sleep, so that time passes only then.
class WatchedClock final : public Clock {
 public:
  explicit WatchedClock(ManualClock& inner) : inner_(inner) {}
  Millis now() override { return inner_.now(); }
  Duration monotonic() override { return inner_.monotonic(); }
  bool sleep(Duration duration, const std::stop_token& stop) override {
    return sleep_until(monotonic() + duration, stop);
  }
  bool sleep_until(Duration deadline, const std::stop_token& stop) override {
    ++sleeps_;
    return inner_.sleep_until(deadline, stop);
  }
  int sleeps() const { return sleeps_; }

 private:
  ManualClock& inner_;
  std::atomic<int> sleeps_{0};
};

// Candidates over one API server in memory, by a clock that stands still until it is advanced.
class Election : public testing::Test {
 protected:
  struct Candidate {
    Candidate(k8s::MemoryApi& api, ManualClock& time, const std::string& me)
        : clock(time),
          transport(api),
          reader(transport),
          writer(transport, "tests"),
          elector(reader, writer, clock, {.me = me}) {}
    std::uint64_t renewals() { return transport.counts()[{"update", "leases"}]; }
    // Leads in a thread of its own; returns once it waits.
    void start() {
      thread = std::jthread(
          [this](const std::stop_token& stop) { elector.lead(stop, [this] { lost = true; }); });
      while (clock.sleeps() == 0) std::this_thread::yield();
    }
    WatchedClock clock;
    k8s::MemoryTransport transport;
    const k8s::Reader reader;
    const k8s::Writer writer;
    std::atomic<bool> lost{false};
    LeaderElector elector;
    std::jthread thread;
  };

  // Lets time pass, second by second, until the waiting candidate leads; how much it took.
  Duration until_leading(Candidate& candidate) {
    int sleeps = 0;
    for (Duration passed{0}; passed < 60s; passed += 1s) {
      while (candidate.clock.sleeps() == sleeps && !candidate.elector.leading())
        std::this_thread::yield();
      if (candidate.elector.leading()) return passed;
      sleeps = candidate.clock.sleeps();
      clock_.advance(1s);  // no sleep of a candidate is longer
    }
    return 60s;
  }

  k8s::MemoryApi api_;
  ManualClock clock_;
};

TEST_F(Election, AReleasedLeaseIsTakenWithinASecond) {
  Candidate first(api_, clock_, "first"), second(api_, clock_, "second");
  ASSERT_TRUE(first.elector.lead({}, [] {}));
  second.start();
  first.elector.release();
  EXPECT_LE(until_leading(second), 1s);
}

TEST_F(Election, ACrashedLeadersLeaseIsTakenOneSecondAfterItRanOutAtTheLatest) {
  auto first = std::make_unique<Candidate>(api_, clock_, "first");
  Candidate second(api_, clock_, "second");
  ASSERT_TRUE(first->elector.lead({}, [] {}));
  first.reset();  // without a release
  second.start();
  const Duration taken = until_leading(second);
  EXPECT_GE(taken, 15s);
  EXPECT_LE(taken, 16s);
}

TEST_F(Election, ALeaderThatSleptKnowsBeforeItAsksAnybody) {
  Candidate first(api_, clock_, "first");
  ASSERT_TRUE(first.elector.lead({}, [&] { first.lost = true; }));
  EXPECT_TRUE(first.elector.certain());
  const std::uint64_t renewals = first.renewals();
  clock_.advance(10s);
  EXPECT_FALSE(first.elector.certain());
  while (!first.lost) std::this_thread::yield();
  EXPECT_FALSE(first.elector.leading());
  EXPECT_EQ(first.renewals(), renewals);
}

TEST_F(Election, ALeaderWhoseRenewalHangsIsLostByTheClock) {
  // Renewals neither arrive nor fail until the test is over.
  struct Hanging final : k8s::Transport {
    explicit Hanging(k8s::Transport& inner) : inner_(inner) {}
    Result<k8s::Response> call(const k8s::Request& request) override {
      if (request.method == "PUT") {
        hangs = true;
        over.wait(false);
        return Error{Code::kUnavailable, "no answer"};
      }
      return inner_.call(request);
    }
    Result<k8s::Response> stream(const k8s::Request& request, const OnLine& on_line,
                                 const std::stop_token& stop) override {
      return inner_.stream(request, on_line, stop);
    }
    void rotate() override {}
    k8s::RequestCounts counts() const override { return inner_.counts(); }
    k8s::Transport& inner_;
    std::atomic<bool> hangs{false}, over{false};
  };
  k8s::MemoryTransport memory(api_);
  Hanging transport(memory);
  const k8s::Reader reader(transport);
  const k8s::Writer writer(transport, "tests");
  std::atomic<bool> lost{false};
  LeaderElector elector(reader, writer, clock_, {.me = "first"});
  ASSERT_TRUE(elector.lead({}, [&] { lost = true; }));
  while (!transport.hangs) {
    clock_.advance(100ms);
    std::this_thread::yield();
  }
  EXPECT_FALSE(lost);
  clock_.advance(10s);
  while (!lost) std::this_thread::yield();
  transport.over = true;
  transport.over.notify_all();
}

TEST_F(Election, ReleaseReadsTheLeaseAgainWhenItsVersionIsStale) {
  Candidate first(api_, clock_, "first");
  ASSERT_TRUE(first.elector.lead({}, [] {}));
  // Somebody labels the Lease: the version that the leader knows is no longer the newest.
  api_.handle({"PATCH", k8s::leases().path({"default", "penstock-operator"}),
               R"({"metadata":{"labels":{"a":"b"}}})", "application/merge-patch+json"});
  first.elector.release();
  EXPECT_NE(
      api_.find(k8s::leases(), {"default", "penstock-operator"}).find("\"holderIdentity\":\"\""),
      std::string::npos);
}

TEST_F(Election, NothingIsWrittenOnceTheLeaseMayBeAnothers) {
  Candidate first(api_, clock_, "first");
  k8s::MemoryTransport memory(api_);
  FencedTransport fenced(memory, [&] { return first.elector.certain(); });
  const k8s::Writer writer(fenced, "tests");
  const k8s::Reader reader(fenced);
  const auto create = [&](const std::string& name) {
    return writer.create(k8s::pods(), "default",
                         R"({"metadata":{"namespace":"default","name":")" + name + R"("}})");
  };
  EXPECT_EQ(create("before").error().code, Code::kCancelled);
  ASSERT_TRUE(first.elector.lead({}, [] {}));
  EXPECT_TRUE(create("leading"));
  clock_.advance(10s);
  EXPECT_EQ(create("after").error().code, Code::kCancelled);
  EXPECT_TRUE(reader.get(k8s::pods(), {"default", "leading"}));
  EXPECT_EQ(memory.counts()[(std::pair<std::string, std::string>("create", "pods"))], 1u);
}

}  // namespace
}  // namespace penstock
