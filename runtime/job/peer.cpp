#include "runtime/job/peer.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace penstock {
namespace {

struct Endpoint {
  int family = AF_UNSPEC;
  sockaddr_storage address{};
  socklen_t size = 0;  // 0: the text is no address
};

Endpoint unix_endpoint(const std::string& path) {
  Endpoint endpoint{.family = AF_UNIX};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return endpoint;
  path.copy(address.sun_path, path.size());
  std::memcpy(&endpoint.address, &address, sizeof address);
  endpoint.size = sizeof address;
  return endpoint;
}

Endpoint parse(const std::string& text) {
  if (text.starts_with("unix:")) return unix_endpoint(text.substr(5));
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {};
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), text.c_str() + colon + 1, &hints, &found) != 0) return {};
  Endpoint endpoint{.family = found->ai_family, .size = found->ai_addrlen};
  std::memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  return endpoint;
}

bool nobody_listens(int error) { return error == ECONNREFUSED || error == ENOENT; }

class SocketPeer final : public Peer {
 public:
  explicit SocketPeer(const std::string& address) : endpoint_(parse(address)) {}
  ~SocketPeer() override { close(); }
  SocketPeer(const SocketPeer&) = delete;
  SocketPeer& operator=(const SocketPeer&) = delete;

  Presence look() override {
    if (endpoint_.size == 0) return Presence::kUnknown;
    // A connection that has ended is made anew at once: only a refusal tells.
    if (socket_ >= 0 && connected_) read();
    if (socket_ < 0) begin();
    if (socket_ >= 0 && !connected_) finish();
    return presence_;
  }

 private:
  void begin() {
    socket_ = ::socket(endpoint_.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return fail(errno);
    const auto* address = reinterpret_cast<const sockaddr*>(&endpoint_.address);
    if (::connect(socket_, address, endpoint_.size) == 0)
      succeed();
    else if (errno != EINPROGRESS)
      fail(errno);
  }
  // Whether the connection that is being made has been made.
  void finish() {
    pollfd events{.fd = socket_, .events = POLLOUT, .revents = 0};
    if (::poll(&events, 1, 0) <= 0) return;
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error == 0)
      succeed();
    else
      fail(error);
  }
  void read() {
    std::array<char, 512> bytes{};
    for (;;) {
      const ssize_t size = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (size > 0) continue;
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
      return close();
    }
  }
  void succeed() {
    connected_ = seen_ = true;
    presence_ = Presence::kThere;
  }
  void fail(int error) {
    close();
    presence_ = seen_ && nobody_listens(error) ? Presence::kGone : Presence::kUnknown;
  }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    connected_ = false;
  }

  const Endpoint endpoint_;
  int socket_ = -1;
  bool connected_ = false;
  bool seen_ = false;
  Presence presence_ = Presence::kUnknown;
};

}  // namespace

std::unique_ptr<Peer> connect_peer(const std::string& address) {
  return std::make_unique<SocketPeer>(address);
}

}  // namespace penstock
