#include "runtime/http/server.h"

// clang-format off
#include <utility>  // Boost 1.74 asio needs it first
// clang-format on

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <thread>

#include "runtime/base/guarded.h"
#include "runtime/base/log.h"
#include "runtime/http/session.h"

namespace penstock::http {

namespace {

bool same_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

// Throws boost::system::system_error, also when the key is not the certificate's.
std::shared_ptr<asio::ssl::context> make_tls(const std::string& certificate_pem,
                                             const std::string& key_pem) {
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                   asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                   asio::ssl::context::no_tlsv1_1);
  tls->use_certificate_chain(asio::buffer(certificate_pem));
  tls->use_private_key(asio::buffer(key_pem), asio::ssl::context::pem);
  return tls;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& header) { return same_without_case(header.first, name); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

Request to_request(beast::http::request<beast::http::string_body> message) {
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

beast::http::response<beast::http::string_body> to_message(Response response, unsigned version,
                                                           bool keep_alive) {
  beast::http::response<beast::http::string_body> message;
  message.version(version);
  message.result(static_cast<unsigned>(response.status));
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.keep_alive(keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();
  return message;
}

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler handler)
      : context_{std::move(options), std::move(handler)},
        io_(std::max(1, context_.options.threads)),
        acceptor_(asio::make_strand(io_)),
        retry_(acceptor_.get_executor()) {}

  ~Impl() { io_.stop(); }

  // Throws boost::system::system_error; start() is its border.
  void open() {
    const ServerOptions& options = context_.options;
    if (!options.certificate_pem.empty()) use(options.certificate_pem, options.key_pem);
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(context_.options.address),
                                           context_.options.port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(asio::socket_base::max_listen_connections);
    port_ = acceptor_.local_endpoint().port();
    accept();
    for (int i = 0; i < std::max(1, context_.options.threads); ++i) {
      threads_.emplace_back([this] { io_.run(); });
    }
  }

  // Throws as open() does.
  void use(const std::string& certificate_pem, const std::string& key_pem) {
    tls_.with([tls = make_tls(certificate_pem, key_pem)](auto& current) { current = tls; });
  }

  std::uint16_t port() const { return port_; }

 private:
  void accept() {
    acceptor_.async_accept(asio::make_strand(io_),
                           [this](beast::error_code error, asio::ip::tcp::socket socket) {
                             if (error == asio::error::operation_aborted) return;
                             if (error) return accept_later(error);
                             serve(std::move(socket));
                             accept();
                           });
  }

  // Out of file descriptors, most likely: they come back when connections close.
  void accept_later(beast::error_code error) {
    log::warning("a connection could not be accepted", {{"reason", error.message()}});
    retry_.expires_after(std::chrono::milliseconds(100));
    retry_.async_wait([this](beast::error_code cancelled) {
      if (!cancelled) accept();
    });
  }

  void serve(asio::ip::tcp::socket socket) {
    if (context_.connections >= context_.options.max_connections) return;  // closes it
    beast::error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    const auto tls = tls_.with([](const auto& current) { return current; });
    if (!tls) return std::make_shared<Session<PlainStream>>(context_, std::move(socket))->run();
    // OpenSSL counts who uses the context: a session keeps the one that it began with.
    std::make_shared<Session<TlsStream>>(context_, std::move(socket), *tls)->run();
  }

  SessionContext context_;
  asio::io_context io_;
  Guarded<std::shared_ptr<asio::ssl::context>> tls_;  // null: plain HTTP
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  std::uint16_t port_ = 0;
  std::vector<std::jthread> threads_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
std::uint16_t Server::port() const { return impl_->port(); }

Status Server::replace_certificate(const std::string& certificate_pem, const std::string& key_pem) {
  try {
    impl_->use(certificate_pem, key_pem);
    return ok();
  } catch (const boost::system::system_error& error) {
    return Error{Code::kInvalid,
                 "the certificate or its key cannot be used: " + error.code().message()};
  }
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler) {
  const std::string place = options.address + ":" + std::to_string(options.port);
  try {
    auto impl = std::make_unique<Impl>(std::move(options), std::move(handler));
    impl->open();
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const boost::system::system_error& error) {
    const bool in_use = error.code() == asio::error::address_in_use;
    const bool bind = in_use || error.code() == asio::error::access_denied ||
                      error.code().value() == EADDRNOTAVAIL;
    return Error{bind ? Code::kUnavailable : Code::kInvalid,
                 "cannot listen on " + place + ": " + error.code().message() +
                     (in_use ? "; another process uses this port: choose another one" : "")};
  }
}

}  // namespace penstock::http
