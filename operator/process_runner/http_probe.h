#pragma once

#include <optional>
#include <string>

#include "runtime/base/clock.h"

namespace penstock {

// One readiness probe in flight: GET http://ip:port/path, told by its status line alone. Never
// blocks: whoever owns it waits for `events` on `fd` with poll(2) and calls `step`. One thread.
class HttpProbe {
 public:
  HttpProbe(const std::string& ip, int port, const std::string& path, Duration deadline);
  ~HttpProbe();
  HttpProbe(const HttpProbe&) = delete;
  HttpProbe& operator=(const HttpProbe&) = delete;

  int fd() const { return fd_; }
  short events() const;  // POLLIN or POLLOUT
  Duration deadline() const { return deadline_; }
  // Goes on; true for a 2xx or 3xx answer, false for another one, an error or a passed deadline;
  // nothing while it is not decided.
  std::optional<bool> step(Duration now);

 private:
  bool send_rest();

  int fd_ = -1;
  std::string request_;
  std::string answer_;
  Duration deadline_;
};

}  // namespace penstock
