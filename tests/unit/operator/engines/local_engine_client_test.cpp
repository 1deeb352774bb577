#include "operator/engines/local/local_engine_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "runtime/control/ctl_command.h"
#include "runtime/control/server.h"
#include "tests/unit/operator/engines/scripted_job.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class LocalEngineClientTest : public testing::Test {
 protected:
  LocalEngineClientTest() {
    server_ = std::move(ControlServer::start(job_, clock_, {.address = "127.0.0.1:0"})).value();
    client_ = make_local_engine_client(
        clock_, {.busy_period = 20ms, .calm_period = 50ms, .silence = 10s, .retry = 20ms});
    client_->on_change([this](const std::string& job) {
      std::scoped_lock lock(mutex_);
      EXPECT_EQ(job, "team/flights");
      ++changes_;
      changed_.notify_all();
    });
  }
  EngineTarget target() const { return {"team/flights", "u1", "p1", server_->address()}; }
  // Waits for the condition to hold after some change.
  template <typename Holds>
  void wait_until(Holds&& holds) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return holds(); });
  }
  OrderOutcome run(const EngineOrder& order) {
    client_->order("p1", order);
    wait_until([&] {
      const auto outcome = client_->outcome("p1", order.id);
      return outcome && outcome->state != OrderOutcome::State::kRunning;
    });
    return *client_->outcome("p1", order.id);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
  SystemClock clock_;
  ScriptedJob job_;
  std::unique_ptr<ControlServer> server_;
  std::unique_ptr<EngineClient> client_;
};

TEST_F(LocalEngineClientTest, BringsTheWholeReport) {
  client_->follow(target(), true);
  wait_until([&] { return client_->view("p1").report.has_value(); });
  const EngineView view = client_->view("p1");
  EXPECT_FALSE(view.unknown_since);
  EXPECT_EQ(view.report->running, 2u);
  ASSERT_EQ(view.report->chains.size(), 2u);
  EXPECT_EQ(view.report->chains[0].behind, 7u);
  EXPECT_EQ(view.report->chains[0].subtasks[1].rows_in, 6u);
  EXPECT_EQ(view.report->chains[0].splits[0].behind, std::nullopt);
  EXPECT_EQ(view.report->chains[1].inputs, std::vector<std::size_t>{0});
  EXPECT_EQ(view.report->chains[1].watermark, kNoWatermark);
  EXPECT_EQ(view.report->checkpoints.last_id, 3u);
}

TEST_F(LocalEngineClientTest, NobodyIsToldAnythingOnceNobodyListens) {
  client_->follow(target(), true);
  wait_until([&] { return client_->view("p1").report.has_value(); });
  client_->on_change({});
  int told = 0;
  {
    std::scoped_lock lock(mutex_);
    told = changes_;
  }
  server_.reset();
  client_.reset();  // its streams end here, and say so to nobody
  std::scoped_lock lock(mutex_);
  EXPECT_EQ(changes_, told);
}

TEST_F(LocalEngineClientTest, OrdersAreDoneOnceAndSeenInTheReport) {
  client_->follow(target(), true);
  const EngineOrder order{
      .id = "d1", .generation = 1, .decision = 1, .what = EngineOrder::Rescale{4, "Overloaded"}};
  EXPECT_EQ(run(order).state, OrderOutcome::State::kDone);
  client_->order("p1", order);
  wait_until([&] {
    const auto view = client_->view("p1");
    return view.report && view.report->running == 4;
  });
  EXPECT_EQ(job_.report().rescales.count, 1u);
  EXPECT_EQ(job_.report().rescales.reason, "Overloaded");
}

TEST_F(LocalEngineClientTest, AnOlderOrderIsAConflictAndAnotherJobsIsInvalid) {
  client_->follow(target(), true);
  EXPECT_FALSE(
      run({.id = "new", .generation = 2, .decision = 7, .what = EngineOrder::Checkpoint{}}).error);
  const OrderOutcome old =
      run({.id = "old", .generation = 2, .decision = 6, .what = EngineOrder::Rescale{1, "late"}});
  ASSERT_TRUE(old.error);
  EXPECT_EQ(old.error->code, Code::kConflict);
  EXPECT_EQ(job_.report().running, 2u);
}

TEST_F(LocalEngineClientTest, SavepointsCarryTheirNumberOrTheReason) {
  client_->follow(target(), true);
  const OrderOutcome good = run(
      {.id = "s1", .generation = 1, .decision = 1, .what = EngineOrder::Savepoint{"file:///s"}});
  EXPECT_EQ(good.checkpoint.value, 5u);
  const OrderOutcome bad =
      run({.id = "s2", .generation = 1, .decision = 2, .what = EngineOrder::Savepoint{""}});
  ASSERT_TRUE(bad.error);
  EXPECT_THAT(bad.error->message, HasSubstr("disk is full"));
}

TEST_F(LocalEngineClientTest, AnEngineDeletesASavepointOrSaysThatItIsNone) {
  client_->follow(target(), true);
  EXPECT_EQ(run({.id = "d1",
                 .generation = 1,
                 .decision = 1,
                 .what = EngineOrder::Dispose{"file:///mine"}})
                .state,
            OrderOutcome::State::kDone);
  const OrderOutcome refused = run(
      {.id = "d2", .generation = 1, .decision = 2, .what = EngineOrder::Dispose{"file:///etc"}});
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, Code::kInvalid);
}

