#include "operator/top_command.h"

#include <csignal>
#include <cstdio>
#include <stop_token>
#include <thread>

#include "operator/k8s/cluster.h"
#include "operator/k8s/cpprest_transport.h"
#include "operator/top/top.h"

namespace penstock {
namespace {

constexpr const char* kUsage =
    "usage: penstock-operator top [--kubeconfig FILE] [--once] [--note TEXT] [JOB]\n"
    "\n"
    "Shows phase, rates, lag, slots, checkpoints and rescales of all stream jobs, or of one, until "
    "Ctrl-C.\n"
    "  --kubeconfig FILE  default: $KUBECONFIG, the Pod's service account, ~/.kube/config\n"
    "  --once             one screen, then the end; so too where the output is no terminal\n"
    "  --note TEXT        rows that stay at the end of the screen\n";

struct Arguments {
  std::string kubeconfig;
  TopOptions options;
};

Result<Arguments> read_arguments(const std::vector<std::string>& arguments) {
  Arguments out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--once") {
      out.options.once = true;
    } else if (argument == "--kubeconfig" && i + 1 < arguments.size()) {
      out.kubeconfig = arguments[++i];
    } else if (argument == "--note" && i + 1 < arguments.size()) {
      out.options.note = arguments[++i];
    } else if (argument.starts_with("--") || !out.options.job.empty()) {
      return Error{Code::kInvalid, "cannot use " + argument};
    } else {
      out.options.job = argument;
    }
  }
  return out;
}

Status run(const Arguments& arguments, const std::stop_token& stop) {
  TRY_ASSIGN(k8s::Cluster cluster, k8s::find_cluster(arguments.kubeconfig));
  SystemClock clock;
  metrics::Registry metrics;
  TRY_ASSIGN(const auto transport, k8s::make_cpprest_transport(std::move(cluster), clock, metrics));
  return run_top(*transport, arguments.options, clock, stop);
}

}  // namespace

int top_main(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const auto read = read_arguments(arguments);
  if (!read) {
    std::fprintf(stderr, "penstock-operator top: %s\n\n%s", read.error().message.c_str(), kUsage);
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::stop_source stop;
  std::jthread waiter([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    stop.request_stop();
  });
  const Status shown = run(*read, stop.get_token());
  pthread_kill(waiter.native_handle(), SIGUSR1);
  if (shown) return 0;
  std::fprintf(stderr, "penstock-operator top: %s\n", shown.error().message.c_str());
  return 1;
}

}  // namespace penstock
