#include "runtime/metrics/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricsRegistry, WritesCountersGaugesAndHistograms) {
  Registry registry;
  registry.counter("penstock_test_rows_total", "Rows.", {{"table", "bid"}}).add(3);
  registry.gauge("penstock_test_lag_seconds", "Lag.").set(1.5);
  registry.histogram("penstock_test_pause_seconds", "Pauses.", {0.1, 1}).observe(0.5);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("# TYPE penstock_test_rows_total counter"));
  EXPECT_THAT(text, HasSubstr("penstock_test_rows_total{table=\"bid\"} 3"));
  EXPECT_THAT(text, HasSubstr("penstock_test_lag_seconds 1.5"));
  EXPECT_THAT(text, HasSubstr("penstock_test_pause_seconds_bucket{le=\"0.1\"} 0"));
  EXPECT_THAT(text, HasSubstr("penstock_test_pause_seconds_bucket{le=\"1\"} 1"));
}

TEST(MetricsRegistry, AskingTwiceYieldsTheSameSeries) {
  Registry registry;
  registry.counter("penstock_test_rows_total", "Rows.", {{"a", "b"}}).add(1);
  registry.counter("penstock_test_rows_total", "Rows.", {{"a", "b"}}).add(1);
  EXPECT_EQ(registry.counter("penstock_test_rows_total", "Rows.", {{"a", "b"}}).value(), 2);
}

TEST(MetricsRegistry, AFamilyThatSeveralTellOfStandsThereOnce) {
  Registry registry;
  const auto depth = [](const char* queue) {
    return [queue] {
      return std::vector{
          Family{.name = "workqueue_depth", .help = "Keys.", .samples = {{{{"name", queue}}, 1}}}};
    };
  };
  const auto jobs = registry.add_collector(depth("jobs"));
  const auto policies = registry.add_collector(depth("policies"));
  const std::string text = registry.text();
  EXPECT_EQ(text.find("# TYPE workqueue_depth"), text.rfind("# TYPE workqueue_depth"));
  EXPECT_THAT(text, HasSubstr("workqueue_depth{name=\"jobs\"} 1"));
  EXPECT_THAT(text, HasSubstr("workqueue_depth{name=\"policies\"} 1"));
}

TEST(MetricsRegistry, CollectedSeriesFollowTheirOwnerAndVanishWithTheHandle) {
  Registry registry;
  std::vector<std::string> jobs = {"one", "two"};
  auto handle = registry.add_collector([&] {
    Family family{.name = "penstock_job_slots", .help = "Slots."};
    for (const std::string& job : jobs) family.samples.push_back({{{"job", job}}, 4});
    return std::vector{family};
  });
  EXPECT_THAT(registry.text(), HasSubstr("penstock_job_slots{job=\"two\"} 4"));
  jobs.pop_back();
  EXPECT_THAT(registry.text(), Not(HasSubstr("job=\"two\"")));
  handle.reset();
  EXPECT_THAT(registry.text(), Not(HasSubstr("penstock_job_slots")));
}

}  // namespace
}  // namespace penstock::metrics
