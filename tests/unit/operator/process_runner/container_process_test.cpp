#include "operator/process_runner/container_process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "runtime/base/clock.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

class ContainerProcess : public testing::Test {
 protected:
  ContainerProcess() {
    folder_ = fs::path(testing::TempDir()) /
              ("pod-" + std::to_string(getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    mkfifo((folder_ / "gate").c_str(), 0600);  // for a script to wait at
  }
  ~ContainerProcess() override {
    signal_container(folder_, 0, SIGKILL);
    fs::remove_all(folder_);
  }

  Status launch(const std::string& script) {
    return launch_container(fs::path(PENSTOCK_BIN_DIR) / "penstock-shim",
                            {.folder = folder_,
                             .command = {"/bin/sh", "-c", script},
                             .environment = {{"GREETING", "hello"}},
                             .working_directory = folder_});
  }

  // Reads until the state is as wanted; the process under test decides how long that takes.
  ContainerFacts await(ContainerFacts::State state) {
    SystemClock clock;
    const Duration deadline = clock.monotonic() + std::chrono::seconds(30);
    ContainerFacts facts;
    while (clock.monotonic() < deadline) {
      facts = read_container(folder_, 0, clock.now());
      if (facts.state == state) break;
    }
    return facts;
  }

  std::string log() {
    std::ifstream file(container_log(folder_, 0));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  fs::path folder_;
};

TEST_F(ContainerProcess, NotesWhenTheLogGrew) {
  SystemClock clock;
  const Millis before = clock.now();
  ASSERT_TRUE(launch("echo one; read wait < gate; echo two"));
  const fs::path times = container_log(folder_, 0).replace_extension(".times");
  long long size = 0;
  Millis at = 0;
  // The note comes while the program still runs.
  const Duration deadline = clock.monotonic() + std::chrono::seconds(30);
  while (size == 0 && clock.monotonic() < deadline) std::ifstream(times) >> size >> at;
  EXPECT_EQ(size, 4);
  EXPECT_GE(at, before);
  EXPECT_LE(at, clock.now());
  std::ofstream(folder_ / "gate") << "go\n";
  await(ContainerFacts::State::kExited);
  std::ifstream notes(times);
  long long last = 0;
  while (notes >> last >> at) size = last;
  EXPECT_EQ(size, 8);
}

TEST_F(ContainerProcess, KeepsOutputAndExitCode) {
  ASSERT_TRUE(launch("echo \"$GREETING from $PWD\"; echo oops >&2; exit 3"));
  const ContainerFacts facts = await(ContainerFacts::State::kExited);
  EXPECT_EQ(facts.exit.code, 3);
  EXPECT_EQ(facts.exit.signal, 0);
  EXPECT_EQ(log(), "hello from " + folder_.string() + "\noops\n");
}

TEST_F(ContainerProcess, ShowsTheSignalThatEndedIt) {
  ASSERT_TRUE(launch("exec sleep 1000"));
  EXPECT_EQ(await(ContainerFacts::State::kRunning).state, ContainerFacts::State::kRunning);
  signal_container(folder_, 0, SIGTERM);
  const ContainerFacts facts = await(ContainerFacts::State::kExited);
  EXPECT_EQ(facts.exit.code, 128 + SIGTERM);
  EXPECT_EQ(facts.exit.signal, SIGTERM);
}

TEST_F(ContainerProcess, SaysWhyAProgramCannotRun) {
  const Status status = launch_container(
      fs::path(PENSTOCK_BIN_DIR) / "penstock-shim",
      {.folder = folder_, .command = {"/no/such/program"}, .working_directory = folder_});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "cannot run the container: /no/such/program: No such file or directory");
  EXPECT_EQ(read_container(folder_, 0, 0).state, ContainerFacts::State::kNone);
}

TEST_F(ContainerProcess, AProcessOfAnotherBootHasEnded) {
  std::ofstream(folder_ / "0.run") << "1 1 another-boot 1 1 5000\n";
  const ContainerFacts facts = read_container(folder_, 0, 9000);
  EXPECT_EQ(facts.state, ContainerFacts::State::kExited);
  EXPECT_EQ(
      facts.exit,
      (ContainerExit{.code = 137, .signal = SIGKILL, .started_at = 5000, .finished_at = 9000}));
  // Seen again later it ended when it was first seen: else the wait after it would never be over.
  EXPECT_EQ(read_container(folder_, 0, 99000), facts);
}

}  // namespace
}  // namespace penstock
