#include "operator/k8s/polite_transport.h"

#include <gtest/gtest.h>

namespace penstock::k8s {
namespace {

using namespace std::chrono_literals;

class Busy final : public Transport {
 public:
  Result<Response> call(const Request&) override {
    ++calls;
    return Response{429, {}, asks_for};
  }
  Result<Response> stream(const Request&, const OnLine&, const std::stop_token&) override {
    return Response{200, {}};
  }
  void rotate() override {}
  RequestCounts counts() const override { return {}; }

  Duration asks_for{0};
  int calls = 0;
};

TEST(PoliteTransport, LeavesTheServerAloneForAsLongAsItAsked) {
  Busy busy;
  ManualClock clock;
  PoliteTransport polite(busy, clock);
  busy.asks_for = 5s;
  EXPECT_EQ(polite.call({})->status, 429);
  for (int second = 0; second < 5; ++second) {
    const auto held = polite.call({});
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().code, Code::kUnavailable);
    clock.advance(1s);
  }
  EXPECT_EQ(busy.calls, 1);
  busy.asks_for = 0s;
  EXPECT_TRUE(polite.call({}));
  EXPECT_TRUE(polite.call({})) << "one that asks for nothing is asked again";
  EXPECT_EQ(busy.calls, 3);
}

}  // namespace
}  // namespace penstock::k8s
