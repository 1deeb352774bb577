#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <random>

#include "operator/cache/informer.h"
#include "operator/k8s/cpprest_transport.h"
#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"

// The operator's client against whatever API server the kubeconfig names: a real one and ours.
namespace penstock::k8s {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Kind = Changed::Kind;

std::string the_kubeconfig;

std::string map_json(const std::string& name, const std::string& value = "1",
                     const std::string& version = {}) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + "\"" +
         (version.empty() ? "" : R"(,"resourceVersion":")" + version + "\"") +
         R"(},"data":{"x":")" + value + R"("}})";
}

// In a namespace of its own.
class Client : public testing::Test {
 protected:
  void SetUp() override {
    std::random_device random;
    space_ = "client-" + std::to_string(random());
    const auto made = writer_.create(
        namespaces(), "",
        R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + space_ + R"("}})");
    ASSERT_TRUE(made) << made.error().message;
  }
  void TearDown() override { static_cast<void>(writer_.remove(namespaces(), {"", space_}, {})); }

  std::unique_ptr<Transport> connect(const Cluster& cluster, TransportOptions options = {}) {
    return std::move(make_cpprest_transport(cluster, clock_, metrics_, options)).value();
  }
  Object create(const std::string& name) {
    auto made = writer_.create(config_maps(), space_, map_json(name));
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }
  std::variant<std::monostate, Failure> watch(WatchQuery query, const Reader::OnFrame& on_frame) {
    query.space = space_;
    query.timeout_seconds = 10;
    return reader_.watch(config_maps(), query, on_frame, stop_.get_token());
  }
  // What a namespace has from the start is none of ours.
  static bool ours(const Object& object) { return object.key().name != "kube-root-ca.crt"; }

  SystemClock clock_;
  metrics::Registry metrics_;
  const Cluster cluster_ = read_kubeconfig({the_kubeconfig}).value();
  const std::unique_ptr<Transport> transport_ = connect(cluster_);
  Reader reader_{*transport_};
  Writer writer_{*transport_, "client-suite"};
  std::stop_source stop_;
  std::string space_;
};

TEST_F(Client, WritesOnlyWhatItObserved) {
  const Object first = create("m");
  EXPECT_EQ(writer_.create(config_maps(), space_, map_json("m")).error().code,
            Code::kAlreadyExists);
  const auto second =
      writer_.update(config_maps(), first.key(), map_json("m", "2", first.resource_version()));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(writer_.update(config_maps(), first.key(), map_json("m", "3", first.resource_version()))
                .error()
                .code,
            Code::kConflict);
  EXPECT_EQ(writer_.remove(config_maps(), first.key(), {first.uid(), first.resource_version()})
                .error()
                .code,
            Code::kConflict);
  EXPECT_EQ(writer_.remove(config_maps(), first.key(), {"another", {}}).error().code,
            Code::kConflict);
  EXPECT_TRUE(
      writer_.remove(config_maps(), first.key(), {first.uid(), second->resource_version()}));
  EXPECT_EQ(reader_.get(config_maps(), first.key()).error().code, Code::kNotFound);
  EXPECT_EQ(writer_.create(config_maps(), space_, map_json("Not A Name")).error().code,
            Code::kInvalid);
}

TEST_F(Client, PagesAreOneListAsItWasAtTheFirst) {
  for (int i = 0; i < 25; ++i) create("m" + std::to_string(i));
  std::vector<std::string> names;
  std::string token, version;
  int pages = 0;
  do {
    auto page =
        reader_.list(config_maps(), {.space = space_, .limit = 10, .continue_token = token});
    ASSERT_TRUE(std::holds_alternative<ObjectList>(page)) << std::get<Failure>(page).error.message;
    const auto& got = std::get<ObjectList>(page);
    for (const Object& object : got.items)
      if (ours(object)) names.push_back(object.key().name);
    if (++pages == 1) {
      version = got.resource_version;
      create("m-too-late");
    }
    EXPECT_EQ(got.resource_version, version);
    token = got.continue_token;
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names.size(), 25u);
}

TEST_F(Client, ATokenThatIsNoneIsRefused) {
  const auto page =
      reader_.list(config_maps(), {.space = space_, .limit = 10, .continue_token = "nonsense"});
  ASSERT_TRUE(std::holds_alternative<Failure>(page));
  EXPECT_EQ(std::get<Failure>(page).error.code, Code::kInvalid);
}

TEST_F(Client, AWatchGoesOnFromItsVersion) {
  const std::string from = create("before").resource_version();
  const Object made = create("m");
  ASSERT_TRUE(writer_.update(config_maps(), made.key(), map_json("m", "2")));
  ASSERT_TRUE(writer_.remove(config_maps(), made.key(), {}));
  std::vector<Kind> kinds;
  const auto end = watch({.resource_version = from}, [&](WatchFrame frame) {
    const auto* changed = std::get_if<Changed>(&frame);
    if (changed && changed->object.key().name == "m") kinds.push_back(changed->kind);
    if (kinds.size() == 3) stop_.request_stop();
  });
  EXPECT_EQ(std::get<Failure>(end).kind, Failure::Kind::kCancelled);
  EXPECT_THAT(kinds, testing::ElementsAre(Kind::kAdded, Kind::kModified, Kind::kDeleted));
}

