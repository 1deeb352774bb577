#include "operator/process_runner/container_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>

namespace penstock {
namespace {

namespace fs = std::filesystem;

fs::path file_of(const fs::path& folder, int attempt, const char* suffix) {
  return folder / (std::to_string(attempt) + suffix);
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string start_time_of(std::int64_t pid) {
  const std::string stat = read_text("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(stat.substr(name_end + 2));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return field;
}

struct RunFile {
  std::int64_t pid = 0;
  std::string start_time, boot_id;
  std::int64_t keeper = 0;
  std::string keeper_start_time;
  Millis started_at = 0;
};

std::optional<RunFile> read_run_file(const fs::path& folder, int attempt) {
  std::istringstream text(read_text(file_of(folder, attempt, ".run")));
  RunFile run;
  if (text >> run.pid >> run.start_time >> run.boot_id >> run.keeper >> run.keeper_start_time >>
      run.started_at)
    return run;
  return std::nullopt;
}

bool is_alive(const RunFile& run, std::int64_t pid, const std::string& start_time) {
  std::string boot_id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot_id;
  return boot_id == run.boot_id && start_time_of(pid) == start_time;
}

bool program_alive(const RunFile& run) { return is_alive(run, run.pid, run.start_time); }
bool keeper_alive(const RunFile& run) { return is_alive(run, run.keeper, run.keeper_start_time); }

std::optional<ContainerExit> read_exit_file(const fs::path& folder, int attempt) {
  std::istringstream text(read_text(file_of(folder, attempt, ".exit")));
  ContainerExit exit;
  if (text >> exit.code >> exit.signal >> exit.started_at >> exit.finished_at) return exit;
  return std::nullopt;
}

// In the keeper's place. What cannot be written is tried again at the next look.
void write_exit_file(const fs::path& folder, int attempt, const ContainerExit& exit) {
  const fs::path path = file_of(folder, attempt, ".exit");
  const fs::path partial = file_of(folder, attempt, ".exit.partial");
  std::ofstream file(partial, std::ios::trunc);
  file << exit.code << " " << exit.signal << " " << exit.started_at << " " << exit.finished_at
       << "\n";
  file.close();
  std::error_code ignored;
  if (file) fs::rename(partial, path, ignored);
}

// A null-terminated array of pointers into `texts`, as execve wants it.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

fs::path container_log(const fs::path& folder, int attempt) {
  return file_of(folder, attempt, ".log");
}

Status launch_container(const fs::path& shim, const ContainerLaunch& launch) {
  std::vector<std::string> arguments = {shim.string(), launch.folder.string(),
                                        std::to_string(launch.attempt), "--"};
  arguments.insert(arguments.end(), launch.command.begin(), launch.command.end());
  std::vector<std::string> environment;
  for (const auto& [name, value] : launch.environment) environment.push_back(name + "=" + value);
  std::vector<char*> argv = pointers(arguments);
  std::vector<char*> envp = pointers(environment);

  const fs::path errors = file_of(launch.folder, launch.attempt, ".error");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644);
  posix_spawn_file_actions_addchdir_np(&actions, launch.working_directory.c_str());
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, shim.c_str(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    return Error{Code::kUnavailable,
                 "cannot start " + shim.string() + ": " + std::strerror(failed)};
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ok();
  std::string reason = read_text(errors);
  while (!reason.empty() && reason.back() == '\n') reason.pop_back();
  return Error{Code::kInvalid, "cannot run the container: " + reason};
}

ContainerFacts read_container(const fs::path& folder, int attempt, Millis now) {
  const std::optional<RunFile> run = read_run_file(folder, attempt);
  if (!run) return {};
  ContainerFacts facts{.pid = run->pid, .started_at = run->started_at};
  // While the keeper lives it will still write how the program ended; so it is asked before the
  // file is read.
  const bool running = program_alive(*run) || keeper_alive(*run);
  const std::optional<ContainerExit> exit = read_exit_file(folder, attempt);
  facts.state = running && !exit ? ContainerFacts::State::kRunning : ContainerFacts::State::kExited;
  if (exit) {
    facts.exit = *exit;
  } else if (!running) {
    facts.exit = {
        .code = 137, .signal = SIGKILL, .started_at = run->started_at, .finished_at = now};
    write_exit_file(folder, attempt, facts.exit);
  }
  return facts;
}

void signal_container(const fs::path& folder, int attempt, int signal) {
  const std::optional<RunFile> run = read_run_file(folder, attempt);
  if (run && program_alive(*run)) kill(static_cast<pid_t>(run->pid), signal);
}

}  // namespace penstock
