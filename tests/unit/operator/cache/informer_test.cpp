#include "operator/cache/informer.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "operator/k8s/memory_transport.h"

namespace penstock::k8s {
namespace {

std::string pod(const std::string& name, const std::string& node = "n") {
  return R"({"metadata":{"namespace":"a","name":")" + name + R"("},"spec":{"nodeName":")" + node +
         R"("}})";
}

// On a server that offers streams, and on one that has lists only.
class InformerTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { api_.offer_streams(GetParam()); }
  // How often everything was asked for.
  std::uint64_t whole() { return GetParam() ? requests("watch") - followed_ : requests("list"); }

  void on_change(const StoreChange&) {
    std::scoped_lock lock(mutex_);
    ++changes_;
    changed_.notify_all();
  }
  void wait_for_changes(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return changes_ >= count; });
  }
  void wait_for_watches(std::uint64_t count) {
    while (requests("watch") < count) system_.sleep(std::chrono::milliseconds(1), {});
  }
  std::unique_ptr<Informer> start(Clock& clock) {
    return std::make_unique<Informer>(reader_, pods(), Scope{}, store_, clock, 1,
                                      [this](const StoreChange& c) { on_change(c); });
  }
  std::uint64_t requests(const char* verb) {
    const RequestCounts counts = transport_.counts();
    const auto found = counts.find({verb, "pods"});
    return found == counts.end() ? 0 : found->second;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int changes_ = 0;
  std::uint64_t followed_ = 0;  // watches from a version
  MemoryApi api_;
  MemoryTransport transport_{api_};
  Reader reader_{transport_};
  ObjectStore store_;
  SystemClock system_;
};

TEST_P(InformerTest, AsksForEverythingOnceAndFollowsFromThere) {
  api_.put(pods(), pod("p"));
  const auto informer = start(system_);
  wait_for_changes(1);
  api_.put(pods(), pod("q"));
  wait_for_changes(2);
  api_.end_watches();
  api_.put(pods(), pod("q", "other"));
  wait_for_changes(3);
  api_.remove(pods(), {"a", "p"});
  wait_for_changes(4);
  EXPECT_EQ(store_.size(), 1u);
  wait_for_watches(2);  // changes may still have come by the one that ended
  followed_ = 1;
  EXPECT_EQ(whole(), 1u);
  EXPECT_EQ(requests("list"), GetParam() ? 0u : 1u);
}

TEST_P(InformerTest, AsksAnewWhenTheHistoryIsGoneAndNoticesWhatItMissed) {
  api_.put(pods(), pod("p"));
  api_.put(pods(), pod("q"));
  const auto informer = start(system_);
  wait_for_changes(2);
  api_.hold_events(true);
  api_.remove(pods(), {"a", "p"});
  api_.forget_history();
  api_.end_watches();
  api_.hold_events(false);
  wait_for_changes(3);
  EXPECT_FALSE(store_.find({"a", "p"}));
  followed_ = 1;
  EXPECT_EQ(whole(), 2u);
}

TEST_P(InformerTest, EndsAtOnceWhenDestroyed) {
  auto informer = start(system_);
  informer.reset();
  SUCCEED();
}

TEST_P(InformerTest, KeepsWhatItHasWhereAListBringsTheSame) {
  api_.put(pods(), pod("p"));
  api_.put(pods(), pod("q"));
  const auto informer = start(system_);
  wait_for_changes(2);
  const std::string* text = &store_.find({"a", "p"})->text();
  api_.hold_events(true);
  api_.remove(pods(), {"a", "q"});
  api_.forget_history();
  api_.end_watches();
  api_.hold_events(false);
  wait_for_changes(3);
  EXPECT_EQ(&store_.find({"a", "p"})->text(), text);
}

INSTANTIATE_TEST_SUITE_P(Servers, InformerTest, testing::Bool(), [](const auto& row) {
  return std::string(row.param ? "WithStreams" : "WithListsOnly");
});

}  // namespace
}  // namespace penstock::k8s
