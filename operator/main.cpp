#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "operator/k8s/cpprest_transport.h"
#include "operator/run_command.h"
#include "operator/top_command.h"
#include "operator/up_command.h"

namespace {

struct Subcommand {
  std::string_view name;
  const char* summary;
  int (*main)(const std::vector<std::string>& args);
};

constexpr Subcommand kSubcommands[] = {
    {"run", "the operator, against a cluster", penstock::run_main},
    {"up", "a control plane on this machine: API, operator and jobs", penstock::up_main},
    {"top", "the live screen, from any Kubernetes API", penstock::top_main},
};

void print_usage(std::FILE* out) {
  std::fprintf(out, "penstock-operator SUBCOMMAND [--help]\n\n");
  for (const Subcommand& subcommand : kSubcommands) {
    std::fprintf(out, "  %-10s %s\n", std::string(subcommand.name).c_str(), subcommand.summary);
  }
}

}  // namespace

int main(int argc, char** argv) {
  penstock::k8s::spare_system_certificates();
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.empty()) {
    print_usage(stderr);
    return 2;
  }
  if (args[0] == "--help" || args[0] == "-h") {
    print_usage(stdout);
    return 0;
  }
  if (args[0] == "--version") {
    std::printf("penstock-operator %s\n", PENSTOCK_VERSION);
    return 0;
  }
  for (const Subcommand& subcommand : kSubcommands) {
    if (args[0] == subcommand.name) return subcommand.main({args.begin() + 1, args.end()});
  }
  std::fprintf(stderr, "penstock-operator: unknown subcommand '%s'\n\n", args[0].c_str());
  print_usage(stderr);
  return 2;
}
