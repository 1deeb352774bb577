#include "operator/k8s/cpprest_transport.h"

#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <boost/asio/ssl.hpp>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>

#include "operator/k8s/api_failure.h"
#include "operator/k8s/bounded_body.h"
#include "operator/k8s/credentials.h"
#include "operator/k8s/one_time_body.h"
#include "runtime/base/guarded.h"
#include "runtime/base/log.h"

namespace penstock::k8s {
namespace {

namespace http = web::http;
using http::client::http_client;
using http::client::http_client_config;

constexpr std::size_t kStreamBuffer = 1u << 20;
constexpr std::size_t kLongestLine = 16u << 20;
constexpr std::size_t kLongestRefusal = 64u << 10;
// OpenSSL's variable for the file of the system's authorities, and where it waits meanwhile.
constexpr const char* kSystemFile = "SSL_CERT_FILE";
constexpr const char* kKeptSystemFile = "PENSTOCK_SSL_CERT_FILE";

// Calls cpprestsdk; together with the SSL callback the only place where its exceptions are visible.
template <typename Call>
auto at_border(std::string_view what, Call&& call) -> Result<std::invoke_result_t<Call>> {
  try {
    return std::forward<Call>(call)();
  } catch (const pplx::task_canceled&) {
    return Error{Code::kCancelled, std::string(what) + " was cancelled"};
  } catch (const std::exception& e) {
    return Error{Code::kUnavailable,
                 "no answer from the API server to " + std::string(what) + ": " + e.what()};
  }
}

bool host_is_address(const std::string& server) {
  const std::string host = web::uri(server).host();
  boost::system::error_code code;
  boost::asio::ip::make_address(host, code);
  return !code || host.starts_with('[');
}

// A cluster that names its authority is known by that alone; cpprestsdk has added the system's to
// the store of each new connection. Only a cluster that names none is known by the system's.
void trust(boost::asio::ssl::context& context, const std::string& authority) {
  if (!authority.empty()) {
    SSL_CTX_set_cert_store(context.native_handle(), X509_STORE_new());
    context.add_certificate_authority(boost::asio::buffer(authority));
  } else if (const char* file = std::getenv(kKeptSystemFile)) {
    // Where the file is missing, the directory of certificates may still help.
    static_cast<void>(SSL_CTX_load_verify_file(context.native_handle(), file));
  }
}

http_client_config make_config(const Cluster& cluster, const Credentials& credentials,
                               Duration timeout) {
  http_client_config config;
  config.set_timeout(std::chrono::duration_cast<std::chrono::microseconds>(timeout));
  config.set_validate_certificates(!cluster.skip_verification);
  config.set_tlsext_sni_enabled(!host_is_address(cluster.server));
  config.set_ssl_context_callback([credentials](boost::asio::ssl::context& context) {
    const auto buffer = [](const std::string& text) { return boost::asio::buffer(text); };
    trust(context, credentials.authority);
    if (!credentials.certificate.empty()) {
      context.use_certificate_chain(buffer(credentials.certificate));
      context.use_private_key(buffer(credentials.key), boost::asio::ssl::context::pem);
    }
  });
  return config;
}

// Of the header's two forms the one with seconds; a date would be the server's clock.
Duration retry_after(const http::http_response& response) {
  const auto found = response.headers().find("Retry-After");
  int seconds = 0;
  if (found == response.headers().end()) return Duration{0};
  const std::string& text = found->second;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code != std::errc() || end != text.data() + text.size()) return Duration{0};
  return std::clamp<Duration>(std::chrono::seconds(seconds), Duration{0}, kLongestRetryAfter);
}

struct Session {
  Credentials credentials;
  std::shared_ptr<http_client> calls, streams;
  Duration read_at{0};
};

// One read buffer, split at line ends. Returns the first error of `on_line`.
class LineSplitter {
 public:
  explicit LineSplitter(const Transport::OnLine& on_line) : on_line_(on_line) {}

