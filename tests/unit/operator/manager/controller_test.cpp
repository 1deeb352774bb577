#include "operator/manager/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "runtime/base/guarded.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

struct ReactCase {
  const char* name;
  Result<NextLook> outcome;
  Reaction expect;
};
class React : public testing::TestWithParam<ReactCase> {};

TEST_P(React, ToEachOutcomeInOneWay) { EXPECT_EQ(react(GetParam().outcome), GetParam().expect); }

using Kind = Reaction::Kind;
INSTANTIATE_TEST_SUITE_P(
    Table, React,
    testing::Values(
        ReactCase{"Done", NextLook(), {Kind::kForget, Duration(0), "success"}},
        ReactCase{"Later", NextLook(5s), {Kind::kAfter, 5s, "requeue_after"}},
        ReactCase{"Conflict", Error{Code::kConflict, ""}, {Kind::kAfter, 100ms, "error"}},
        ReactCase{"Invalid", Error{Code::kInvalid, ""}, {Kind::kAfter, 60s, "error"}},
        ReactCase{
            "Cancelled", Error{Code::kCancelled, ""}, {Kind::kForget, Duration(0), "success"}},
        ReactCase{
            "Unavailable", Error{Code::kUnavailable, ""}, {Kind::kBackOff, Duration(0), "error"}},
        ReactCase{"Internal", Error{Code::kInternal, ""}, {Kind::kBackOff, Duration(0), "error"}}),
    [](const auto& row) { return std::string(row.param.name); });

// Fails each key twice, then succeeds, and notices two workers on one key.
class FailingTwice final : public Reconciler {
 public:
  std::string_view name() const override { return "test"; }
  Result<NextLook> reconcile(const std::string& key) override {
    const int call = state_.with([&](State& state) {
      state.overlap = state.overlap || state.running[key];
      state.running[key] = true;
      return ++state.calls[key];
    });
    state_.with([&](State& state) { state.running[key] = false; });
    if (call < 3) return Error{Code::kUnavailable, "not yet"};
    if (++finished_ == 20) finished_.notify_all();
    return NextLook();
  }
  void wait() {
    for (int seen = finished_; seen < 20; seen = finished_) finished_.wait(seen);
  }
  int calls(const std::string& key) {
    return state_.with([&](State& state) { return state.calls[key]; });
  }
  bool overlap() {
    return state_.with([](State& state) { return state.overlap; });
  }

 private:
  struct State {
    std::map<std::string, int> calls;
    std::map<std::string, bool> running;
    bool overlap = false;
  };
  Guarded<State> state_;
  std::atomic<int> finished_{0};
};

TEST(Controller, RetriesEveryKeyUntilItSucceedsAndNeverTwiceAtATime) {
  SystemClock clock;
  metrics::Registry metrics;
  WorkQueue queue("test", clock, metrics, Backoff{.initial = 1ms, .max = 2ms});
  FailingTwice reconciler;
  Controller controller(reconciler, queue, 3, clock, metrics);
  for (int i = 0; i < 20; ++i) queue.add("key" + std::to_string(i));
  reconciler.wait();
  EXPECT_FALSE(reconciler.overlap());
  EXPECT_EQ(reconciler.calls("key7"), 3);
  EXPECT_THAT(metrics.text(), testing::HasSubstr("controller_runtime_reconcile_total{controller="
                                                 "\"test\",result=\"error\"} 40"));
}

}  // namespace
}  // namespace penstock
