#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace penstock::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // "GET"
  std::string target;  // path and query as sent, still percent-encoded
  Headers headers;
  std::string body;

  // The first value of `name` (compared without case); empty when absent.
  std::string_view header(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// What a streamed body has to offer now.
struct Chunk {
  enum class State { kData, kWait, kEnd };
  State state = State::kEnd;
  std::string data;                    // kData: not empty
  std::optional<Duration> wake_after;  // kWait: ask again then, even if nobody wakes the stream

  static Chunk of(std::string text) { return {State::kData, std::move(text), std::nullopt}; }
  static Chunk wait(std::optional<Duration> at_most = std::nullopt) {
    return {State::kWait, {}, at_most};
  }
  static Chunk end() { return {}; }
};

// Produces a streamed body. Pulled: the server asks for the next chunk when the last one has been
// written, so that a slow client holds back its own stream and nothing else. Asked by one thread at
// a time; destroyed as soon as the client has gone.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual Chunk next() = 0;
};

// Tells the server to ask a waiting source again. Any thread; harmless once the stream has ended.
using Waker = std::function<void()>;

// Sent in chunks; the connection is closed behind it.
struct StreamingResponse {
  int status = 200;
  Headers headers;
  std::function<std::unique_ptr<BodySource>(Waker)> open;
};

using Reply = std::variant<Response, StreamingResponse>;
// Runs on a server thread, several at a time; must neither block for long nor throw.
using Handler = std::function<Reply(const Request&)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;       // 0 takes a free one
  std::string certificate_pem;  // with chain; empty serves plain HTTP
  std::string key_pem;
  int threads = 1;
  std::size_t body_limit = 3 * 1024 * 1024;  // above: `too_large`
  Response too_large{413, {{"Content-Type", "text/plain"}}, "request body too large\n"};
  std::size_t max_connections = 1000;                 // above: closed at once
  Duration idle_timeout = std::chrono::seconds(90);   // for the next request to arrive whole
  Duration write_timeout = std::chrono::seconds(60);  // for one write to be taken
};

// An HTTP/1.1 server. Listens from start() until it is destroyed; destroying it closes every
// connection and waits for running handlers.
class Server {
 public:
  // kUnavailable when the address cannot be bound, kInvalid for a bad address or certificate.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  // Connections from here on are served with this certificate; those that are open go on. Any
  // thread; for a server that was started with one. kInvalid, and the old one stays, when the two
  // do not belong together or are no PEM.
  Status replace_certificate(const std::string& certificate_pem, const std::string& key_pem);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::http