  Status feed(std::string_view piece) {
    for (auto end = piece.find('\n'); end != piece.npos; end = piece.find('\n')) {
      std::string_view line = piece.substr(0, end);
      if (!rest_.empty()) {
        rest_ += line;
        line = rest_;
      }
      const Status done = line.empty() ? ok() : on_line_(line);
      rest_.clear();
      if (!done) return done;
      piece.remove_prefix(end + 1);
    }
    rest_ += piece;
    if (rest_.size() > kLongestLine) {
      return Error{Code::kUnavailable, "the API server sent a line longer than 16 MiB"};
    }
    return ok();
  }

 private:
  const Transport::OnLine& on_line_;
  std::string rest_;
};

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(Cluster cluster, Clock& clock, metrics::Registry& metrics,
                   TransportOptions options)
      : cluster_(std::move(cluster)), clock_(clock), metrics_(metrics), options_(options) {}

  Result<Response> call(const Request& request) override {
    TRY_ASSIGN(Session session, current(false));
    Result<Response> first = call_with(session, request);
    if (!first) leave_pool();
    TRY_ASSIGN(Response response, std::move(first));
    if (response.status != 401 || cluster_.token.file.empty()) return response;
    // The token may have been replaced since it was read: once more with what is there now.
    const std::string used = session.credentials.token;
    TRY_ASSIGN(session, current(true));
    if (session.credentials.token == used) return response;
    return call_with(session, request);
  }

  Result<Response> stream(const Request& request, const OnLine& on_line,
                          const std::stop_token& stop) override {
    TRY_ASSIGN(const Session session, current(false));
    count(request);
    Result<Response> response = read_stream(session, request, on_line, stop);
    note_code(request, response);
    if (response && response->status == 401) static_cast<void>(current(true));
    return response;
  }

  void rotate() override {
    session_.with([](std::optional<Session>& session) { session.reset(); });
  }

  RequestCounts counts() const override {
    return counts_.with([](const RequestCounts& counts) { return counts; });
  }

  // The session with fresh enough credentials; `reload` reads them in any case. When reading fails,
  // what was there before stays in force.
  Result<Session> current(bool reload) {
    return session_.with([&](std::optional<Session>& session) -> Result<Session> {
      const Duration now = clock_.monotonic();
      if (session && !reload && now - session->read_at < options_.reload_period) return *session;
      Result<Credentials> credentials = read_credentials(cluster_);
      if (!credentials) {
        if (!session) return credentials.error();
        log::warning("credentials cannot be read again", {{"reason", credentials.error().message}});
        session->read_at = now;
        return *session;
      }
      if (!session || !session->credentials.same_identity(*credentials)) {
        TRY_ASSIGN(session, open(*credentials));
      }
      session->credentials = *credentials;
      session->read_at = now;
      return *session;
    });
  }

 private:
  // A write that lost its connection leaves one in cpprestsdk's pool that was never opened, on
  // which the next request would fail: other clients with the same credentials from here on.
  void leave_pool() {
    session_.with([this](std::optional<Session>& session) {
      if (!session) return;
      auto opened = open(session->credentials);
      if (!opened || !*opened) return;
      (*opened)->read_at = session->read_at;
      session = std::move(opened).value();
    });
  }

  Result<std::optional<Session>> open(const Credentials& credentials) const {
    return at_border("opening a client", [&]() -> std::optional<Session> {
      const auto client = [&](Duration timeout) {
        return std::make_shared<http_client>(cluster_.server,
                                             make_config(cluster_, credentials, timeout));
      };
      return Session{credentials, client(options_.call_timeout), client(options_.idle_guard)};
    });
  }

  static http::http_request to_http(const Session& session, const Request& request) {
    http::http_request out(request.method);
    out.set_request_uri(web::uri(request.target));
    auto& headers = out.headers();
    headers.add("Accept", "application/json");
    headers.add("User-Agent", "penstock-operator");
    if (!session.credentials.token.empty()) {
      headers.add("Authorization", "Bearer " + session.credentials.token);
    }
    if (!request.body.empty()) {
      using Buffer = concurrency::streams::streambuf<uint8_t>;
      const auto body = std::make_shared<OneTimeBody>(request.body);
      out.set_body(concurrency::streams::istream(Buffer(body)), request.body.size(),
                   request.content_type.empty() ? "application/json" : request.content_type);
    }
    return out;
  }

