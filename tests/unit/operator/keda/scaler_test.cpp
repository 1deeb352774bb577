#include "operator/keda/scaler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::keda {
namespace {

using testing::HasSubstr;

constexpr Millis kNow = 10'000'000;

api::StreamJob job() {
  api::StreamJob it;
  it.metadata = {.name = "bids", .name_space = "team"};
  it.status.phase = api::Phase::kRunning;
  it.status.refreshed_at = {kNow - 9'000};
  it.status.operators = {{.name = "a", .records_in_per_second = 5.0, .lag = 30.0},
                         {.name = "b", .records_in_per_second = 2.0},
                         {.name = "c", .records_in_per_second = 0.0, .lag = 12.0}};
  it.status.scaling = api::ScalingStatus{.at = {kNow - 9'000},
                                         .mode = api::ScalingMode::kRecommend,
                                         .current = 2,
                                         .recommended = 5,
                                         .reason = "Overloaded"};
  return it;
}

Trigger trigger(std::map<std::string, std::string> metadata) {
  return read_trigger("team", "scaled", metadata).value();
}
const std::map<std::string, std::string> kLagOf{{"metric", "lag"}, {"target", "100"}};

TEST(Trigger, DefaultsToTheSlotsOfTheJobOfItsName) {
  const Trigger plain = trigger({{"scalerAddress", "penstock-keda:9090"}});
  EXPECT_EQ(plain.name_space, "team");
  EXPECT_EQ(plain.job, "scaled");
  EXPECT_EQ(plain.metric, Metric::kSlots);
  EXPECT_EQ(plain.target, 1);
  const Trigger lag = trigger({{"job", "bids"}, {"metric", "lag"}, {"target", "2.5"}});
  EXPECT_EQ(lag.job, "bids");
  EXPECT_EQ(lag.metric, Metric::kLag);
  EXPECT_EQ(lag.target, 2.5);
}

TEST(Trigger, SaysWhatIsWrongWithIt) {
  const std::pair<std::map<std::string, std::string>, const char*> rows[] = {
      {{{"metric", "cpu"}}, "metadata.metric"},
      {{{"metric", "lag"}}, "metadata.target"},
      {{{"metric", "lag"}, {"target", "0"}}, "metadata.target"},
      {{{"metric", "lag"}, {"target", "-1"}}, "metadata.target"},
      {{{"metric", "lag"}, {"target", "ten"}}, "metadata.target"},
      {{{"metric", "lag"}, {"target", "inf"}}, "metadata.target"},
      {{{"metric", "lag"}, {"target", "nan"}}, "metadata.target"},
      {{{"target", "3"}}, "metadata.target is for metric lag"},
  };
  for (const auto& [metadata, says] : rows) {
    const auto read = read_trigger("team", "scaled", metadata);
    ASSERT_FALSE(read) << says;
    EXPECT_EQ(read.error().code, Code::kInvalid);
    EXPECT_THAT(read.error().message, HasSubstr(says));
  }
}

TEST(Value, IsWhatThePolicyRecommends) { EXPECT_EQ(value_of(trigger({}), job(), kNow).value(), 5); }

TEST(Value, IsTheBacklogOfAllSources) {
  EXPECT_EQ(value_of(trigger(kLagOf), job(), kNow).value(), 42);
}

TEST(Value, OfWhatIsNotKnownIsAnErrorAndNeverANumber) {
  struct Row {
    const char* name;
    std::map<std::string, std::string> metadata;
    void (*change)(api::StreamJob&);
  };
  const Row rows[] = {
      {"no decision", {}, [](auto& it) { it.status.scaling.reset(); }},
      {"mode Off", {}, [](auto& it) { it.status.scaling->mode = api::ScalingMode::kOff; }},
      {"an old decision", {}, [](auto& it) { it.status.scaling->at = {kNow - 60'000}; }},
      {"no size", {}, [](auto& it) { it.status.scaling->recommended = 0; }},
      {"no backlog known", kLagOf,
       [](auto& it) {
         for (auto& one : it.status.operators) one.lag.reset();
       }},
      {"no operators", kLagOf, [](auto& it) { it.status.operators.clear(); }},
      {"old numbers", kLagOf, [](auto& it) { it.status.refreshed_at = {kNow - 60'000}; }},
  };
  for (const Row& row : rows) {
    api::StreamJob it = job();
    row.change(it);
    const auto value = value_of(trigger(row.metadata), it, kNow);
    ASSERT_FALSE(value) << row.name;
    EXPECT_EQ(value.error().code, Code::kUnavailable) << row.name;
    EXPECT_THAT(value.error().message, HasSubstr("bids")) << row.name;
  }
}

TEST(Value, OfAJobWhosePolicyActsByItselfNamesTheOtherWriter) {
  api::StreamJob it = job();
  it.status.scaling->mode = api::ScalingMode::kAuto;
  const auto value = value_of(trigger({}), it, kNow);
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().code, Code::kConflict);
  EXPECT_THAT(value.error().message, HasSubstr("mode Auto"));
  EXPECT_TRUE(value_of(trigger(kLagOf), it, kNow)) << "a backlog is nobody's decision";
}

TEST(Active, UnlessItIsKnownThatNothingIsToDo) {
  const auto quiet = [](api::StreamJob& it) {
    for (auto& one : it.status.operators) {
      one.records_in_per_second = 0.0;
      if (one.lag) one.lag = 0.0;
    }
  };
  struct Row {
    const char* name;
    bool active;
    std::function<void(api::StreamJob&)> change;
  };
  const Row rows[] = {
      {"rows come", true, [](auto&) {}},
      {"nothing comes or waits", false, quiet},
      {"something waits", true,
       [&](auto& it) {
         quiet(it);
         it.status.operators[2].lag = 1.0;
       }},
      {"a rate is unknown", true,
       [&](auto& it) {
         quiet(it);
         it.status.operators[1].records_in_per_second.reset();
       }},
      {"no backlog is known", true,
       [&](auto& it) {
         quiet(it);
         for (auto& one : it.status.operators) one.lag.reset();
       }},
      {"the numbers are old", true,
       [&](auto& it) {
         quiet(it);
         it.status.refreshed_at = {kNow - 60'000};
       }},
      {"nothing is known", true, [](auto& it) { it.status.operators.clear(); }},
      {"suspended", false, [](auto& it) { it.status.phase = api::Phase::kSuspended; }},
      {"finished", false, [](auto& it) { it.status.phase = api::Phase::kFinished; }},
      {"failed", false, [](auto& it) { it.status.phase = api::Phase::kFailed; }},
      {"deploying", true, [](auto& it) { it.status.phase = api::Phase::kDeploying; }},
  };
  for (const Row& row : rows) {
    api::StreamJob it = job();
    row.change(it);
    EXPECT_EQ(is_active(it, kNow), row.active) << row.name;
  }
}

}  // namespace
}  // namespace penstock::keda
