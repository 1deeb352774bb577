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

class InformerTest : public testing::Test {
 protected:
  void on_change(const StoreChange&) {
    std::scoped_lock lock(mutex_);
    ++changes_;
    changed_.notify_all();
  }
  void wait_for_changes(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return changes_ >= count; });
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
  MemoryApi api_;
  MemoryTransport transport_{api_};
  Reader reader_{transport_};
  ObjectStore store_;
  SystemClock system_;
};

TEST_F(InformerTest, FollowsFromTheListOnWithOneListInAll) {
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
  EXPECT_EQ(requests("list"), 1u);
}

TEST_F(InformerTest, ListsAnewWhenTheHistoryIsGoneAndNoticesWhatItMissed) {
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
  EXPECT_EQ(requests("list"), 2u);
}

TEST_F(InformerTest, EndsAtOnceWhenDestroyed) {
  auto informer = start(system_);
  informer.reset();
  SUCCEED();
}

}  // namespace
}  // namespace penstock::k8s
