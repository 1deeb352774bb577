#include "runtime/job/peer.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <utility>

#include "runtime/base/clock.h"
#include "tests/support/temporary_directory.h"

namespace penstock {
namespace {

using Presence = Peer::Presence;

// Listens, accepts nothing: as a process that has been stopped.
class Listener {
 public:
  explicit Listener(std::uint16_t port = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_, 4), 0);
    socklen_t size = sizeof address;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { close(); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

// Looks until it says so.
void expect_presence(Peer& peer, Presence presence) {
  SystemClock clock;
  while (peer.look() != presence) clock.sleep(std::chrono::milliseconds(1), {});
}

TEST(Peer, IsThereWhileSomebodyListensAndGoneAtItsEnd) {
  Listener listener;
  const auto peer = connect_peer(listener.address());
  expect_presence(*peer, Presence::kThere);
  EXPECT_EQ(peer->look(), Presence::kThere);
  listener.close();
  expect_presence(*peer, Presence::kGone);
  EXPECT_EQ(peer->look(), Presence::kGone);
}

TEST(Peer, MayComeBack) {
  Listener listener;
  const auto peer = connect_peer(listener.address());
  expect_presence(*peer, Presence::kThere);
  listener.close();
  expect_presence(*peer, Presence::kGone);
  const Listener again(listener.port());
  expect_presence(*peer, Presence::kThere);
}

TEST(Peer, ThatWasNeverSeenIsUnknownNotGone) {
  Listener listener;
  const std::string address = listener.address();
  listener.close();
  const auto peer = connect_peer(address);
  for (int look = 0; look < 20; ++look) EXPECT_EQ(peer->look(), Presence::kUnknown);
}

TEST(Peer, AtAUnixSocketIsSeenToo) {
  const TemporaryDirectory folder;
  const std::string path = folder.path() + "/socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(socket, 4), 0);
  const auto peer = connect_peer("unix:" + path);
  EXPECT_EQ(peer->look(), Presence::kThere);
  ::close(socket);
  expect_presence(*peer, Presence::kGone);
}

TEST(Peer, AtWhatIsNoAddressIsUnknown) {
  for (const char* text : {"", "nowhere", "127.0.0.1", "127.0.0.1:x"})
    EXPECT_EQ(connect_peer(text)->look(), Presence::kUnknown) << text;
}

}  // namespace
}  // namespace penstock
