#include "operator/webhook/webhook.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <thread>
#include <utility>

#include "operator/k8s/reader.h"
#include "operator/k8s/writer.h"
#include "operator/webhook/certificate_keeper.h"
#include "operator/webhook/file_certificates.h"
#include "operator/webhook/review.h"
#include "runtime/base/guarded.h"
#include "runtime/base/log.h"
#include "runtime/http/server.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPath = "/validate";
// Two requests a minute per replica; a caBundle that somebody broke is right again within that.
constexpr Duration kLook = 60s;
constexpr Duration kLookAtFiles = 10s;
constexpr Duration kAfterFailure = 1s;  // doubled until kLook
constexpr Duration kAfterConflict = 200ms;

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : ok(requests(registry, "200")),
        refused(requests(registry, "400")),
        latency(registry.histogram(
            "controller_runtime_webhook_latency_seconds", "Length of an admission request.",
            {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
            {{"webhook", std::string(kPath)}})),
        in_flight(registry.gauge("controller_runtime_webhook_requests_in_flight",
                                 "Admission requests being answered.",
                                 {{"webhook", std::string(kPath)}})),
        denied(
            registry.counter("penstock_webhook_denied_total", "Objects that the webhook refused.")),
        reads(registry.counter("certwatcher_read_certificate_total",
                               "Looks at the webhook's certificate.")),
        read_errors(registry.counter("certwatcher_read_certificate_errors_total",
                                     "Looks at the webhook's certificate that failed.")),
        ends(registry.gauge("penstock_webhook_certificate_end_timestamp_seconds",
                            "When the webhook's certificate ends.")) {}

  static metrics::Counter requests(metrics::Registry& registry, const char* code) {
    return registry.counter("controller_runtime_webhook_requests_total",
                            "Admission requests by HTTP status.",
                            {{"webhook", std::string(kPath)}, {"code", code}});
  }

  metrics::Counter ok, refused;
  metrics::Histogram latency;
  metrics::Gauge in_flight;
  metrics::Counter denied, reads, read_errors;
  metrics::Gauge ends;
};

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address address;
  const char* end = text.data() + text.size();
  const auto parsed = colon == std::string::npos
                          ? std::from_chars_result{end, std::errc::invalid_argument}
                          : std::from_chars(text.data() + colon + 1, end, address.port);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return Error{Code::kInvalid, "the webhook's address is no HOST:PORT: '" + text + "'"};
  address.host = colon == 0 ? "0.0.0.0" : text.substr(0, colon);
  return address;
}

class WebhookImpl final : public Webhook {
 public:
  WebhookImpl(k8s::Transport& transport, Clock& clock, metrics::Registry& metrics,
              WebhookOptions options)
      : reader_(transport),
        writer_(transport, "penstock-operator"),
        clock_(clock),
        metrics_(metrics),
        options_(std::move(options)) {}

