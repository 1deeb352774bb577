#include "operator/up_command.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "controllers/admission/admission.h"
#include "controllers/api/crd.h"
#include "operator/apiserver/api_server.h"
#include "operator/apply.h"
#include "operator/engines/local/local_engine_client.h"
#include "operator/k8s/cluster.h"
#include "operator/k8s/cpprest_transport.h"
#include "operator/process_runner/process_runner.h"
#include "operator/reconcilers/operator.h"
#include "operator/run_command.h"
#include "runtime/base/log.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUsage =
    "usage: penstock-operator up [--data DIR] [--listen 127.0.0.1:PORT] [--kubeconfig FILE] "
    "[--apply PATH...] [--cpus 16] [--api-only]\n"
    "\n"
    "Runs a Kubernetes-compatible API, the operator and the jobs' processes on this machine, until "
    "Ctrl-C.\n"
    "  --data DIR         where everything is kept (default .penstock)\n"
    "  --listen ADDRESS   loopback address and port of the API (default 127.0.0.1:0, which takes a "
    "free port)\n"
    "  --kubeconfig FILE  where to write the kubeconfig (default DIR/kubeconfig)\n"
    "  --apply PATH...    manifests, or folders of them, to apply once it runs\n"
    "  --cpus N           CPUs that the Node offers; nothing enforces them (default 16); 0: no "
    "Node,\n"
    "                     Pods stay Pending\n"
    "  --api-only         the API and the processes without the operator\n";
constexpr Duration kPodGrace = std::chrono::seconds(30);

struct UpOptions {
  fs::path data = ".penstock";
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  fs::path kubeconfig;
  std::vector<fs::path> apply;
  std::int64_t cpus = 16;
  bool api_only = false;
};

Error wrong_use(const std::string& what) { return {Code::kInvalid, what}; }

template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} && end == text.data() + text.size();
}

Status read_listen(std::string_view text, UpOptions& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !read_number(text.substr(colon + 1), options.port))
    return wrong_use("--listen needs ADDRESS:PORT, got " + std::string(text));
  options.address = text.substr(0, colon);
  if (!options.address.starts_with("127."))
    return wrong_use("--listen: the API listens on loopback only, got " + options.address);
  return ok();
}

Result<UpOptions> read_options(const std::vector<std::string>& arguments) {
  UpOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--api-only") {
      options.api_only = true;
      continue;
    }
    if (name != "--data" && name != "--listen" && name != "--kubeconfig" && name != "--apply" &&
        name != "--cpus")
      return wrong_use("no such option: " + name);
    if (i + 1 == arguments.size()) return wrong_use(name + " needs a value");
    const std::string& value = arguments[++i];
    if (name == "--data") options.data = value;
    if (name == "--kubeconfig") options.kubeconfig = value;
    if (name == "--listen") TRY(read_listen(value, options));
    if (name == "--cpus" &&
        (!read_number(value, options.cpus) || options.cpus < 0 || options.cpus > 10000))
      return wrong_use("--cpus needs a whole number from 0 to 10000, got " + value);
    if (name == "--apply") {
      options.apply.emplace_back(value);
      while (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--"))
        options.apply.emplace_back(arguments[++i]);
    }
  }
  options.data = fs::absolute(options.data);
  if (options.kubeconfig.empty()) options.kubeconfig = options.data / "kubeconfig";
  return options;
}

// check_json takes the kind apart from the object.
std::string kind_of(const std::string& json) {
  const auto object = nlohmann::json::parse(json, nullptr, false);
  return object.is_object() ? object.value("kind", "") : "";
}

AdmissionVerdict admit(const std::string& next, const std::string& previous) {
  const Verdict verdict = check_json(kind_of(next), next, previous);
  AdmissionVerdict out{.warnings = verdict.warnings};
  for (const api::FieldError& cause : verdict.causes) {
    const bool missing = cause.reason == "NotImplemented";
    out.problems.push_back(
        {.field = cause.path,
         .message = missing ? "NotImplemented: " + cause.message : cause.message});
  }
  return out;
}

Result<LogFile> find_pod_log(const fs::path& data, const LogTarget& target) {
  const auto path = find_log(data, target.uid, target.previous ? -2 : -1);
  if (!path) return Error{Code::kNotFound, "no output yet"};
  return LogFile{.path = path->string(),
                 .running = !target.previous,
                 .times = fs::path(*path).replace_extension(".times").string()};
}

