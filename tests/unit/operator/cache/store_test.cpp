#include "operator/cache/store.h"

#include <gtest/gtest.h>

#include "operator/cache/expectations.h"

namespace penstock::k8s {
namespace {

Object pod(const std::string& name, const std::string& version, const std::string& owner = {}) {
  ObjectMeta meta;
  meta.key = {"a", name};
  meta.uid = "uid-" + name;
  meta.resource_version = version;
  meta.controller_uid = owner;
  return Object(meta, "{\"v\":" + version + "}");
}

TEST(ObjectStore, FindsByNameAndByOwner) {
  ObjectStore store;
  store.put(pod("p", "1", "job"));
  store.put(pod("q", "2", "job"));
  store.put(pod("r", "3", "other"));
  EXPECT_EQ(store.find({"a", "p"})->resource_version(), "1");
  EXPECT_EQ(store.owned_by("job").size(), 2u);
  store.put(pod("q", "4", "other"));
  EXPECT_EQ(store.owned_by("job").size(), 1u);
  store.drop(pod("p", "5"));
  EXPECT_TRUE(store.owned_by("job").empty());
  EXPECT_FALSE(store.find({"a", "p"}));
}

TEST(ObjectStore, TheSameVersionAgainIsNoChange) {
  ObjectStore store;
  EXPECT_TRUE(store.put(pod("p", "1")));
  EXPECT_FALSE(store.put(pod("p", "1")));
  EXPECT_TRUE(store.put(pod("p", "2")));
}

TEST(ObjectStore, AReplacementSynthesisesTheDeletesThatWereMissed) {
  ObjectStore store;
  store.put(pod("gone", "1"));
  store.put(pod("same", "2"));
  store.put(pod("newer", "3"));
  const auto changes = store.replace("", {pod("same", "2"), pod("newer", "8"), pod("new", "9")});
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].before->key().name, "gone");
  EXPECT_FALSE(changes[0].after);
  EXPECT_EQ(changes[1].after->resource_version(), "8");
  EXPECT_FALSE(changes[2].before);
  EXPECT_EQ(store.size(), 3u);
}

TEST(ObjectStore, AReplacementOfOneNamespaceLeavesTheOthers) {
  ObjectStore store;
  store.put(pod("p", "1"));
  EXPECT_TRUE(store.replace("b", {}).empty());
  EXPECT_EQ(store.size(), 1u);
}

TEST(Expectations, PendUntilTheCacheHasSeenTheWrite) {
  ObjectStore store;
  Expectations expectations;
  store.progress("", "9");
  expectations.wrote("a/j", store, pod("p", "12"));
  EXPECT_TRUE(expectations.pending("a/j"));
  EXPECT_FALSE(expectations.pending("a/other"));
  store.progress("", "12");
  EXPECT_FALSE(expectations.pending("a/j"));
}

TEST(Expectations, ADeleteIsSeenWhenTheObjectIsGoneOrAnother) {
  ObjectStore store;
  Expectations expectations;
  store.put(pod("p", "1"));
  expectations.removed("a/j", store, {"a", "p"}, "uid-p");
  EXPECT_TRUE(expectations.pending("a/j"));
  store.drop(pod("p", "2"));
  EXPECT_FALSE(expectations.pending("a/j"));
}

}  // namespace
}  // namespace penstock::k8s
