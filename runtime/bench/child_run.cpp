#include "runtime/bench/child_run.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/base/check.h"

namespace penstock::bench {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_with(const std::vector<std::string>& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string end_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  constexpr std::size_t kShown = 2000;
  return all.size() <= kShown ? all : "..." + all.substr(all.size() - kShown);
}

Error cannot(const std::string& what, const std::string& program, int number) {
  return {Code::kInternal, "cannot " + what + " " + program + ": " + std::strerror(number)};
}

}  // namespace

Result<ChildRun> run_child(const std::vector<std::string>& words,
                           const std::vector<std::string>& environment, Clock& clock) {
  const TemporaryFolder folder;
  const std::string errors = folder.path() + "/stderr";
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return cannot("start", words[0], errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT,
                                   0600);
  const std::vector<std::string> variables = environment_with(environment);
  pid_t child = 0;
  const Duration began = clock.monotonic();
  const int failed = ::posix_spawn(&child, words[0].c_str(), &actions, nullptr,
                                   pointers(words).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  ChildRun run;
  std::array<char, 4096> buffer{};
  while (failed == 0) {
    const ssize_t got = ::read(ends[0], buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (run.output.empty()) run.first_output = seconds_of(clock.monotonic() - began);
    run.output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  if (failed != 0) return cannot("start", words[0], failed);
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0)
    if (errno != EINTR) return cannot("wait for", words[0], errno);
  run.wall_seconds = seconds_of(clock.monotonic() - began);
  run.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  run.peak_megabytes = static_cast<double>(usage.ru_maxrss) / 1024;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Error{Code::kInternal, words[0] + " " + (words.size() > 1 ? words[1] : "") +
                                      " did not end well: " + end_of_file(errors)};
  return run;
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "penstock-bench-XXXXXX").string();
  CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Status TemporaryFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream file(path_ + "/" + name, std::ios::binary | std::ios::trunc);
  if (!(file << text) || !file.flush())
    return Error{Code::kUnavailable, "cannot write " + path_ + "/" + name};
  return ok();
}

}  // namespace penstock::bench