TEST_F(Client, AStreamBringsWhatIsThereSaysSoAndGoesOn) {
  create("a");
  create("b");
  std::vector<std::string> names;
  bool complete = false;
  const auto end = watch({.initial = true}, [&](WatchFrame frame) {
    if (const auto* bookmark = std::get_if<Bookmark>(&frame); bookmark && bookmark->initial_end) {
      EXPECT_FALSE(bookmark->resource_version.empty());
      EXPECT_EQ(names.size(), 2u);
      complete = true;
      create("c");
      return;
    }
    const auto* changed = std::get_if<Changed>(&frame);
    if (changed && ours(changed->object)) names.push_back(changed->object.key().name);
    if (complete && names.size() == 3) stop_.request_stop();
  });
  EXPECT_EQ(std::get<Failure>(end).kind, Failure::Kind::kCancelled)
      << std::get<Failure>(end).error.message;
  EXPECT_EQ(names.back(), "c");
}

TEST_F(Client, AVersionFromTheBeginningIsExpiredOrBringsEverything) {
  create("m");
  bool seen = false, expired = false;
  const auto end = watch({.resource_version = "1"}, [&](WatchFrame frame) {
    if (const auto* failure = std::get_if<Failure>(&frame))
      expired = failure->kind == Failure::Kind::kExpired;
    const auto* changed = std::get_if<Changed>(&frame);
    seen = seen || (changed && changed->object.key().name == "m");
    if (seen || expired) stop_.request_stop();
  });
  const auto* failure = std::get_if<Failure>(&end);
  EXPECT_TRUE(seen || expired || (failure && failure->kind == Failure::Kind::kExpired));
}

TEST_F(Client, AVersionThatIsNotReachedYetIsToldFromAnError) {
  const auto page =
      reader_.list(config_maps(), {.space = space_, .resource_version = "900000000000"});
  ASSERT_TRUE(std::holds_alternative<Failure>(page));
  EXPECT_EQ(std::get<Failure>(page).kind, Failure::Kind::kExpired);
  EXPECT_GE(std::get<Failure>(page).retry_after, 1s);
}

TEST_F(Client, AQuietWatchEndsWhenItsTimeIsOverAndIsNoFailure) {
  const std::string from = create("m").resource_version();
  WatchQuery query{.space = space_, .resource_version = from, .timeout_seconds = 1};
  const auto end = reader_.watch(config_maps(), query, [](WatchFrame) {}, {});
  EXPECT_TRUE(std::holds_alternative<std::monostate>(end));
}

TEST_F(Client, ACacheFollowsAllThatHappens) {
  for (int i = 0; i < 200; ++i) create("m" + std::to_string(i));
  ObjectStore store;
  std::mutex mutex;
  std::condition_variable changed;
  Informer informer(reader_, config_maps(), {space_, {}}, store, clock_, 1,
                    [&](const StoreChange&) {
                      std::scoped_lock lock(mutex);
                      changed.notify_all();
                    });
  const auto until = [&](const auto& holds) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 20s, holds);
  };
  ASSERT_TRUE(until([&] { return store.find({space_, "m199"}).has_value(); }));
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(writer_.remove(config_maps(), {space_, "m" + std::to_string(i)}, {}));
  const Object last =
      writer_.update(config_maps(), {space_, "m150"}, map_json("m150", "2")).value();
  EXPECT_TRUE(until([&] { return store.reached(space_, last.resource_version()); }));
  const auto listed = reader_.list_all(config_maps(), space_);
  ASSERT_TRUE(listed);
  EXPECT_EQ(store.size(), listed->items.size());
  for (const Object& object : listed->items)
    EXPECT_EQ(store.find(object.key())->resource_version(), object.resource_version());
  const RequestCounts counts = transport_->counts();
  EXPECT_EQ(counts.at({"watch", "configmaps"}), 1u);
  EXPECT_EQ(counts.at({"list", "configmaps"}), 1u)
      << "the test's own: the cache's came as a stream";
}

TEST_F(Client, ATokenIsReadAgainWhenItIsRefused) {
  const auto file = std::filesystem::temp_directory_path() / (space_ + ".token");
  std::ofstream(file) << "nobody\n";
  Cluster cluster = cluster_;
  cluster.token = {.text = {}, .file = file};
  const auto transport = connect(cluster);
  const auto refused = Reader(*transport).list_all(config_maps(), space_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("401"));
  std::ofstream(file) << cluster_.token.text << "\n";
  const auto listed = Reader(*transport).list_all(config_maps(), space_);
  EXPECT_TRUE(listed) << listed.error().message;
  std::filesystem::remove(file);
}

TEST_F(Client, AServerThatTheAuthorityDoesNotKnowIsNotBelieved) {
  Cluster cluster = cluster_;
  cluster.authority = {};
  const auto listed = Reader(*connect(cluster)).list_all(config_maps(), space_);
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace penstock::k8s

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3 || std::string_view(argv[1]) != "--kubeconfig") {
    std::cerr << "usage: client_suite --kubeconfig FILE\n";
    return 2;
  }
  penstock::k8s::the_kubeconfig = argv[2];
  penstock::k8s::spare_system_certificates();
  return RUN_ALL_TESTS();
}
