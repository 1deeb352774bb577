// penstock-shim FOLDER ATTEMPT -- PROGRAM ARGUMENTS...
//
// The tiny parent of a Pod's process: starts it in a session of its own with its output going
// straight to FOLDER/ATTEMPT.log, stays beside it, and keeps how it ended in FOLDER/ATTEMPT.exit.
// Both survive a crash of the process runner. FOLDER/ATTEMPT.times notes when the log grew, a
// second apart at the closest: "SIZE MILLIS" per line, for `kubectl logs --since` and
// `--timestamps`. FOLDER/ATTEMPT.run names the process: "PID START_TIME BOOT_ID KEEPER_PID
// KEEPER_START_TIME STARTED_AT_MS". Exit 0 once the program runs; else its reason on stderr.

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace {

long long now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Field 22 of /proc/PID/stat; with the boot id it tells a process from a later one of the same
// number.
std::string start_time_of(pid_t pid) {
  const std::string stat = read_text("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream fields(
      stat.substr(stat.rfind(')') == std::string::npos ? 0 : stat.rfind(')') + 2));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return field;
}

// Write, rename: whoever reads the name sees all of it.
bool write_whole(const std::string& path, const std::string& text) {
  const std::string partial = path + ".partial";
  const int file = open(partial.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (file < 0) return false;
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  close(file);
  return written && rename(partial.c_str(), path.c_str()) == 0;
}

[[noreturn]] void run_program(const std::string& log, char** program, int failed) {
  const int output = open(log.c_str(), O_CREAT | O_APPEND | O_WRONLY, 0644);
  const int input = open("/dev/null", O_RDONLY);
  if (output >= 0 && input >= 0 && dup2(input, 0) == 0 && dup2(output, 1) == 1 &&
      dup2(output, 2) == 2) {
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    execv(program[0], program);
  }
  const int error = errno;
  if (write(failed, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

// Notes how long the log is now, when that is news.
void note_size(const std::string& log, int times, off_t& noted) {
  struct stat now{};
  if (stat(log.c_str(), &now) != 0 || now.st_size == noted) return;
  noted = now.st_size;
  dprintf(times, "%lld %lld\n", static_cast<long long>(noted), now_ms());
}

// Until the program has ended.
void watch_log(const std::string& base, pid_t child) {
  constexpr int kApartMs = 1000;
  const std::string log = base + ".log";
  const int times =
      open((base + ".times").c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0644);
  const int changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  pollfd both[2] = {{static_cast<int>(syscall(SYS_pidfd_open, child, 0)), POLLIN, 0},
                    {changes, POLLIN, 0}};
  if (both[0].fd < 0 || times < 0 || inotify_add_watch(changes, log.c_str(), IN_MODIFY) < 0) return;
  off_t noted = 0;
  for (bool just_noted = false;; just_noted = !just_noted) {
    note_size(log, times, noted);
    // After a note only the end counts for a while.
    while (poll(both, just_noted ? 1 : 2, just_noted ? kApartMs : -1) < 0 && errno == EINTR) {
    }
    if ((both[0].revents & POLLIN) != 0) break;
    char drained[4096];
    while (read(changes, drained, sizeof drained) > 0) {
    }
  }
  note_size(log, times, noted);
}

int watch_over(const std::string& base, char** program, int started) {
  setsid();
  // A terminal's Ctrl-C and a stray SIGTERM are for the program, not for its keeper.
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  int failed[2];
  if (pipe2(failed, O_CLOEXEC) != 0) return 1;
  const long long started_at = now_ms();
  const pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    setpgid(0, 0);
    run_program(base + ".log", program, failed[1]);
  }
  close(failed[1]);
  int error = 0;
  if (read(failed[0], &error, sizeof error) == sizeof error) {
    waitpid(child, nullptr, 0);
    if (write(started, &error, sizeof error) < 0) return 1;
    return 1;
  }
  std::string boot_id = read_text("/proc/sys/kernel/random/boot_id");
  while (!boot_id.empty() && boot_id.back() == '\n') boot_id.pop_back();
  write_whole(base + ".run", std::to_string(child) + " " + start_time_of(child) + " " + boot_id +
                                 " " + std::to_string(getpid()) + " " + start_time_of(getpid()) +
                                 " " + std::to_string(started_at) + "\n");
  error = 0;
  if (write(started, &error, sizeof error) < 0) return 1;
  close(started);
  watch_log(base, child);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  kill(-child, SIGKILL);  // what the program started and left behind
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  const int by_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  write_whole(base + ".exit", std::to_string(code) + " " + std::to_string(by_signal) + " " +
                                  std::to_string(started_at) + " " + std::to_string(now_ms()) +
                                  "\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || std::strcmp(argv[3], "--") != 0) {
    std::fprintf(stderr, "usage: penstock-shim FOLDER ATTEMPT -- PROGRAM ARGUMENTS...\n");
    return 2;
  }
  const std::string base = std::string(argv[1]) + "/" + argv[2];
  int started[2];
  if (pipe2(started, O_CLOEXEC) != 0) {
    std::perror("pipe");
    return 1;
  }
  // The keeper is no child of whoever started it, so that nobody has to reap it.
  const pid_t keeper = fork();
  if (keeper < 0) {
    std::perror("fork");
    return 1;
  }
  if (keeper == 0) {
    close(started[0]);
    const int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    _exit(watch_over(base, argv + 4, started[1]));
  }
  close(started[1]);
  int error = EIO;
  if (read(started[0], &error, sizeof error) != sizeof error) error = EIO;
  if (error != 0) std::fprintf(stderr, "%s: %s\n", argv[4], std::strerror(error));
  return error == 0 ? 0 : 127;
}
