#include "operator/cache/watch_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::k8s {
namespace {

using namespace std::chrono_literals;

Object object(const std::string& name, const std::string& version) {
  ObjectMeta meta;
  meta.key = {"a", name};
  meta.uid = "uid-" + name;
  meta.resource_version = version;
  return Object(meta, "{}");
}

Failure failure(Failure::Kind kind) { return {kind, Error{Code::kUnavailable, "injected"}}; }

template <typename T>
const T* find(const WatchStep& step) {
  for (const WatchAction& action : step.actions) {
    if (const auto* found = std::get_if<T>(&action)) return found;
  }
  return nullptr;
}

// A state that watches from version 10.
WatchState watching() {
  WatchStep step = watch_step({}, Started{});
  return watch_step(step.state, Listed{{.items = {object("p", "4")}, .resource_version = "10"}})
      .state;
}

TEST(WatchStep, TheFirstListIsConsistentAndPaged) {
  const WatchStep step = watch_step({}, Started{});
  const List* list = find<List>(step);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->resource_version, "");
  EXPECT_EQ(list->limit, 500);
  EXPECT_FALSE(find<Wait>(step));
}

TEST(WatchStep, PagesAreGatheredBeforeTheStoreChanges) {
  WatchStep step = watch_step({}, Started{});
  step = watch_step(step.state, Listed{{{object("p", "1")}, "10", "more"}});
  ASSERT_TRUE(find<List>(step));
  EXPECT_EQ(find<List>(step)->continue_token, "more");
  EXPECT_FALSE(find<ReplaceAll>(step));
  step = watch_step(step.state, Listed{{{object("q", "2")}, "10", ""}});
  ASSERT_TRUE(find<ReplaceAll>(step));
  EXPECT_EQ(find<ReplaceAll>(step)->objects.size(), 2u);
  EXPECT_EQ(find<Progress>(step)->resource_version, "10");
  EXPECT_EQ(find<Watch>(step)->resource_version, "10");
}

TEST(WatchStep, FramesMoveTheVersionForwardOnly) {
  WatchStep step =
      watch_step(watching(), FrameCame{Changed{Changed::Kind::kModified, object("p", "12")}});
  EXPECT_TRUE(find<Store>(step));
  EXPECT_EQ(find<Progress>(step)->resource_version, "12");
  step = watch_step(step.state, FrameCame{Changed{Changed::Kind::kAdded, object("q", "9")}});
  EXPECT_EQ(step.state.resource_version, "12");
  step = watch_step(step.state, FrameCame{Changed{Changed::Kind::kDeleted, object("q", "13")}});
  EXPECT_TRUE(find<Drop>(step));
  EXPECT_EQ(step.state.resource_version, "13");
}

TEST(WatchStep, ABookmarkIsProgressWithoutAChange) {
  const WatchStep step = watch_step(watching(), FrameCame{Bookmark{"40"}});
  ASSERT_EQ(step.actions.size(), 1u);
  EXPECT_EQ(find<Progress>(step)->resource_version, "40");
}

TEST(WatchStep, ANormalEndWatchesOnWithoutAList) {
  const WatchStep step = watch_step(watching(), WatchEnded{.lasted = 300s});
  ASSERT_EQ(step.actions.size(), 1u);
  EXPECT_EQ(find<Watch>(step)->resource_version, "10");
}

TEST(WatchStep, AnEndAtOnceWithoutFramesIsAFailure) {
  WatchStep step = watch_step(watching(), WatchEnded{.lasted = 10ms});
  ASSERT_TRUE(find<Wait>(step));
  EXPECT_EQ(find<Wait>(step)->duration, 800ms);
  step = watch_step(step.state, WatchEnded{.lasted = 10ms});
  EXPECT_EQ(find<Wait>(step)->duration, 1600ms);
  for (int i = 0; i < 20; ++i) step = watch_step(step.state, WatchEnded{.lasted = 10ms});
  EXPECT_EQ(find<Wait>(step)->duration, 30s);
  step = watch_step(step.state, WatchEnded{.lasted = 300s});
  EXPECT_FALSE(find<Wait>(step));
}

