#include "operator/manager/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::HasSubstr;

TEST(Health, SaysWhichCheckFailsAndWhy) {
  metrics::Registry metrics;
  const std::vector<HealthCheck> alive{{"ping", [] { return ""; }}};
  const std::vector<HealthCheck> ready{{"ping", [] { return ""; }},
                                       {"caches", [] { return "streamjobs not listed yet"; }}};
  EXPECT_EQ(answer_health("/healthz", alive, ready, metrics).body, "ok");
  EXPECT_THAT(answer_health("/healthz?verbose", alive, ready, metrics).body,
              HasSubstr("[+]ping ok"));
  const HealthAnswer answer = answer_health("/readyz", alive, ready, metrics);
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("[-]caches failed: streamjobs not listed yet"));
  EXPECT_EQ(answer_health("/readyz/ping", alive, ready, metrics).status, 200);
  EXPECT_EQ(answer_health("/readyz/nothing", alive, ready, metrics).status, 404);
  EXPECT_EQ(answer_health("/", alive, ready, metrics).status, 404);
}

TEST(Health, ServesMetrics) {
  metrics::Registry metrics;
  metrics.counter("penstock_test_total", "Test.").add();
  EXPECT_THAT(answer_health("/metrics", {}, {}, metrics).body, HasSubstr("penstock_test_total 1"));
}

TEST(HealthServer, RefusesWhatIsNoAddress) {
  metrics::Registry metrics;
  EXPECT_EQ(HealthServer::start("nonsense", {}, {}, metrics).error().code, Code::kInvalid);
  const auto server = HealthServer::start("127.0.0.1:0", {}, {}, metrics);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_NE((*server)->port(), 0);
}

}  // namespace
}  // namespace penstock
