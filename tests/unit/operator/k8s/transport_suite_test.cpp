#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "operator/k8s/cpprest_transport.h"
#include "operator/k8s/failing_transport.h"
#include "operator/k8s/memory_transport.h"
#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "tests/unit/operator/k8s/loopback_api.h"

namespace penstock::k8s {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// One way to reach a MemoryApi; the suite below holds for each.
class Path {
 public:
  virtual ~Path() = default;
  virtual Transport& transport() = 0;
  MemoryApi api;
};

class MemoryPath final : public Path {
 public:
  Transport& transport() override { return transport_; }

 private:
  MemoryTransport transport_{api};
};

class HttpPath final : public Path {
 public:
  HttpPath() {
    Cluster cluster;
    cluster.server = "http://" + server_.authority();
    cluster.token.text = "secret";
    transport_ = std::move(make_cpprest_transport(cluster, clock_, metrics_)).value();
  }
  Transport& transport() override { return *transport_; }

 private:
  SystemClock clock_;
  metrics::Registry metrics_;
  LoopbackApi server_{api, "secret"};
  std::unique_ptr<Transport> transport_;
};

struct PathCase {
  const char* name;
  std::unique_ptr<Path> (*make)();
};

class TransportSuite : public testing::TestWithParam<PathCase> {
 protected:
  const std::unique_ptr<Path> path_ = GetParam().make();
  MemoryApi& api_ = path_->api;
  Transport& transport_ = path_->transport();
  Reader reader_{transport_};
  Writer writer_{transport_, "tests"};
};

TEST_P(TransportSuite, CreatesReadsAndDeletes) {
  const auto made =
      writer_.create(config_maps(), "a", R"({"metadata":{"name":"m"},"data":{"k":"v"}})");
  ASSERT_TRUE(made) << made.error().message;
  const auto seen = reader_.get(config_maps(), {"a", "m"});
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->uid(), made->uid());
  EXPECT_THAT(seen->text(), HasSubstr(R"("k":"v")"));
  ASSERT_TRUE(writer_.remove(config_maps(), {"a", "m"}, {made->uid(), made->resource_version()}));
  EXPECT_EQ(reader_.get(config_maps(), {"a", "m"}).error().code, Code::kNotFound);
}

TEST_P(TransportSuite, ASecondCreateSaysThatItExists) {
  const char* body = R"({"metadata":{"name":"m"}})";
  ASSERT_TRUE(writer_.create(config_maps(), "a", body));
  EXPECT_EQ(writer_.create(config_maps(), "a", body).error().code, Code::kAlreadyExists);
}

TEST_P(TransportSuite, AStaleUpdateIsAConflict) {
  const auto first = writer_.create(config_maps(), "a", R"({"metadata":{"name":"m"}})");
  ASSERT_TRUE(first);
  api_.put(config_maps(), R"({"metadata":{"namespace":"a","name":"m"},"data":{"x":"1"}})");
  EXPECT_EQ(writer_.update(config_maps(), first->key(), first->text()).error().code,
            Code::kConflict);
}

TEST_P(TransportSuite, ADeleteOfAnotherUidIsAConflict) {
  ASSERT_TRUE(writer_.create(config_maps(), "a", R"({"metadata":{"name":"m"}})"));
  EXPECT_EQ(writer_.remove(config_maps(), {"a", "m"}, {"other", ""}).error().code, Code::kConflict);
}

TEST_P(TransportSuite, StatusIsASubresourceOfItsOwn) {
  api_.put(stream_jobs(), R"({"metadata":{"namespace":"a","name":"j"},"spec":{"parallelism":1}})");
  const auto patched =
      writer_.patch(stream_jobs(), {"a", "j"},
                    R"({"spec":{"parallelism":9},"status":{"phase":"Running"}})", "status");
  ASSERT_TRUE(patched) << patched.error().message;
  EXPECT_THAT(patched->text(), HasSubstr(R"("phase":"Running")"));
  EXPECT_THAT(patched->text(), HasSubstr(R"("parallelism":1)"));
  EXPECT_EQ(patched->meta().generation, 1);
}

