#include "operator/run_command.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "controllers/desired/names.h"
#include "operator/certificates/authority.h"
#include "operator/engines/local/local_engine_client.h"
#include "operator/k8s/cluster.h"
#include "operator/k8s/cpprest_transport.h"
#include "operator/keda/server.h"
#include "operator/manager/health.h"
#include "operator/reconcilers/operator.h"
#include "operator/webhook/webhook.h"
#include "runtime/base/log.h"
#include "runtime/storage/blob_store.h"

namespace penstock {
namespace {

constexpr const char* kUsage =
    "penstock-operator run [options]\n"
    "\n"
    "  --kubeconfig FILE        default: $KUBECONFIG, the Pod's service account, ~/.kube/config\n"
    "  --namespaces A,B         default: all\n"
    "  --namespace-selector K=V only in namespaces with these labels (k=v,k!=v,k,!k); default: "
    "all\n"
    "  --leader-elect           wait for the Lease penstock-operator before working\n"
    "  --lease-namespace NAME   where that Lease and the authority's Secret are; default: the\n"
    "                           context's namespace\n"
    "  --ca-secret NAME         holds the authority that operator and engines trust, made when it\n"
    "                           is missing; default: penstock-ca\n"
    "  --http HOST:PORT         serve /healthz, /readyz and /metrics\n"
    "  --engine-image IMAGE     for jobs that name none\n"
    "  --checkpoints URI        where jobs that name no storage keep their checkpoints\n"
    "  --log-level LEVEL        debug, info (default), warning, error\n"
    "  --keda HOST:PORT         serve KEDA's external scaler: TLS of the authority, plain on "
    "loopback\n"
    "  --keda-service NAME      the Service that KEDA calls it by\n"
    "\n"
    "The admission webhook, POST /validate over TLS:\n"
    "  --webhook HOST:PORT      serve it; its certificates are kept in Secret penstock-webhook, in "
    "the\n"
    "                           Lease's namespace\n"
    "  --webhook-service NAME   the Service that API servers call it by\n"
    "  --webhook-configuration NAME\n"
    "                           the ValidatingWebhookConfiguration whose caBundle is kept right\n"
    "  --webhook-certificates DIR\n"
    "                           tls.crt and tls.key that somebody else renews, instead of the "
    "Secret\n";

struct Arguments {
  std::string kubeconfig, lease_namespace, ca_secret = "penstock-ca", log_level = "info";
  std::string namespace_selector;
  std::string keda, keda_service;
  bool help = false;
  WebhookOptions webhook;
  OperatorOptions options;
};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

// Where the value of an option goes; null for one that is not known, or no text.
std::string* text_of(const std::string& option, Arguments& out) {
  const std::map<std::string, std::string*> options = {
      {"--kubeconfig", &out.kubeconfig},
      {"--namespace-selector", &out.namespace_selector},
      {"--lease-namespace", &out.lease_namespace},
      {"--ca-secret", &out.ca_secret},
      {"--http", &out.options.http},
      {"--engine-image", &out.options.installation.engine_image},
      {"--checkpoints", &out.options.installation.checkpoint_base},
      {"--log-level", &out.log_level},
      {"--keda", &out.keda},
      {"--keda-service", &out.keda_service},
      {"--webhook", &out.webhook.address},
      {"--webhook-service", &out.webhook.service},
      {"--webhook-configuration", &out.webhook.configuration},
      {"--webhook-certificates", &out.webhook.certificates},
  };
  const auto found = options.find(option);
  return found == options.end() ? nullptr : found->second;
}

// What is wrong with the arguments, if anything.
std::optional<std::string> read_arguments(const std::vector<std::string>& args, Arguments& out) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& option = args[i];
    if (option == "--help" || option == "-h") {
      out.help = true;
      return std::nullopt;
    }
    if (option == "--leader-elect") {
      out.options.leader_elect = true;
      continue;
    }
    std::string* const text = text_of(option, out);
    const bool is_list = option == "--namespaces";
    if (!text && !is_list) return "unknown option '" + option + "'";
    if (++i == args.size()) return option + " needs a value";
    if (text) *text = args[i];
    if (is_list) out.options.namespaces = split(args[i]);
  }
  return std::nullopt;
}

