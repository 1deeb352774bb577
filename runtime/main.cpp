// The program `penstock`: stream jobs without a cluster, and what a job's Pod runs.

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "runtime/bench/bench_command.h"
#include "runtime/commands.h"
#include "runtime/control/ctl_command.h"
#include "runtime/snapshot/snapshot_command.h"

namespace penstock {

int complain(const std::string& command, const std::string& message, int code) {
  std::cerr << "penstock " << command << ": " << message << "\n";
  return code;
}

}  // namespace penstock

namespace {

constexpr char kHelp[] = R"(penstock: stream jobs in SQL, in this process

  penstock run FILE              run a .sql file or a StreamJob manifest until its input ends or it is stopped
      [--parallelism N]          slots to run with; else as recorded in the checkpoint, else as the manifest says
      [--checkpoints URI]        where checkpoints are kept: an absolute path, file:// URI or s3://bucket/prefix
                                 (server and keys from AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, ...)
      [--interval 10s]           between checkpoints
      [--from latest|none|URI]   what to start from; a snapshot is file:///dir, file:///dir#00000042 or file:///dir#checkpoint-7
      [--start NAME]             names this start: a process started again under it goes on instead of going back to --from
      [--control HOST:PORT]      serve `penstock ctl` and the operator there
      [--http HOST:PORT]         serve /healthz, /readyz and /metrics there
      [--termination-message F]  write how the job ended to F and exit with 0
      [--json]                   the summary as JSON
  penstock explain FILE [--json]      the plan
  penstock validate FILE... [--json]  is it right?
  penstock snapshot ls|verify|cat URI...  what is in a checkpoint directory, is it sound, its state as JSON lines
  penstock ctl HOST:PORT status|watch|rescale N|checkpoint|savepoint URI|stop [--drain | --savepoint URI]
  penstock bench nexmark|start|state|checkpoint|rescale [--json]  measures this machine and this program
  penstock --help | --version

Exit codes: 0 done, 1 failed, or superseded by a newer process of the same job,
2 wrong use or a job that cannot run, 130 interrupted.
)";

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string command = words.empty() ? "--help" : words[0];
  const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
  const bool own_help = command == "snapshot" || command == "ctl" || command == "bench";
  if (!own_help && std::ranges::find(rest, "--help") != rest.end()) {
    std::cout << kHelp;
    return 0;
  }
  if (command == "run") return penstock::run_command(rest);
  if (command == "explain") return penstock::explain_command(rest);
  if (command == "validate") return penstock::validate_command(rest);
  if (command == "snapshot") return penstock::snapshot_main(rest, std::cout, std::cerr);
  if (command == "ctl") return penstock::ctl_main(rest);
  if (command == "bench") return penstock::bench_main(rest, std::cout, std::cerr);
  if (command == "--version") {
    std::cout << "penstock " << PENSTOCK_VERSION << "\n";
    return 0;
  }
  if (command == "--help" || command == "help") {
    std::cout << kHelp;
    return words.empty() ? 2 : 0;
  }
  return penstock::complain(command, "unknown command; see penstock --help", 2);
}