TEST_F(LocalEngineClientTest, AnEngineThatGoesIsUnknownWithAReasonAndComesBack) {
  client_->follow(target(), true);
  wait_until([&] { return client_->view("p1").report.has_value(); });
  const std::string address = server_->address();
  server_.reset();
  wait_until([&] { return client_->view("p1").unknown_since.has_value(); });
  EXPECT_THAT(client_->view("p1").unknown_reason, HasSubstr("no answer from 127.0.0.1"));
  EXPECT_TRUE(client_->view("p1").report);
  server_ = std::move(ControlServer::start(job_, clock_, {.address = address})).value();
  wait_until([&] { return !client_->view("p1").unknown_since; });
}

TEST_F(LocalEngineClientTest, AnotherJobAtTheAddressIsUnknown) {
  client_->follow({"team/flights", "u2", "p2", server_->address()}, true);
  wait_until(
      [&] { return client_->view("p2").unknown_reason.find("another job") != std::string::npos; });
  EXPECT_FALSE(client_->view("p2").report);
}

TEST_F(LocalEngineClientTest, TwoProcessesOfOneJobAreToldApart) {
  ScriptedJob successor;
  successor.change([](JobReport& report) {
    report.phase = "Following";
    report.following = FollowReport{
        .record = 9, .checkpoint_id = 8, .bytes_behind = 70, .caught_up = true, .at = 6};
    report.move = MoveReport{.at = 5, .pause = 40ms, .from = "pid 1 on host a", .reason = "Died"};
  });
  const auto server =
      std::move(ControlServer::start(successor, clock_, {.address = "127.0.0.1:0"})).value();
  client_->follow(target(), true);
  client_->follow({"team/flights", "u1", "p2", server->address()}, true);
  wait_until([&] { return client_->view("p1").report && client_->view("p2").report; });
  EXPECT_EQ(client_->view("p1").report->phase, "Running");
  EXPECT_FALSE(client_->view("p1").report->following);
  const api::JobReport report = *client_->view("p2").report;
  EXPECT_EQ(report.phase, "Following");
  EXPECT_EQ(report.following, (api::FollowReport{9, 8, 70, true, 6}));
  EXPECT_EQ(report.move, (api::MoveReport{5, 40ms, "pid 1 on host a", "Died"}));
  client_->forget("p1");
  EXPECT_FALSE(client_->view("p1").report);
  EXPECT_TRUE(client_->view("p2").report);
}

TEST_F(LocalEngineClientTest, AnEndedJobIsKnownToHaveEnded) {
  client_->follow(target(), true);
  EXPECT_FALSE(
      run({.id = "stop", .generation = 1, .decision = 1, .what = EngineOrder::Stop{}}).error);
  wait_until([&] {
    const auto view = client_->view("p1");
    return view.report && view.report->ending;
  });
  EXPECT_EQ(client_->view("p1").report->ending->kind, api::EndingKind::kStopped);
}

TEST_F(LocalEngineClientTest, WithoutCertificatesNobodyBeyondLoopbackIsAsked) {
  client_->follow({"team/flights", "u1", "p1", "10.1.2.3:7000"}, true);
  const EngineView view = client_->view("p1");
  EXPECT_TRUE(view.unknown_since);
  EXPECT_THAT(view.unknown_reason, HasSubstr("without certificates"));
  EXPECT_THAT(view.unknown_reason, HasSubstr("10.1.2.3:7000"));
}

TEST_F(LocalEngineClientTest, WhatIsNotFollowedIsUnknown) {
  EXPECT_TRUE(client_->view("nobody").unknown_since);
  client_->follow(target(), true);
  client_->forget("p1");
  EXPECT_TRUE(client_->view("p1").unknown_since);
  EXPECT_FALSE(client_->outcome("p1", "x"));
}

TEST_F(LocalEngineClientTest, CtlReachesTheSameService) {
  const std::string address = server_->address();
  EXPECT_EQ(ctl_main({address, "status"}), 0);
  EXPECT_EQ(ctl_main({address, "status", "--json"}), 0);
  EXPECT_EQ(ctl_main({address, "rescale", "3"}), 0);
  EXPECT_EQ(job_.report().running, 3u);
  EXPECT_EQ(ctl_main({address, "rescale", "99"}), 2);
  EXPECT_EQ(ctl_main({address, "rescale", "x"}), 2);
  EXPECT_EQ(ctl_main({address, "checkpoint"}), 0);
  EXPECT_EQ(ctl_main({address, "dance"}), 2);
  EXPECT_EQ(ctl_main({address, "stop", "--drain", "--savepoint", "u"}), 2);
  EXPECT_EQ(ctl_main({address, "stop"}), 0);
  EXPECT_EQ(ctl_main({address, "watch"}), 0);
  EXPECT_TRUE(job_.ending());
}

TEST(ControlServer, RefusesPlainTextBeyondLoopback) {
  ScriptedJob job;
  SystemClock clock;
  const auto server = ControlServer::start(job, clock, {.address = "0.0.0.0:0"});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Code::kInvalid);
  EXPECT_THAT(server.error().message, HasSubstr("without TLS"));
}

TEST(ControlServer, SaysThatAPortIsInUse) {
  ScriptedJob job;
  SystemClock clock;
  const auto first = ControlServer::start(job, clock, {.address = "127.0.0.1:0"});
  ASSERT_TRUE(first);
  const auto second = ControlServer::start(job, clock, {.address = (*first)->address()});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr((*first)->address()));
}

}  // namespace
}  // namespace penstock