std::string identity() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return std::string(host) + "_" + std::to_string(getpid());
}

// Asks again while the API server does not answer, alive but not ready: an operator that ended
// would be started again later and later. kCancelled when `stop` comes first.
Result<http::KeyPair> find_authority(k8s::Transport& transport, Clock& clock,
                                     metrics::Registry& metrics, const k8s::ObjectKey& secret,
                                     const std::string& http, const std::stop_token& stop) {
  constexpr Duration kPause = std::chrono::seconds(2);
  std::unique_ptr<HealthServer> health;
  for (;;) {
    auto found = keep_authority(k8s::Reader(transport), k8s::Writer(transport, "penstock-operator"),
                                clock, secret);
    if (found || found.error().code != Code::kUnavailable) return found;
    log::warning("waiting for the API server", {{"reason", found.error().message}});
    if (!health && !http.empty()) {
      const HealthCheck alive{"ping", [] { return std::string(); }};
      const HealthCheck ready{"api", [] { return std::string("waiting for the API server"); }};
      TRY_ASSIGN(health, HealthServer::start(http, {alive}, {ready}, metrics));
    }
    if (!clock.sleep(kPause, stop)) return Error{Code::kCancelled, "asked to stop"};
  }
}

// Makes the operator known to the engines, and able to make them known.
Result<LocalEngineOptions> prove_identity(const http::KeyPair& authority, Clock& clock,
                                          OperatorOptions& options) {
  TRY_ASSIGN(const http::KeyPair mine,
             http::issue(authority,
                         {.common_name = "penstock-operator",
                          .usage = http::CertificateRequest::Usage::kClient},
                         clock.now()));
  options.installation.authority_id = short_hash(authority.certificate_pem);
  options.certify = [authority, &clock](const std::string& server_name) -> Result<TlsTexts> {
    TRY_ASSIGN(
        http::KeyPair pair,
        http::issue(authority, {.common_name = server_name, .hosts = {server_name}}, clock.now()));
    return TlsTexts{std::move(pair.certificate_pem), std::move(pair.key_pem),
                    authority.certificate_pem};
  };
  return LocalEngineOptions{.certificate = mine.certificate_pem,
                            .key = mine.key_pem,
                            .authority = authority.certificate_pem};
}

// What cannot go together.
Status check(const Arguments& it) {
  const WebhookOptions& webhook = it.webhook;
  const bool about_webhook =
      !webhook.service.empty() || !webhook.configuration.empty() || !webhook.certificates.empty();
  if (webhook.address.empty() && about_webhook)
    return Error{Code::kInvalid, "options of the webhook need --webhook HOST:PORT too"};
  if (!webhook.certificates.empty() && !webhook.configuration.empty())
    return Error{Code::kInvalid,
                 "--webhook-configuration is for certificates of the operator's own; who renews "
                 "those of --webhook-certificates sets the caBundle"};
  if (it.keda.empty() != it.keda_service.empty() && !it.keda.starts_with("127."))
    return Error{
        Code::kInvalid,
        "--keda HOST:PORT and --keda-service NAME go together: its certificate has to name "
        "what KEDA calls; only 127.x.y.z:PORT is served without, in plain text"};
  if (!it.namespace_selector.empty() && !it.options.namespaces.empty())
    return Error{Code::kInvalid, "--namespaces and --namespace-selector: choose one"};
  return ok();
}

// KEDA's external scaler; null when it was not asked for.
Result<std::unique_ptr<keda::ScalerServer>> serve_keda(const Arguments& arguments,
                                                       const http::KeyPair& authority,
                                                       const Operator& the_operator, Clock& clock) {
  if (arguments.keda.empty()) return std::unique_ptr<keda::ScalerServer>();
  keda::ScalerOptions options{.address = arguments.keda};
  if (!arguments.keda_service.empty()) {
    const std::string name = arguments.keda_service + "." + arguments.options.lease_namespace;
    TRY_ASSIGN(const http::KeyPair pair,
               http::issue(authority,
                           {.common_name = arguments.keda_service,
                            .hosts = {arguments.keda_service, name, name + ".svc",
                                      name + ".svc.cluster.local"}},
                           clock.now()));
    options.certificate = pair.certificate_pem;
    options.key = pair.key_pem;
  }
  return keda::ScalerServer::start(the_operator.jobs(), clock, options);
}