TEST_P(TransportSuite, ListsPageByPage) {
  for (int i = 0; i < 7; ++i) {
    api_.put(pods(), R"({"metadata":{"namespace":"a","name":"p)" + std::to_string(i) + R"("}})");
  }
  api_.put(pods(), R"({"metadata":{"namespace":"b","name":"other"}})");
  auto first = reader_.list(pods(), {.space = "a", .limit = 3});
  ASSERT_TRUE(std::holds_alternative<ObjectList>(first));
  EXPECT_EQ(std::get<ObjectList>(first).items.size(), 3u);
  EXPECT_FALSE(std::get<ObjectList>(first).continue_token.empty());
  EXPECT_EQ(reader_.list_all(pods(), "a")->items.size(), 7u);
  EXPECT_EQ(reader_.list_all(pods(), "")->items.size(), 8u);
}

TEST_P(TransportSuite, AWatchBringsChangesInOrderUntilTheServerEndsIt) {
  const std::string from = reader_.list_all(pods(), "")->resource_version;
  api_.put(pods(), R"({"metadata":{"namespace":"a","name":"p"}})");
  api_.put(pods(), R"({"metadata":{"namespace":"a","name":"p"},"spec":{"nodeName":"n"}})");
  api_.remove(pods(), {"a", "p"});
  std::vector<Changed::Kind> kinds;
  const auto end = reader_.watch(pods(), {.resource_version = from},
                                 [&](WatchFrame frame) {
                                   kinds.push_back(std::get<Changed>(frame).kind);
                                   if (kinds.size() == 3) api_.end_watches();
                                 },
                                 {});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(end));
  using Kind = Changed::Kind;
  EXPECT_THAT(kinds, testing::ElementsAre(Kind::kAdded, Kind::kModified, Kind::kDeleted));
}

TEST_P(TransportSuite, AStopEndsAQuietWatch) {
  std::stop_source stop;
  std::jthread later([&] { api_.put(pods(), R"({"metadata":{"namespace":"a","name":"p"}})"); });
  const auto end = reader_.watch(
      pods(), {.resource_version = "100"}, [&](WatchFrame) { stop.request_stop(); },
      stop.get_token());
  ASSERT_TRUE(std::holds_alternative<Failure>(end));
  EXPECT_EQ(std::get<Failure>(end).kind, Failure::Kind::kCancelled);
}

TEST_P(TransportSuite, AWatchFromAForgottenVersionIsExpired) {
  api_.forget_history();
  const auto end = reader_.watch(pods(), {.resource_version = "1"}, [](WatchFrame) {}, {});
  ASSERT_TRUE(std::holds_alternative<Failure>(end));
  EXPECT_EQ(std::get<Failure>(end).kind, Failure::Kind::kExpired);
}

TEST_P(TransportSuite, CountsRequestsByVerbAndResource) {
  static_cast<void>(reader_.get(pods(), {"a", "p"}));
  static_cast<void>(reader_.list_all(pods(), ""));
  api_.put(stream_jobs(), R"({"metadata":{"namespace":"a","name":"j"}})");
  static_cast<void>(writer_.patch(stream_jobs(), {"a", "j"}, "{}", "status"));
  const RequestCounts counts = transport_.counts();
  EXPECT_EQ(counts.at({"get", "pods"}), 1u);
  EXPECT_EQ(counts.at({"list", "pods"}), 1u);
  EXPECT_EQ(counts.at({"patch", "streamjobs/status"}), 1u);
}

TEST_P(TransportSuite, AFailedCallCanBeRepeatedAfterItsEffect) {
  FailingTransport failing(transport_, 0, FailingTransport::When::kAfter);
  const Writer writer(failing, "tests");
  const char* body = R"({"metadata":{"name":"m"}})";
  EXPECT_EQ(writer.create(config_maps(), "a", body).error().code, Code::kUnavailable);
  EXPECT_EQ(writer.create(config_maps(), "a", body).error().code, Code::kAlreadyExists);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, TransportSuite,
    testing::Values(PathCase{"Memory", [] { return std::unique_ptr<Path>(new MemoryPath); }},
                    PathCase{"Http", [] { return std::unique_ptr<Path>(new HttpPath); }}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace penstock::k8s