struct EndCase {
  const char* name;
  Failure::Kind kind;
  bool lists;
  const char* version;
};

class WatchEnds : public testing::TestWithParam<EndCase> {};

TEST_P(WatchEnds, GoesOnAsTheFailureAsks) {
  const WatchStep step =
      watch_step(watching(), WatchEnded{.failure = failure(GetParam().kind), .lasted = 20s});
  EXPECT_EQ(find<List>(step) != nullptr, GetParam().lists);
  EXPECT_EQ(find<Watch>(step) != nullptr, !GetParam().lists);
  EXPECT_EQ(
      GetParam().lists ? find<List>(step)->resource_version : find<Watch>(step)->resource_version,
      GetParam().version);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WatchEnds,
    testing::Values(EndCase{"ExpiredListsTheNewest", Failure::Kind::kExpired, true, ""},
                    EndCase{"UnreachableWatchesOn", Failure::Kind::kUnreachable, false, "10"},
                    EndCase{"ThrottledWatchesOn", Failure::Kind::kThrottled, false, "10"},
                    EndCase{"ServerErrorWatchesOn", Failure::Kind::kServer, false, "10"},
                    EndCase{"RefusedListsNotOlder", Failure::Kind::kRefused, true, "10"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(WatchStep, AnErrorFrameLeavesTheWatchAndLists) {
  const WatchStep step = watch_step(watching(), FrameCame{failure(Failure::Kind::kExpired)});
  ASSERT_TRUE(std::holds_alternative<EndWatch>(step.actions.front()));
  ASSERT_TRUE(find<List>(step));
  EXPECT_EQ(find<List>(step)->resource_version, "");
}

TEST(WatchStep, AnExpiredPageListsEverythingAtOnce) {
  WatchStep step = watch_step({}, Started{});
  step = watch_step(step.state, Listed{{{object("p", "1")}, "10", "more"}});
  step = watch_step(step.state, ListFailed{failure(Failure::Kind::kExpired)});
  ASSERT_TRUE(find<List>(step));
  EXPECT_EQ(find<List>(step)->limit, 0);
  EXPECT_TRUE(step.state.listed.empty());
  EXPECT_FALSE(find<Wait>(step));
}

TEST(WatchStep, AVersionThatTheServerHasNotReachedListsTheNewest) {
  WatchStep step =
      watch_step(watching(), WatchEnded{.failure = failure(Failure::Kind::kRefused), .lasted = 5s});
  step = watch_step(step.state, ListFailed{failure(Failure::Kind::kExpired)});
  EXPECT_EQ(find<List>(step)->resource_version, "");
}

TEST(WatchStep, FailedListsWaitLongerEachTimeAndKeepNothing) {
  WatchStep step = watch_step({}, Started{});
  step = watch_step(step.state, ListFailed{failure(Failure::Kind::kUnreachable)});
  EXPECT_EQ(find<Wait>(step)->duration, 800ms);
  step = watch_step(step.state, ListFailed{failure(Failure::Kind::kUnreachable)});
  EXPECT_EQ(find<Wait>(step)->duration, 1600ms);
  step = watch_step(step.state, Listed{{{}, "3", ""}});
  EXPECT_EQ(step.state.failures, 0u);
}

TEST(WatchStep, AListIsTheTruthEvenWhenItsVersionIsLower) {
  const WatchStep step = watch_step(watching(), Listed{{{}, "3", ""}});
  EXPECT_EQ(find<Watch>(step)->resource_version, "3");
  EXPECT_TRUE(find<ReplaceAll>(step));
}

// A server that offers streams: the list is a watch that brings what is there first.
WatchState streaming() { return watch_step({.streams = true}, Started{}).state; }

TEST(WatchStepStream, BeginsWithAConsistentStream) {
  const WatchStep step = watch_step({.streams = true}, Started{});
  ASSERT_EQ(step.actions.size(), 1u);
  EXPECT_TRUE(find<Watch>(step)->initial);
  EXPECT_EQ(find<Watch>(step)->resource_version, "");
}

TEST(WatchStepStream, ShowsNothingBeforeAllOfItIsThere) {
  WatchStep step =
      watch_step(streaming(), FrameCame{Changed{Changed::Kind::kAdded, object("p", "40")}});
  EXPECT_TRUE(step.actions.empty());
  step = watch_step(step.state, FrameCame{Changed{Changed::Kind::kAdded, object("q", "3")}});
  step = watch_step(step.state, FrameCame{Bookmark{"39"}});
  EXPECT_TRUE(step.actions.empty()) << "a bookmark that is not the end of it";
  step = watch_step(step.state, FrameCame{Bookmark{"50", true}});
  ASSERT_TRUE(find<ReplaceAll>(step));
  EXPECT_EQ(find<ReplaceAll>(step)->objects.size(), 2u);
  EXPECT_EQ(find<Progress>(step)->resource_version, "50");
  EXPECT_FALSE(find<Watch>(step)) << "the same connection goes on";
  step = watch_step(step.state, FrameCame{Changed{Changed::Kind::kModified, object("p", "51")}});
  EXPECT_TRUE(find<Store>(step));
  step = watch_step(step.state, WatchEnded{.lasted = 300s});
  EXPECT_EQ(find<Watch>(step)->resource_version, "51");
  EXPECT_FALSE(find<Watch>(step)->initial);
}

TEST(WatchStepStream, OneThatIsCutBeginsAnewWithNothing) {
  WatchStep step =
      watch_step(streaming(), FrameCame{Changed{Changed::Kind::kAdded, object("p", "4")}});
  step = watch_step(step.state, WatchEnded{.failure = failure(Failure::Kind::kUnreachable)});
  ASSERT_TRUE(find<Watch>(step));
  EXPECT_TRUE(find<Watch>(step)->initial);
  EXPECT_TRUE(find<Wait>(step));
  EXPECT_TRUE(step.state.listed.empty());
}

TEST(WatchStepStream, ServersThatDoNotOfferItAreListedFromThenOn) {
  for (const auto& refused :
       {std::optional(Failure{Failure::Kind::kRefused, Error{Code::kInvalid, "forbidden"}}),
        std::optional<Failure>()}) {
    WatchStep step = watch_step(streaming(), WatchEnded{.failure = refused});
    ASSERT_TRUE(find<List>(step));
    EXPECT_FALSE(find<Wait>(step));
    step = watch_step(step.state, Listed{{{}, "3", ""}});
    step = watch_step(step.state, WatchEnded{.failure = failure(Failure::Kind::kExpired)});
    EXPECT_TRUE(find<List>(step));
  }
}

TEST(WatchStepStream, WhoMayNotWatchAsksAgainLater) {
  const WatchStep step =
      watch_step(streaming(), WatchEnded{.failure = failure(Failure::Kind::kRefused)});
  EXPECT_TRUE(find<Wait>(step));
  ASSERT_TRUE(find<Watch>(step));
  EXPECT_TRUE(find<Watch>(step)->initial);
}

TEST(WatchStep, AServerIsLeftAloneForAsLongAsItAsks) {
  Failure throttled = failure(Failure::Kind::kThrottled);
  throttled.retry_after = 7s;
  WatchStep step = watch_step(watching(), WatchEnded{.failure = throttled, .lasted = 20s});
  ASSERT_TRUE(find<Wait>(step));
  EXPECT_EQ(find<Wait>(step)->at_least, 7s);
  step = watch_step(watch_step({}, Started{}).state, ListFailed{throttled});
  ASSERT_TRUE(find<Wait>(step));
  EXPECT_EQ(find<Wait>(step)->at_least, 7s);
  throttled.kind = Failure::Kind::kExpired;
  step = watch_step(watching(), WatchEnded{.failure = throttled, .lasted = 20s});
  ASSERT_TRUE(find<Wait>(step)) << "a version that is not reached yet";
  EXPECT_EQ(find<Wait>(step)->at_least, 7s);
}

}  // namespace
}  // namespace penstock::k8s
