#include "operator/manager/health.h"

#include <charconv>
#include <utility>

#include "runtime/http/server.h"

namespace penstock {
namespace {

HealthAnswer answer_checks(std::string_view what, std::string_view one, bool verbose,
                           const std::vector<HealthCheck>& checks) {
  std::string lines;
  bool well = true, found = one.empty();
  for (const HealthCheck& check : checks) {
    if (!one.empty() && check.name != one) continue;
    found = true;
    const std::string problem = check.problem();
    well = well && problem.empty();
    lines += problem.empty() ? "[+]" + check.name + " ok\n"
                             : "[-]" + check.name + " failed: " + problem + "\n";
  }
  if (!found) return {404, "no such check: " + std::string(one) + "\n"};
  if (!well) return {500, lines + std::string(what) + " check failed\n"};
  return {200, verbose ? lines + std::string(what) + " check passed\n" : "ok"};
}

class Server final : public HealthServer {
 public:
  std::uint16_t port() const override { return server->port(); }
  std::unique_ptr<http::Server> server;
};

}  // namespace

HealthAnswer answer_health(std::string_view target, const std::vector<HealthCheck>& alive,
                           const std::vector<HealthCheck>& ready,
                           const metrics::Registry& metrics) {
  const auto question = target.find('?');
  const bool verbose =
      question != target.npos && target.substr(question).find("verbose") != target.npos;
  const std::string_view path = target.substr(0, question);
  if (path == "/metrics") {
    return {200, metrics.text(), std::string(metrics::kTextContentType)};
  }
  for (const auto& [prefix, checks] :
       {std::pair{std::string_view("/healthz"), &alive}, {std::string_view("/readyz"), &ready}}) {
    if (path == prefix) return answer_checks(prefix.substr(1), {}, verbose, *checks);
    if (path.starts_with(prefix) && path.size() > prefix.size() + 1 && path[prefix.size()] == '/') {
      return answer_checks(prefix.substr(1), path.substr(prefix.size() + 1), verbose, *checks);
    }
  }
  return {404, "this is /healthz, /readyz and /metrics\n"};
}

Result<std::unique_ptr<HealthServer>> HealthServer::start(const std::string& address,
                                                          std::vector<HealthCheck> alive,
                                                          std::vector<HealthCheck> ready,
                                                          const metrics::Registry& metrics) {
  const auto colon = address.rfind(':');
  http::ServerOptions options;
  const char* end = address.data() + address.size();
  const auto parsed = colon == std::string::npos
                          ? std::from_chars_result{end, std::errc::invalid_argument}
                          : std::from_chars(address.data() + colon + 1, end, options.port);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return Error{Code::kInvalid, "no HOST:PORT: '" + address + "'"};
  }
  options.address = colon == 0 ? "0.0.0.0" : address.substr(0, colon);
  auto server = std::make_unique<Server>();
  const auto handler = [alive = std::move(alive), ready = std::move(ready),
                        &metrics](const http::Request& request) -> http::Reply {
    if (request.method != "GET" && request.method != "HEAD") {
      return http::Response{405, {{"Allow", "GET, HEAD"}}, "only GET\n"};
    }
    HealthAnswer answer = answer_health(request.target, alive, ready, metrics);
    return http::Response{
        answer.status, {{"Content-Type", answer.content_type}}, std::move(answer.body)};
  };
  TRY_ASSIGN(server->server, http::Server::start(options, handler));
  return std::unique_ptr<HealthServer>(std::move(server));
}

}  // namespace penstock