  Result<Response> call_with(const Session& session, const Request& request) {
    count(request);
    auto response = at_border(request.method + " " + request.target, [&] {
      http::http_response got = session.calls->request(to_http(session, request)).get();
      return Response{got.status_code(), got.extract_utf8string(true).get(), retry_after(got)};
    });
    note_code(request, response);
    return response;
  }

  Result<Response> read_stream(const Session& session, const Request& request,
                               const OnLine& on_line, const std::stop_token& stop) {
    const auto body = std::make_shared<BoundedBody>(kStreamBuffer);
    pplx::cancellation_token_source cancel;
    http::http_request out = to_http(session, request);
    using Buffer = concurrency::streams::streambuf<uint8_t>;
    out.set_response_stream(concurrency::streams::ostream(Buffer(body)));
    auto answered = session.streams->request(out, cancel.get_token());
    // Ends the body whatever happens; its result says how the connection ended.
    auto finished = answered.then([](const http::http_response& r) { return r.content_ready(); })
                        .then([body](const pplx::task<http::http_response>& all) {
                          const auto end = at_border("a stream", [&] { return (all.get(), true); });
                          body->finish();
                          return end ? std::optional<Error>() : std::optional(end.error());
                        });
    std::stop_callback stopper(stop, [cancel] { cancel.cancel(); });
    Result<Response> result = drain(answered, *body, on_line, request);
    cancel.cancel();
    body->abandon();
    const std::optional<Error> failure = finished.get();
    if (stop.stop_requested()) return Error{Code::kCancelled, "the stream was stopped"};
    if (result && result->status == 200 && failure) return *failure;
    return result;
  }

  static Result<Response> drain(const pplx::task<http::http_response>& answered, BoundedBody& body,
                                const OnLine& on_line, const Request& request) {
    auto head = at_border("GET " + request.target, [&] {
      return Response{answered.get().status_code(), {}, retry_after(answered.get())};
    });
    if (!head) return head.error();
    if (head->status != 200) {
      while (const auto piece = body.take()) {
        if (head->body.size() < kLongestRefusal) head->body += *piece;
      }
      return head;
    }
    LineSplitter lines(on_line);
    while (const auto piece = body.take()) TRY(lines.feed(*piece));
    return Response{200, {}};
  }

  void count(const Request& request) {
    const auto key = classify(request.method, request.target);
    counts_.with([&](RequestCounts& counts) { ++counts[key]; });
  }

  void note_code(const Request& request, const Result<Response>& response) {
    metrics_
        .counter("rest_client_requests_total", "Requests to the API server.",
                 {{"code", response ? std::to_string(response->status) : "<error>"},
                  {"method", request.method},
                  {"host", web::uri(cluster_.server).authority().to_string()}})
        .add();
  }

  const Cluster cluster_;
  Clock& clock_;
  metrics::Registry& metrics_;
  const TransportOptions options_;
  Guarded<std::optional<Session>> session_;
  Guarded<RequestCounts> counts_;
};

// cpprestsdk's pool of 40 threads can be made smaller once, before its first use.
void limit_threads() {
  static const bool done = [] {
    crossplat::threadpool::initialize_with_threads(2);
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

void spare_system_certificates() {
  const char* named = std::getenv(kSystemFile);
  setenv(kKeptSystemFile, named != nullptr ? named : X509_get_default_cert_file(), 1);
  setenv(kSystemFile, "/dev/null", 1);
}

Result<std::unique_ptr<Transport>> make_cpprest_transport(Cluster cluster, Clock& clock,
                                                          metrics::Registry& metrics,
                                                          TransportOptions options) {
  limit_threads();
  auto transport = std::make_unique<CpprestTransport>(std::move(cluster), clock, metrics, options);
  TRY(transport->current(true));
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace penstock::k8s
