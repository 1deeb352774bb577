#include "operator/process_runner/http_probe.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace penstock {

HttpProbe::HttpProbe(const std::string& ip, int port, const std::string& path, Duration deadline)
    : request_("GET " + path + " HTTP/1.1\r\nHost: " + ip + ":" + std::to_string(port) +
               "\r\nUser-Agent: kube-probe/1.32\r\nAccept: */*\r\nConnection: close\r\n\r\n"),
      deadline_(deadline) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) return;
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return;
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EINPROGRESS)
    return;
  close(fd_);
  fd_ = -1;
}

HttpProbe::~HttpProbe() {
  if (fd_ >= 0) close(fd_);
}

short HttpProbe::events() const { return request_.empty() ? POLLIN : POLLOUT; }

bool HttpProbe::send_rest() {
  while (!request_.empty()) {
    const ssize_t sent = send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
    request_.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<bool> HttpProbe::step(Duration now) {
  if (fd_ < 0 || now >= deadline_ || !send_rest()) return false;
  if (!request_.empty()) return std::nullopt;
  char buffer[512];
  const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? std::nullopt : std::optional(false);
  answer_.append(buffer, static_cast<std::size_t>(got));
  // "HTTP/1.1 200 ..."
  if (answer_.size() < 12) return got == 0 ? std::optional(false) : std::nullopt;
  const int status = std::atoi(answer_.c_str() + 9);
  return answer_.starts_with("HTTP/1.") && status >= 200 && status < 400;
}

}  // namespace penstock
