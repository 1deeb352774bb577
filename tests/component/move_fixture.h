#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "runtime/checkpoint/log.h"
#include "tests/component/number_job.h"

namespace penstock::test {

using namespace std::chrono_literals;

// A clock that can be told to jump.
class JumpingClock final : public Clock {
 public:
  Millis now() override { return real_.now() + shift() / 1ms; }
  Duration monotonic() override { return real_.monotonic() + shift(); }
  bool sleep(Duration duration, const std::stop_token& stop) override {
    return real_.sleep(duration, stop);
  }
  void jump(Duration by) { shift_ += by.count(); }

 private:
  Duration shift() const { return Duration(shift_.load()); }
  SystemClock real_;
  std::atomic<std::int64_t> shift_{0};
};

// The predecessor's socket, as the test says.
class ToldPeer final : public Peer {
 public:
  explicit ToldPeer(const std::atomic<Presence>& told) : told_(told) {}
  Presence look() override { return told_; }

 private:
  const std::atomic<Presence>& told_;
};

// Calls the hook before the first read of a state file.
class HookedStore final : public BlobStore {
 public:
  HookedStore(std::shared_ptr<MemoryStore> store, std::function<void(std::string_view)>& hook)
      : store_(std::move(store)), hook_(hook) {}
  Status put_if_absent(std::string_view name, std::string_view bytes) override {
    return store_->put_if_absent(name, bytes);
  }
  Result<std::string> get(std::string_view name) override { return store_->get(name); }
  Result<std::string> get_range(std::string_view name, std::uint64_t offset,
                                std::uint64_t size) override {
    if (const auto hook = std::exchange(hook_, nullptr)) hook(name);
    return store_->get_range(name, offset, size);
  }
  Result<std::vector<std::string>> list(std::string_view prefix) override {
    return store_->list(prefix);
  }
  Status remove(std::string_view name) override { return store_->remove(name); }
  std::string uri() const override { return store_->uri(); }

 private:
  std::shared_ptr<MemoryStore> store_;
  std::function<void(std::string_view)>& hook_;
};

class Move : public testing::Test {
 protected:
  JobOptions following(std::uint32_t parallelism) const {
    JobOptions options = options_of(parallelism);
    options.follow = true;
    return options;
  }
  std::unique_ptr<Job> run(std::uint32_t parallelism, JobOptions options = {}) {
    if (!options.checkpoints) options = options_of(parallelism);
    auto job = make(options, store_of(world_));
    EXPECT_TRUE(job->begin("predecessor"));
    return job;
  }
  std::unique_ptr<Job> follow(std::uint32_t parallelism) {
    return follow(parallelism, store_of(world_));
  }
  std::unique_ptr<Job> follow(std::uint32_t parallelism, OpenStore store,
                              const std::string& address = {}) {
    auto job = make(following(parallelism), std::move(store));
    const Status begun =
        job->begin(address.empty() ? "follower " + std::to_string(++followers_) : address);
    EXPECT_TRUE(begun) << begun.error().message;
    return job;
  }
  std::unique_ptr<Job> make(const JobOptions& options, OpenStore store) {
    auto job =
        make_job(graph_of(kJob), options, factories_of(world_), std::move(store), clock_,
                 [this](const std::string&) { return std::make_unique<ToldPeer>(predecessor_); });
    EXPECT_TRUE(job) << job.error().message;
    return std::move(job).value();
  }
  void flow(Job& job, std::uint64_t parts_of_four) {
    flow_until(world_, job, parts_of_four * world_.numbers.rows_per_split / 4);
  }
  void release_all() { world_.released = world_.numbers.rows_per_split; }
  std::uint64_t all_rows() const { return 2 * world_.numbers.rows(); }  // of both sources

  std::size_t claims() {
    const auto entries = read_log(*world_.store).value();
    return static_cast<std::size_t>(std::ranges::count_if(entries, [](const LogEntry& entry) {
      return std::holds_alternative<ClaimRecord>(entry.record);
    }));
  }
  bool handed_over() {
    const auto entries = read_log(*world_.store).value();
    const auto* last = std::get_if<PublicationRecord>(&entries.back().record);
    return last != nullptr && last->then == PublicationRecord::Then::kHandsOver;
  }
  static void await_caught_up(Job& follower) {
    await([&] {
      const auto following = follower.report().following;
      return following && following->caught_up;
    });
  }
  static void await_held(Job& follower, CheckpointId checkpoint) {
    await([&] {
      const auto following = follower.report().following;
      return following && following->checkpoint_id >= checkpoint.value;
    });
  }
  // Both orders at once, as an operator gives them.
  static void hand_over(Job& from, Job& to) {
    auto given = std::async(std::launch::async, [&] { return from.hand_over(); });
    const Status taken = to.take_over(false);
    EXPECT_TRUE(taken) << taken.error().message;
    const auto checkpoint = given.get();
    EXPECT_TRUE(checkpoint) << checkpoint.error().message;
  }

  World world_;
  JumpingClock clock_;
  std::atomic<Peer::Presence> predecessor_{Peer::Presence::kThere};
  int followers_ = 0;
};

}  // namespace penstock::test
