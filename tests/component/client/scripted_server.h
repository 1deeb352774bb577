#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace penstock {

// One connection of a client to a ScriptedServer. One thread, but for shut_down().
class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Head and body of the next request; empty when the client has gone.
  std::string read_request() {
    while (true) {
      if (const auto end = whole(); end > 0) {
        std::string request = buffer_.substr(0, end);
        buffer_.erase(0, end);
        return request;
      }
      char piece[4096];
      const auto size = recv(socket_, piece, sizeof(piece), 0);
      if (size <= 0) return {};
      buffer_.append(piece, static_cast<std::size_t>(size));
    }
  }

  void send_text(std::string_view text) {
    while (!text.empty()) {
      const auto size = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  void answer(int status, std::string_view body, std::string_view headers = {}) {
    send_text("HTTP/1.1 " + std::to_string(status) +
              " Scripted\r\nContent-Type: application/json\r\n" + std::string(headers) +
              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  void begin_stream() {
    send_text(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  }
  void chunk(std::string_view text) {
    char size[20];
    std::snprintf(size, sizeof(size), "%zx\r\n", text.size());
    send_text(size + std::string(text) + "\r\n");
  }
  void end_stream() { send_text("0\r\n\r\n"); }

  // Sends `text` again and again until the client has taken nothing for `patience`, or `most` bytes
  // have gone. Returns how many did.
  std::size_t flood(std::string_view text, std::size_t most, int patience_seconds) {
    const timeval patience{patience_seconds, 0};
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    std::size_t sent = 0;
    while (sent < most) {
      const auto size = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) break;
      sent += static_cast<std::size_t>(size);
    }
    return sent;
  }
  // No more from us; the client may still send.
  void half_close() { shutdown(socket_, SHUT_WR); }
  // What a router does that has forgotten the connection: RST.
  void reset() {
    const linger at_once{1, 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(socket_);
    socket_ = -1;
  }
  // Until the client closes.
  void stay_silent() {
    while (!read_request().empty()) {
    }
  }
  void shut_down() { shutdown(socket_, SHUT_RDWR); }

 private:
  // The size of the request at the start of the buffer; 0 when it is not whole.
  std::size_t whole() const {
    const auto head = buffer_.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    const auto length = buffer_.find("Content-Length:");
    const std::size_t body =
        length < head ? std::stoul(buffer_.substr(length + 15, buffer_.find('\r', length))) : 0;
    return buffer_.size() >= head + 4 + body ? head + 4 + body : 0;
  }

  int socket_;
  std::string buffer_;
};

// Does on the wire what no good server does. The n-th connection is served by the n-th script,
// later ones by the last; a script that returns closes its connection.
class ScriptedServer {
 public:
  using Script = std::function<void(Connection&)>;

  explicit ScriptedServer(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    acceptor_ = std::jthread([this] { run(); });
  }
  ~ScriptedServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    std::scoped_lock lock(mutex_);
    for (Connection* connection : open_) connection->shut_down();
  }

  const std::string& url() const { return url_; }
  int connections() const {
    std::scoped_lock lock(mutex_);
    return accepted_;
  }

 private:
  void run() {
    while (true) {
      const int accepted = accept(listener_, nullptr, nullptr);
      if (accepted < 0) return;
      std::scoped_lock lock(mutex_);
      const auto number = std::min(static_cast<std::size_t>(accepted_++), scripts_.size() - 1);
      servers_.emplace_back([this, accepted, number] { serve(accepted, number); });
    }
  }
  void serve(int accepted, std::size_t number) {
    Connection connection(accepted);
    {
      std::scoped_lock lock(mutex_);
      open_.push_back(&connection);
    }
    scripts_[number](connection);
    std::scoped_lock lock(mutex_);
    std::erase(open_, &connection);
  }

  const std::vector<Script> scripts_;
  int listener_ = -1;
  std::string url_;
  mutable std::mutex mutex_;
  int accepted_ = 0;
  std::vector<Connection*> open_;
  std::vector<std::jthread> servers_;
  std::jthread acceptor_;
};

}  // namespace penstock
