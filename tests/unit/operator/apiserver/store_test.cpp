#include "operator/apiserver/store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "operator/apiserver/selectors.h"
#include "operator/apiserver/watch.h"

namespace penstock::apiserver {
namespace {

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/store-" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".db";
    erase();
    open();
  }
  void TearDown() override {
    store_.reset();
    erase();
  }
  void erase() const {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }
  void open(std::size_t history = 100) {
    store_.reset();
    auto opened = Store::open(path_, history);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(opened).value();
  }
  static Json object(const std::string& name, const std::string& label = "") {
    Json json{{"metadata", {{"name", name}, {"uid", "uid-" + name}, {"namespace", "default"}}}};
    if (!label.empty()) json["metadata"]["labels"]["team"] = label;
    return json;
  }
  Object put(const std::string& name, const std::string& label = "") {
    auto stored = store_->put(key(name), store_->get(key(name)), object(name, label));
    EXPECT_TRUE(stored) << stored.error().message;
    return *stored;
  }
  static ObjectKey key(const std::string& name) { return {"pods", "default", name}; }

  std::string path_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, EveryWriteHasTheNextRevision) {
  const Revision before = store_->revision();
  EXPECT_EQ((*put("a"))["metadata"]["resourceVersion"], std::to_string(before + 1));
  EXPECT_EQ((*put("b"))["metadata"]["resourceVersion"], std::to_string(before + 2));
  EXPECT_EQ(store_->revision(), before + 2);
}

TEST_F(StoreTest, WriteToAnotherVersionIsAConflict) {
  const Object old = put("a");
  put("a", "new");
  EXPECT_EQ(store_->put(key("a"), old, object("a")).error().code, Code::kConflict);
  EXPECT_EQ(store_->put(key("a"), nullptr, object("a")).error().code, Code::kConflict);
  EXPECT_EQ(store_->remove(key("a"), old).error().code, Code::kConflict);
}

TEST_F(StoreTest, ObjectsAndRevisionSurviveReopening) {
  put("a", "x");
  put("b");
  ASSERT_TRUE(store_->remove(key("b"), store_->get(key("b"))));
  const Revision revision = store_->revision();
  open();
  EXPECT_EQ(store_->revision(), revision);
  ASSERT_NE(store_->get(key("a")), nullptr);
  EXPECT_EQ((*store_->get(key("a")))["metadata"]["labels"]["team"], "x");
  EXPECT_EQ(store_->get(key("b")), nullptr);
}

TEST_F(StoreTest, SecondOwnerIsRefused) {
  const auto second = Store::open(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
}

TEST_F(StoreTest, ForeignFileIsCorrupt) {
  store_.reset();
  erase();
  std::ofstream(path_) << std::string(8192, 'x');
  EXPECT_EQ(Store::open(path_).error().code, Code::kCorrupt);
}

TEST_F(StoreTest, ChangesAreToldInOrderAndForgottenOnesAreSaid) {
  const Revision start = store_->revision();
  put("a");
  put("a", "x");
  ASSERT_TRUE(store_->remove(key("a"), store_->get(key("a"))));
  const auto changes = store_->changes("pods", start, 10);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 3u);
  EXPECT_EQ((*changes)[0].type, Change::Type::kAdded);
  EXPECT_EQ((*changes)[1].type, Change::Type::kModified);
  EXPECT_EQ((*changes)[2].type, Change::Type::kDeleted);
  EXPECT_EQ((*(*changes)[2].object)["metadata"]["resourceVersion"], std::to_string(start + 3));
  open(2);
  for (int i = 0; i < 4; ++i) put("b" + std::to_string(i));
  EXPECT_FALSE(store_->changes("pods", start, 10)) << "before this start";
  EXPECT_FALSE(store_->changes("pods", start + 4, 10)) << "pushed out by newer ones";
  EXPECT_EQ(store_->changes("pods", start + 5, 10)->size(), 2u);
}

TEST_F(StoreTest, WatchersAreWokenUntilTheyLetGo) {
  int woken = 0;
  auto subscription = store_->subscribe("pods", [&] { ++woken; });
  put("a");
  ASSERT_TRUE(store_->put({"nodes", "", "n"}, nullptr, object("n")));
  EXPECT_EQ(woken, 1) << "of its own kind only";
  subscription.reset();
  put("b");
  EXPECT_EQ(woken, 1);
}

TEST_F(StoreTest, FindsWhatAnOwnerOwns) {
  Json owned = object("owned");
  owned["metadata"]["ownerReferences"] = Json::array({{{"uid", "u1"}}});
  ASSERT_TRUE(store_->put(key("owned"), nullptr, owned));
  EXPECT_EQ(store_->owned_by("u1").size(), 1u);
  EXPECT_TRUE(store_->has_uid("uid-owned"));
  ASSERT_TRUE(store_->remove(key("owned"), store_->get(key("owned"))));
  EXPECT_TRUE(store_->owned_by("u1").empty());
  EXPECT_FALSE(store_->has_uid("uid-owned"));
}

TEST_F(StoreTest, SelectorWatchSeesObjectsComeAndGo) {
  const Revision start = store_->revision();
  put("a");
  put("a", "x");
  put("a", "x");
  put("a", "y");
  Selector selector;
  selector.labels = *parse_label_selector("team=x");
  const auto changes = store_->changes("pods", start, 10);
  std::vector<std::string> told;
  for (const Change& change : *changes) {
    const auto event = watch_event(change, selector, "default");
    told.push_back(event ? event->type + "@" +
                               event->object["metadata"]["resourceVersion"].get<std::string>()
                         : "-");
  }
  const auto at = [&](Revision offset) { return "@" + std::to_string(start + offset); };
  EXPECT_EQ(told, (std::vector<std::string>{"-", "ADDED" + at(2), "MODIFIED" + at(3),
                                            "DELETED" + at(4)}));
  EXPECT_FALSE(watch_event(changes->front(), {}, "other"));
}

}  // namespace
}  // namespace penstock::apiserver
