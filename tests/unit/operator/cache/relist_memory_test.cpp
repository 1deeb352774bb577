#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>

#include "operator/cache/informer.h"

namespace penstock::k8s {
namespace {

constexpr int kPods = 10'000;
constexpr std::size_t kPodBytes = 4096;

std::size_t in_use() { return mallinfo2().uordblks; }

std::string pod(int number) {
  return R"({"metadata":{"namespace":"a","name":"p)" + std::to_string(number) +
         R"(","uid":"u","resourceVersion":"7"},"spec":{"nodeName":")" +
         std::string(kPodBytes, 'n') + R"("}})";
}

// Serves the same Pods twice, without holding them: the first watch after they have come says that
// its version is gone. Notes the most memory that is in use while they come for the second time.
class SamePodsTwice final : public Transport {
 public:
  explicit SamePodsTwice(bool streams) : streams_(streams) {}

  Result<Response> call(const Request& request) override {
    note();
    const auto at = request.target.find("continue=");
    const int first = at == std::string::npos ? 0 : std::stoi(request.target.substr(at + 9));
    const int last = std::min(first + 500, kPods);
    std::string body = R"({"metadata":{"resourceVersion":"9")";
    if (last < kPods) body += R"(,"continue":")" + std::to_string(last) + "\"";
    body += R"(},"items":[)";
    for (int i = first; i < last; ++i) body += (i == first ? "" : ",") + pod(i);
    return Response{200, body + "]}"};
  }

  Result<Response> stream(const Request& request, const OnLine& on_line,
                          const std::stop_token& stop) override {
    if (request.target.find("sendInitialEvents") != std::string::npos) {
      if (!streams_) return Response{422, R"({"code":422})"};
      for (int i = 0; i < kPods; ++i) {
        if (i % 500 == 0) note();
        TRY(on_line(R"({"type":"ADDED","object":)" + pod(i) + "}"));
      }
      TRY(on_line(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9",)"
                  R"("annotations":{"k8s.io/initial-events-end":"true"}}}})"));
    }
    if (++times_ == 1) {
      once_ = in_use();
      if (!streams_) return Response{410, R"({"code":410})"};
      TRY(on_line(R"({"type":"ERROR","object":{"kind":"Status","code":410}})"));
      return Response{200, {}};
    }
    note();
    twice_.set_value();
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
    return Error{Code::kCancelled, "stopped"};
  }
  void rotate() override {}
  RequestCounts counts() const override { return {}; }

  void wait() { twice_.get_future().wait(); }
  std::size_t once() const { return once_; }
  std::size_t most() const { return most_; }

 private:
  void note() {
    if (times_ > 0) most_ = std::max(most_, in_use());
  }

  const bool streams_;
  int times_ = 0;
  std::size_t once_ = 0, most_ = 0;
  std::promise<void> twice_;
};

class Relist : public testing::TestWithParam<bool> {};

TEST_P(Relist, CostsNoMoreThanAPage) {
  const std::size_t before = in_use();
  SamePodsTwice server(GetParam());
  const Reader reader(server);
  ObjectStore store;
  SystemClock clock;
  Informer informer(reader, pods(), {}, store, clock, 1, [](const StoreChange&) {});
  server.wait();
  EXPECT_EQ(store.size(), std::size_t{kPods});
  const std::size_t cached = server.once() - before;
  EXPECT_GT(cached, kPods * kPodBytes);
  EXPECT_LT(server.most() - server.once(), cached / 8)
      << "of " << cached << " bytes that are cached";
}

INSTANTIATE_TEST_SUITE_P(Servers, Relist, testing::Bool(), [](const auto& row) {
  return std::string(row.param ? "WithStreams" : "WithListsOnly");
});

}  // namespace
}  // namespace penstock::k8s
