#include "runtime/http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>

#include "runtime/base/guarded.h"
#include "runtime/http/certificates.h"

namespace penstock::http {
namespace {

// A blocking client socket: writes text, reads until the peer closes or `until` has been seen.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval limit{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  int socket() const { return socket_; }
  void send(const std::string& text) { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  std::string read(const std::string& until = "") {
    std::string all;
    char buffer[4096];
    while (until.empty() || all.find(until) == std::string::npos) {
      const ssize_t n = ::recv(socket_, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      all.append(buffer, static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  int socket_;
  bool connected_ = false;
};

std::unique_ptr<Server> start(Handler handler, ServerOptions options = {}) {
  auto server = Server::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(server).value();
}

Reply echo(const Request& request) {
  return Response{200,
                  {{"Content-Type", "text/plain"}},
                  request.method + " " + request.target + " " + request.body};
}

TEST(Server, AnswersSeveralRequestsOnOneConnection) {
  const auto server = start(echo);
  Client client(server->port());
  client.send("GET /a?b=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(client.read("GET /a?b=1 ").find("HTTP/1.1 200 OK"), std::string::npos);
  client.send("POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz");
  EXPECT_NE(client.read("POST /c xyz").find("HTTP/1.1 200 OK"), std::string::npos);
}

TEST(Server, BodyAboveTheLimitIs413) {
  const auto server = start(echo, {.body_limit = 10});
  Client client(server->port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n12345678901");
  EXPECT_NE(client.read().find("413"), std::string::npos);
}

TEST(Server, SilentConnectionIsClosedAfterTheIdleTimeout) {
  const auto server = start(echo, {.idle_timeout = std::chrono::milliseconds(50)});
  Client client(server->port());
  EXPECT_EQ(client.read(), "");
}

TEST(Server, PortInUseIsUnavailableAndNamesThePort) {
  const auto server = start(echo);
  const auto second = Server::start({.port = server->port()}, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kUnavailable);
  EXPECT_NE(second.error().message.find(std::to_string(server->port())), std::string::npos);
}

TEST(Server, HeaderNamesCompareWithoutCase) {
  const auto server = start([](const Request& request) -> Reply {
    return Response{200, {}, "<" + std::string(request.header("x-one")) + ">"};
  });
  Client client(server->port());
  client.send("GET / HTTP/1.1\r\nX-One: 1\r\n\r\n");
  EXPECT_NE(client.read("<1>").find("<1>"), std::string::npos);
}

// Offers what a test puts in; waits otherwise.
struct Feed {
  struct State {
    std::vector<Chunk> chunks;
    Waker waker;
  };
  Guarded<State> state;
  std::promise<void> destroyed;

  void put(Chunk chunk) {
    const Waker waker = state.with([&](State& s) {
      s.chunks.push_back(std::move(chunk));
      return s.waker;
    });
    if (waker) waker();
  }
};

class FeedSource final : public BodySource {
 public:
  explicit FeedSource(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}
  ~FeedSource() override { feed_->destroyed.set_value(); }
  Chunk next() override {
    return feed_->state.with([](Feed::State& s) {
      if (s.chunks.empty()) return Chunk::wait();
      Chunk chunk = s.chunks.front();
      s.chunks.erase(s.chunks.begin());
      return chunk;
    });
  }

 private:
  std::shared_ptr<Feed> feed_;
};

Handler streaming(std::shared_ptr<Feed> feed) {
  return [feed](const Request&) -> Reply {
    return StreamingResponse{
        200, {}, [feed](Waker waker) {
          feed->state.with([&](Feed::State& s) { s.waker = std::move(waker); });
          return std::make_unique<FeedSource>(feed);
        }};
  };
}

TEST(Server, StreamsChunksAsTheyComeAndCloses) {
  const auto feed = std::make_shared<Feed>();
  const auto server = start(streaming(feed));
  Client client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  feed->put(Chunk::of("first"));
  EXPECT_NE(client.read("first").find("Transfer-Encoding: chunked"), std::string::npos);
  feed->put(Chunk::of("second"));
  EXPECT_NE(client.read("second").find("6\r\nsecond"), std::string::npos);
  feed->put(Chunk::end());
  EXPECT_NE(client.read().find("0\r\n\r\n"), std::string::npos);
}

TEST(Server, SourceIsDestroyedWhenTheClientGoes) {
  const auto feed = std::make_shared<Feed>();
  const auto server = start(streaming(feed));
  Client client(server->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  feed->put(Chunk::of("first"));
  client.read("first");
  client.close();
  EXPECT_EQ(feed->destroyed.get_future().wait_for(std::chrono::seconds(20)),
            std::future_status::ready);
}

// Never runs dry; counts what the server took.
class Endless final : public BodySource {
 public:
  explicit Endless(std::shared_ptr<std::atomic<int>> taken) : taken_(std::move(taken)) {}
  Chunk next() override {
    ++*taken_;
    return Chunk::of(std::string(1 << 20, 'x'));
  }

 private:
  std::shared_ptr<std::atomic<int>> taken_;
};

TEST(Server, SlowClientHoldsBackItsStream) {
  const auto taken = std::make_shared<std::atomic<int>>(0);
  const auto server = start([&](const Request& request) -> Reply {
    if (request.target == "/count") return Response{200, {}, "n=" + std::to_string(*taken) + ";"};
    return StreamingResponse{
        200, {}, [&](const Waker&) { return std::make_unique<Endless>(taken); }};
  });
  Client slow(server->port());
  slow.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  slow.read("\r\n\r\n");
  // The same single server thread answers a hundred other requests meanwhile.
  Client other(server->port());
  for (int i = 0; i < 100; ++i) {
    other.send("GET /count HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_NE(other.read(";").find("n="), std::string::npos);
  }
  EXPECT_LT(*taken, 64);  // MiB: socket buffers, nothing more
}

// A TLS connection whose certificate `ca_pem` vouches for, or none.
class TlsClient {
 public:
  TlsClient(std::uint16_t port, const std::string& ca_pem)
      : client_(port), context_(SSL_CTX_new(TLS_client_method())) {
    BIO* memory = BIO_new_mem_buf(ca_pem.data(), static_cast<int>(ca_pem.size()));
    X509* ca = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), ca);
    X509_free(ca);
    BIO_free(memory);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, client_.socket());
    trusts_ = SSL_connect(tls_) == 1;
  }
  ~TlsClient() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool trusts() const { return trusts_; }
  std::string get(const std::string& target) {
    const std::string request = "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
    SSL_write(tls_, request.data(), static_cast<int>(request.size()));
    std::string all;
    char buffer[1024];
    for (int n = 0; all.find("GET " + target) == std::string::npos &&
                    (n = SSL_read(tls_, buffer, sizeof buffer)) > 0;)
      all.append(buffer, static_cast<std::size_t>(n));
    return all;
  }

 private:
  Client client_;
  SSL_CTX* context_;
  SSL* tls_ = nullptr;
  bool trusts_ = false;
};

TEST(Server, ServesTlsWithItsCertificate) {
  const auto made = make_server_certificate({"localhost"}, SystemClock().now());
  ASSERT_TRUE(made) << made.error().message;
  const auto server =
      start(echo, {.certificate_pem = made->certificate_pem, .key_pem = made->key_pem});
  EXPECT_NE(TlsClient(server->port(), made->ca_pem).get("/tls").find("GET /tls"),
            std::string::npos);
}

TEST(Server, ReplacesItsCertificateWhileConnectionsStayOpen) {
  const Millis now = SystemClock().now();
  const auto first = make_server_certificate({"localhost"}, now).value();
  const auto second = make_server_certificate({"localhost"}, now).value();
  const auto server =
      start(echo, {.certificate_pem = first.certificate_pem, .key_pem = first.key_pem});
  TlsClient before(server->port(), first.ca_pem);
  ASSERT_TRUE(before.trusts());
  EXPECT_NE(before.get("/one").find("200 OK"), std::string::npos);

  ASSERT_TRUE(server->replace_certificate(second.certificate_pem, second.key_pem));
  EXPECT_TRUE(TlsClient(server->port(), second.ca_pem).trusts());
  EXPECT_FALSE(TlsClient(server->port(), first.ca_pem).trusts());
  EXPECT_NE(before.get("/two").find("200 OK"), std::string::npos);

  EXPECT_FALSE(server->replace_certificate(first.certificate_pem, second.key_pem));
  EXPECT_TRUE(TlsClient(server->port(), second.ca_pem).trusts()) << "the old one stays";
}

TEST(Server, HoldsHundredsOfConnections) {
  const auto server = start(echo);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<Client>(server->port()));
    ASSERT_TRUE(clients.back()->connected());
  }
  for (const auto& client : clients) client->send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const auto& client : clients)
    ASSERT_NE(client->read("GET /x").find("200"), std::string::npos);
}

}  // namespace
}  // namespace penstock::http
