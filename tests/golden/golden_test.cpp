// Three lives (see README.md): every query runs straight at parallelism 1; at 2 with checkpoints
// and a stop; and from the last of those checkpoints at 3. One expected file. Then again under
// settings that make every border case frequent.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "runtime/job/job.h"
#include "runtime/sql/compile.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const fs::path kGolden = fs::path(PENSTOCK_SOURCE_DIR) / "tests" / "golden";

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::ranges::sort(lines);
  return lines;
}

// The rows in the committed files; a changelog is applied, so that what is left of it remains. The
// order of a key's changes is that of one file, but files of one subtask follow each other; so
// changes are added up instead of replayed.
std::vector<std::string> result_in(const fs::path& folder) {
  std::map<std::string, int> rows;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with("part-")) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      const Json json = Json::parse(line);
      if (!json.contains("op")) {
        ++rows[line];
        continue;
      }
      if (!json["before"].is_null()) --rows[json["before"].dump()];
      if (!json["after"].is_null()) ++rows[json["after"].dump()];
    }
  }
  std::vector<std::string> lines;
  for (const auto& [line, count] : rows) {
    EXPECT_GE(count, 0) << "retracted more often than emitted: " << line;
    for (int i = 0; i < count; ++i) lines.push_back(line);
  }
  return lines;
}

struct Setting {
  const char* name;
  std::size_t batch_rows;
  std::size_t channel_bytes;
  std::uint32_t key_groups;
};

class Golden : public testing::TestWithParam<std::tuple<std::string, Setting>> {
 protected:
  Golden() {
    const auto& [query, setting] = GetParam();
    root_ = fs::path(testing::TempDir()) /
            ("golden-" + std::to_string(getpid()) + "-" + query + "-" + setting.name);
    fs::remove_all(root_);
  }
  ~Golden() override { fs::remove_all(root_); }

  std::unique_ptr<Job> start(std::uint32_t parallelism, const fs::path& output,
                             const fs::path& checkpoints) {
    const auto& [query, setting] = GetParam();
    auto compiled = sql::compile(read_text(kGolden / "queries" / (query + ".sql"))).to_result();
    if (!compiled) {
      ADD_FAILURE() << compiled.error().message;
      return nullptr;
    }
    StreamGraph graph = std::move(compiled).value();
    const Status resolved = sql::resolve_variables(
        graph, {{"DATA", (kGolden / "data").string()}, {"OUTPUT", output.string()}});
    EXPECT_TRUE(resolved) << resolved.error().message;
    auto job = Job::start(std::move(graph),
                          {.identity = {.name = query},
                           .parallelism = {parallelism},
                           .parallelism_is_explicit = true,
                           .key_groups = setting.key_groups,
                           .checkpoints = checkpoints.string(),
                           .interval = std::chrono::hours(1),
                           .restart = {.max_attempts = 1},
                           .batch_rows = setting.batch_rows,
                           .channel_bytes = setting.channel_bytes},
                          clock_);
    if (!job) {
      ADD_FAILURE() << job.error().message;
      return nullptr;
    }
    return std::move(job).value();
  }

  std::vector<std::string> expected() const {
    return sorted_lines(read_text(kGolden / "queries" / (std::get<0>(GetParam()) + ".expected")));
  }

  void expect_finished(Job& job) {
    const Ending ending = job.wait();
    EXPECT_EQ(ending.kind, Ending::Kind::kFinished) << ending.reason << ": " << ending.message;
  }

  SystemClock clock_;
  fs::path root_;
};

TEST_P(Golden, OneLifeStraight) {
  const auto job = start(1, root_ / "out", root_ / "checkpoints");
  ASSERT_TRUE(job);
  expect_finished(*job);
  EXPECT_EQ(result_in(root_ / "out"), expected());
  for (const ChainReport& chain : job->report().chains)
    EXPECT_EQ(chain.late_rows, 0u) << chain.name;
}

TEST_P(Golden, StoppedAndRestoredAtAnotherParallelism) {
  {
    const auto job = start(2, root_ / "out", root_ / "checkpoints");
    ASSERT_TRUE(job);
    // A small job may be over before the third; then there is less to restore, and the result is
    // the same.
    for (int i = 0; i < 3 && job->checkpoint(); ++i) {
    }
    ASSERT_TRUE(job->stop(StopMode::kNow, ""));
    const Ending ending = job->wait();
    EXPECT_TRUE(ending.kind == Ending::Kind::kStopped || ending.kind == Ending::Kind::kFinished)
        << ending.message;
  }
  const auto job = start(3, root_ / "out", root_ / "checkpoints");
  ASSERT_TRUE(job);
  expect_finished(*job);
  EXPECT_EQ(result_in(root_ / "out"), expected());
}

TEST_P(Golden, RescaledWhileRunning) {
  const auto job = start(1, root_ / "out", root_ / "checkpoints");
  ASSERT_TRUE(job);
  for (const std::uint32_t slots : {3u, 2u, 5u, 1u}) {
    if (job->ending()) break;
    const Status rescaled = job->rescale({slots}, "golden");
    // A small job may be over while it is asked.
    EXPECT_TRUE(rescaled || rescaled.error().code == Code::kUnavailable)
        << rescaled.error().message;
  }
  expect_finished(*job);
  EXPECT_EQ(result_in(root_ / "out"), expected());
}

std::vector<std::string> queries() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kGolden / "queries"))
    if (entry.path().extension() == ".sql") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(
    Queries, Golden,
    testing::Combine(testing::ValuesIn(queries()),
                     testing::Values(Setting{"Usual", 8192, 4u << 20, 720},
                                     Setting{"OneRowBatches", 1, 4u << 20, 720},
                                     Setting{"TightChannels", 7, 1, 720},
                                     Setting{"FiveKeyGroups", 64, 4u << 20, 5})),
    [](const auto& row) { return std::get<0>(row.param) + "_" + std::get<1>(row.param).name; });

}  // namespace
}  // namespace penstock