  Status open() {
    TRY_ASSIGN(const Address address, parse_address(options_.address));
    // Nobody trusts this one: it is there so that the port is taken, or refused, at the start.
    TRY_ASSIGN(const auto none, http::make_server_certificate({"penstock-webhook"}, clock_.now()));
    http::ServerOptions server{.address = address.host,
                               .port = address.port,
                               .certificate_pem = none.certificate_pem,
                               .key_pem = none.key_pem,
                               .threads = 2,
                               .body_limit = 4 * 1024 * 1024,
                               .max_connections = 100};
    TRY_ASSIGN(server_,
               http::Server::start(std::move(server), [this](const http::Request& request) {
                 return http::Reply(answer(request));
               }));
    const auto use = [this](const http::KeyPair& pair) { return take(pair); };
    if (!options_.certificates.empty()) {
      files_.emplace(options_.certificates, use);
      TRY(files_->look());
    } else {
      keeper_.emplace(reader_, writer_, clock_,
                      CertificateKeeperOptions{.secret = {options_.name_space, "penstock-webhook"},
                                               .configuration = options_.configuration,
                                               .hosts = webhook_hosts(options_),
                                               .times = options_.times,
                                               .use = use,
                                               .leads = options_.leads});
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    return ok();
  }

  std::uint16_t port() const override { return server_->port(); }

  std::string problem() const override {
    const State state = state_.with([](const State& it) { return it; });
    if (state.ends != 0 && clock_.now() < state.ends) return {};
    return (state.ends == 0 ? "no certificate yet"
                            : "the certificate ended at " + to_rfc3339(state.ends)) +
           (state.problem.empty() ? "" : ": " + state.problem);
  }

 private:
  struct State {
    Millis ends = 0;      // of the certificate that is served; 0: there is none
    std::string problem;  // of the last look
  };

  http::Response answer(const http::Request& request) {
    if (request.target.substr(0, request.target.find('?')) != kPath)
      return {404, {{"Content-Type", "text/plain"}}, "this is POST /validate\n"};
    if (request.method != "POST")
      return {405, {{"Allow", "POST"}, {"Content-Type", "text/plain"}}, "only POST\n"};
    metrics_.in_flight.add(1);
    const Duration begun = clock_.monotonic();
    ReviewAnswer answer = answer_review(request.body);
    const Duration took = clock_.monotonic() - begun;
    metrics_.latency.observe(std::chrono::duration<double>(took).count());
    metrics_.in_flight.add(-1);
    (answer.status == 200 ? metrics_.ok : metrics_.refused).add();
    if (answer.status == 200 && !answer.allowed) metrics_.denied.add();
    return {answer.status, {{"Content-Type", answer.content_type}}, std::move(answer.body)};
  }

  Status take(const http::KeyPair& pair) {
    TRY_ASSIGN(const Millis ends, http::not_after(pair.certificate_pem));
    TRY(server_->replace_certificate(pair.certificate_pem, pair.key_pem));
    state_.with([&](State& state) { state.ends = ends; });
    metrics_.ends.set(static_cast<double>(ends) / 1000);
    log::info("the webhook serves a new certificate", {{"to", to_rfc3339(ends)}});
    return ok();
  }

  void run(const std::stop_token& stop) {
    Duration wait{0}, after_failure = kAfterFailure;
    while (clock_.sleep(wait, stop)) {
      metrics_.reads.add();
      const Status done = keeper_ ? keeper_->look() : files_->look();
      if (!done && done.error().code == Code::kConflict) {
        wait = kAfterConflict;
        continue;
      }
      note(done ? std::string() : done.error().message);
      const Duration usual = keeper_ ? kLook : kLookAtFiles;
      wait = done ? usual : after_failure;
      after_failure = done ? kAfterFailure : std::min(after_failure * 2, usual);
    }
  }

  // Logs a problem once, however often it comes back.
  void note(const std::string& problem) {
    if (!problem.empty()) metrics_.read_errors.add();
    const bool news = state_.with([&](State& state) {
      const bool other = state.problem != problem;
      state.problem = problem;
      return other;
    });
    if (news && !problem.empty())
      log::warning("the webhook's certificate cannot be kept right", {{"reason", problem}});
  }

  const k8s::Reader reader_;
  const k8s::Writer writer_;
  Clock& clock_;
  Metrics metrics_;
  const WebhookOptions options_;
  Guarded<State> state_;
  std::unique_ptr<http::Server> server_;
  std::optional<FileCertificates> files_;
  std::optional<CertificateKeeper> keeper_;
  std::jthread thread_;
};

}  // namespace

std::vector<std::string> webhook_hosts(const WebhookOptions& options) {
  std::vector<std::string> hosts;
  if (!options.service.empty()) {
    const std::string name = options.service + "." + options.name_space + ".svc";
    hosts = {name, name + ".cluster.local"};
  }
  const auto address = parse_address(options.address);
  if (address && address->host != "0.0.0.0" && address->host != "::")
    hosts.push_back(address->host);
  return hosts;
}

Result<std::unique_ptr<Webhook>> Webhook::start(k8s::Transport& transport, Clock& clock,
                                                metrics::Registry& metrics,
                                                WebhookOptions options) {
  TRY(parse_address(options.address));
  if (options.certificates.empty() && webhook_hosts(options).empty())
    return Error{Code::kInvalid,
                 "--webhook on every address needs --webhook-service, the name that API servers "
                 "call it by"};
  auto made = std::make_unique<WebhookImpl>(transport, clock, metrics, std::move(options));
  TRY(made->open());
  return std::unique_ptr<Webhook>(std::move(made));
}

}  // namespace penstock
