#include "operator/apiserver/pod_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "operator/apiserver/line_times.h"
#include "operator/apiserver/time_text.h"
#include "tests/support/temporary_directory.h"

namespace penstock::apiserver {
namespace {

class PodLog : public testing::Test {
 protected:
  // Three lines: one a minute ago, one ten seconds ago, one not noted yet.
  PodLog() {
    write("log", "one\ntwo\nthree\n");
    write("times", "4 " + std::to_string(clock_.now() - 60'000) + "\n8 " +
                       std::to_string(clock_.now() - 10'000) + "\n");
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::app) << text;
  }

  std::unique_ptr<http::BodySource> open(const std::string& query) {
    const Json pod{{"metadata", {{"name", "p"}, {"namespace", "n"}, {"uid", "u"}}},
                   {"spec", {{"containers", {{{"name", "c"}}}}}}};
    const auto options = parse_log_options(Query(query), pod, clock_.now());
    if (!options) {
      refusal_ = std::to_string(options.error().code) + " " + options.error().message;
      return nullptr;
    }
    const FindLog find = [this](const LogTarget&) -> Result<LogFile> {
      return LogFile{folder_ / "log", running_, folder_ / "times"};
    };
    auto reply = open_log(*options, find, clock_);
    return std::get<http::StreamingResponse>(*reply).open([] {});
  }
  // What comes until it ends or waits.
  static std::string read(http::BodySource& source) {
    std::string text;
    for (http::Chunk chunk = source.next(); chunk.state == http::Chunk::State::kData;
         chunk = source.next())
      text += chunk.data;
    return text;
  }
  std::string logs(const std::string& query) {
    const auto source = open(query);
    return source ? read(*source) : refusal_;
  }

  TemporaryDirectory folder_;
  ManualClock clock_{1'700'000'000'123};
  bool running_ = false;
  std::string refusal_;
};

TEST_F(PodLog, SinceLeavesOutWhatIsOlder) {
  EXPECT_EQ(logs("sinceSeconds=3600"), "one\ntwo\nthree\n");
  EXPECT_EQ(logs("sinceSeconds=30"), "two\nthree\n");
  EXPECT_EQ(logs("sinceSeconds=5"), "three\n");
  EXPECT_EQ(logs("sinceTime=" + to_timestamp(clock_.now() - 30'000)), "two\nthree\n");
  EXPECT_EQ(logs("sinceSeconds=30&tailLines=1"), "three\n");
  EXPECT_EQ(logs("sinceSeconds=5&tailLines=3"), "three\n");
}

TEST_F(PodLog, SinceBeginsWithAWholeLine) {
  write("log", "half");
  write("times", "20 " + std::to_string(clock_.now() - 2'000) + "\n");
  write("log", " and half\n");
  EXPECT_EQ(logs("sinceSeconds=1"), "half and half\n");
}

TEST_F(PodLog, TimestampsStandBeforeEachLine) {
  EXPECT_EQ(logs("timestamps=true"),
            "2023-11-14T22:12:20.123000000Z one\n2023-11-14T22:13:10.123000000Z two\n"
            "2023-11-14T22:13:20.123000000Z three\n");
  EXPECT_EQ(logs("timestamps=true&tailLines=1"), "2023-11-14T22:13:20.123000000Z three\n");
  EXPECT_EQ(logs("timestamps=true&limitBytes=6"), "2023-1");
}

TEST_F(PodLog, AFollowerGetsTheTimeOfALineOnceItHasEnded) {
  running_ = true;
  const auto source = open("timestamps=true&follow=true&tailLines=0");
  EXPECT_EQ(read(*source), "");
  write("log", "fo");
  EXPECT_EQ(read(*source), "");
  clock_.advance(std::chrono::seconds(1));
  write("log", "ur\nfi");
  EXPECT_EQ(read(*source), "2023-11-14T22:13:21.123000000Z four\n");
  running_ = false;
  write("log", "ve");
  EXPECT_EQ(read(*source), "2023-11-14T22:13:21.123000000Z five");
}

TEST_F(PodLog, LimitCutsWhatIsSent) {
  EXPECT_EQ(logs("limitBytes=5"), "one\nt");
  EXPECT_EQ(logs("limitBytes=0"), "");
}

TEST_F(PodLog, WrongQuestionsAreRefused) {
  EXPECT_THAT(logs("sinceSeconds=x"), testing::StartsWith("400 sinceSeconds: Invalid value"));
  EXPECT_THAT(logs("sinceSeconds=0"), testing::StartsWith("422 "));
  EXPECT_THAT(logs("sinceTime=yesterday"), testing::StartsWith("400 sinceTime"));
  EXPECT_THAT(logs("sinceSeconds=1&sinceTime=2023-11-14T22:13:21Z"),
              testing::HasSubstr("at most one of"));
  EXPECT_THAT(logs("container=other"), testing::StartsWith("400 container other is not valid"));
}

TEST(LineTimes, WithoutNotesEverythingIsNew) {
  const LineTimes times = LineTimes::read("/nowhere", 1000);
  EXPECT_EQ(times.at(5), 1000);
  EXPECT_EQ(times.first_since(999), 0);
}

}  // namespace
}  // namespace penstock::apiserver
