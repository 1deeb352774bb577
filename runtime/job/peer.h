#pragma once

#include <functional>
#include <memory>
#include <string>

namespace penstock {

// Whether another process lives, as told by the socket on which it listens. One thread.
class Peer {
 public:
  enum class Presence {
    kUnknown,  // never seen, or not reachable: a network may be between
    kThere,    // the socket answers; the process may still be stopped
    kGone,     // it was there, and now its machine says that nobody listens
  };
  virtual ~Peer() = default;
  // Does not wait.
  virtual Presence look() = 0;
};

using OpenPeer = std::function<std::unique_ptr<Peer>(const std::string& address)>;

// Holds a connection to "10.1.2.3:7000", "[::1]:7000" or "unix:/path": the end of a process closes
// it at once. Says nothing on it.
std::unique_ptr<Peer> connect_peer(const std::string& address);

}  // namespace penstock