// Readable by its owner alone, and never seen half written.
Status write_kubeconfig(const fs::path& path, const std::string& text) {
  const fs::path partial = path.string() + ".partial";
  std::error_code failed;
  fs::remove(partial, failed);
  {
    std::ofstream file(partial);
    fs::permissions(partial, fs::perms::owner_read | fs::perms::owner_write, failed);
    file << text;
    file.flush();
    if (!file) return Error{Code::kUnavailable, "cannot write the kubeconfig: " + partial.string()};
  }
  fs::rename(partial, path, failed);
  if (failed)
    return Error{Code::kUnavailable,
                 "cannot write the kubeconfig " + path.string() + ": " + failed.message()};
  return ok();
}

Result<std::unique_ptr<ApiServer>> start_api(const UpOptions& options, Clock& clock) {
  ApiServerOptions api{.data_directory = (options.data / "api").string(),
                       .address = options.address,
                       .port = options.port};
  for (const std::string_view kind : api::kinds()) api.crds.push_back(api::crd_json(kind));
  api.admission = admit;
  api.find_log = [data = options.data](const LogTarget& target) {
    return find_pod_log(data, target);
  };
  return ApiServer::start(std::move(api), clock);
}

// Waits for SIGINT or SIGTERM, which every thread has blocked.
void wait_for_signal(int signals) {
  signalfd_siginfo info{};
  while (read(signals, &info, sizeof info) < 0 && errno == EINTR) {
  }
}

Status run_up(const UpOptions& options, int signals) {
  SystemClock clock;
  std::error_code failed;
  fs::create_directories(options.data, failed);
  if (failed)
    return Error{Code::kUnavailable, "cannot make the data directory " + options.data.string() +
                                         ": " + failed.message()};
  const fs::path programs = fs::read_symlink("/proc/self/exe", failed).parent_path();

  TRY_ASSIGN(const auto server, start_api(options, clock));
  TRY(write_kubeconfig(options.kubeconfig, server->kubeconfig()));
  TRY_ASSIGN(const k8s::Cluster cluster, k8s::read_kubeconfig({options.kubeconfig.string()}));
  metrics::Registry metrics;
  TRY_ASSIGN(const auto transport, k8s::make_cpprest_transport(cluster, clock, metrics));
  std::unique_ptr<ProcessRunner> runner;
  if (options.cpus > 0) {
    ProcessRunnerOptions runner_options{
        .data = options.data, .shim = programs / "penstock-shim", .program = programs / "penstock"};
    runner_options.capacity.millicpu = options.cpus * 1000;
    TRY_ASSIGN(runner, ProcessRunner::start(std::move(runner_options), *transport, clock));
  }

  const std::unique_ptr<EngineClient> engines = make_local_engine_client(clock);
  std::unique_ptr<Operator> controllers;
  std::jthread work;
  if (!options.api_only) {
    OperatorOptions operator_options;
    operator_options.identity = "up_" + std::to_string(getpid());
    operator_options.installation.checkpoint_base =
        "file://" + (options.data / "checkpoints").string();
    operator_options.delete_checkpoints = delete_local_checkpoints;
    TRY_ASSIGN(controllers,
               Operator::create(*transport, *engines, clock, metrics, std::move(operator_options)));
    work = std::jthread([&](const std::stop_token& stop) {
      const Status ended = controllers->run(stop);
      if (!ended) log::error("the operator ended", {{"reason", ended.error().message}});
    });
  }
  log::info("control plane ready",
            {{"server", server->url()}, {"kubeconfig", options.kubeconfig.string()}});
  const Status applied = apply_manifests(*transport, options.apply);
  if (!applied)
    log::error("some manifests were not applied", {{"reason", applied.error().message}});

  wait_for_signal(signals);
  log::info("stopping; jobs write a last checkpoint");
  work = {};
  if (runner) runner->stop_all(kPodGrace);
  return ok();
}

}  // namespace

int up_main(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0] == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const auto options = read_options(arguments);
  if (!options) {
    std::fprintf(stderr, "penstock-operator up: %s\n\n%s", options.error().message.c_str(), kUsage);
    return 2;
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);  // before any thread is made, so that all have it blocked
  const int signals = signalfd(-1, &set, SFD_CLOEXEC);
  const Status ended = run_up(*options, signals);
  if (ended) return 0;
  std::fprintf(stderr, "penstock-operator up: %s\n", ended.error().message.c_str());
  return 1;
}

}  // namespace penstock