Status run(Arguments arguments, const std::stop_token& stop) {
  TRY(check(arguments));
  TRY_ASSIGN(const log::Level level, log::parse_level(arguments.log_level));
  log::set_level(level);
  TRY_ASSIGN(k8s::Cluster cluster, k8s::find_cluster(arguments.kubeconfig));
  SystemClock clock;
  metrics::Registry metrics;
  OperatorOptions& options = arguments.options;
  options.identity = identity();
  options.lease_namespace =
      arguments.lease_namespace.empty() ? cluster.name_space : arguments.lease_namespace;
  if (!arguments.namespace_selector.empty()) {
    TRY_ASSIGN(options.namespace_selector, parse_label_selector(arguments.namespace_selector));
  }
  // In a Pod a file:// URI of a job means its engine's volumes, not the operator's own files.
  if (!k8s::in_cluster()) options.delete_checkpoints = delete_local_checkpoints;
  options.on_lost = [] { _exit(1); };  // whatever is at work must not go on
  log::info("operator starts", {{"path", cluster.server}});
  TRY_ASSIGN(const std::unique_ptr<k8s::Transport> transport,
             k8s::make_cpprest_transport(std::move(cluster), clock, metrics));
  std::atomic<bool> leads{false};
  options.on_leading = [&leads] { leads = true; };
  std::unique_ptr<Webhook> webhook;
  if (!arguments.webhook.address.empty()) {
    arguments.webhook.name_space = options.lease_namespace;
    arguments.webhook.leads = [&leads] { return leads.load(); };
    TRY_ASSIGN(webhook, Webhook::start(*transport, clock, metrics, std::move(arguments.webhook)));
    options.ready.push_back({"webhook", [&webhook] { return webhook->problem(); }});
  }
  const auto authority =
      find_authority(*transport, clock, metrics, {options.lease_namespace, arguments.ca_secret},
                     options.http, stop);
  if (!authority && authority.error().code == Code::kCancelled) return ok();
  if (!authority) return authority.error();
  TRY_ASSIGN(LocalEngineOptions tls, prove_identity(*authority, clock, options));
  const std::unique_ptr<EngineClient> engines = make_local_engine_client(clock, std::move(tls));
  TRY_ASSIGN(const std::unique_ptr<Operator> the_operator,
             Operator::create(*transport, *engines, clock, metrics, options));
  TRY_ASSIGN(const auto scaler, serve_keda(arguments, *authority, *the_operator, clock));
  return the_operator->run(stop);
}

}  // namespace

Status delete_local_checkpoints(const std::string& uri) {
  const bool local = uri.starts_with("file:///") || uri.starts_with("/");
  if (!local) return Error{Code::kInvalid, "only file:// URIs are deleted by the operator"};
  TRY_ASSIGN(const std::unique_ptr<BlobStore> store, open_blob_store(uri));
  TRY_ASSIGN(const std::vector<std::string> names, store->list(""));
  for (const std::string& name : names) TRY(store->remove(name));
  return ok();
}

int run_main(const std::vector<std::string>& args) {
  Arguments arguments;
  if (const auto wrong = read_arguments(args, arguments)) {
    std::fprintf(stderr, "penstock-operator run: %s\n%s", wrong->c_str(), kUsage);
    return 2;
  }
  if (arguments.help) {
    std::printf("%s", kUsage);
    return 0;
  }
  // Before any thread is there, so that all of them leave the signals to the one that waits.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  std::stop_source stop;
  std::jthread waiter([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    stop.request_stop();
    if (signal == SIGUSR1) return;  // the work ended by itself
    sigwait(&signals, &signal);
    if (signal != SIGUSR1) _exit(130);  // a second one does not wait
  });
  const Status done = run(std::move(arguments), stop.get_token());
  pthread_kill(waiter.native_handle(), SIGUSR1);
  waiter.join();
  if (done) return 0;
  std::fprintf(stderr, "penstock-operator run: %s\n", done.error().message.c_str());
  return done.error().code == Code::kInvalid ? 2 : 1;
}

}  // namespace penstock
