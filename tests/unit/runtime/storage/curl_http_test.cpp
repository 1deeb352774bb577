#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "runtime/base/guarded.h"
#include "runtime/storage/posix_file.h"
#include "runtime/storage/s3_http.h"

namespace penstock::s3 {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// Answers each request on each connection, one connection at a time, with the same text; none when
// it is empty. Closes after an answer whose length is not what it says.
class RawServer {
 public:
  explicit RawServer(std::string answer, bool closes = false)
      : answer_(std::move(answer)), closes_(closes) {
    sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 8) != 0) return;
    ::getsockname(listener_.get(), any, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  std::string url(const std::string& path = "/b/x") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int connections() const { return connections_; }
  std::vector<std::string> requests() const {
    return requests_.with([](const auto& all) { return all; });
  }

 private:
  static bool readable(int socket, const std::stop_token& stop) {
    pollfd wait{.fd = socket, .events = POLLIN};
    while (!stop.stop_requested())
      if (::poll(&wait, 1, 20) > 0) return true;
    return false;
  }
  void run(const std::stop_token& stop) {
    while (readable(listener_.get(), stop)) {
      const FileHandle peer(::accept(listener_.get(), nullptr, nullptr));
      ++connections_;
      std::string text;
      char buffer[4096];
      while (readable(peer.get(), stop)) {
        const ssize_t got = ::recv(peer.get(), buffer, sizeof(buffer), 0);
        if (got <= 0) break;
        text.append(buffer, static_cast<std::size_t>(got));
        const bool begins_tls = text.front() == 22;
        if (text.find("\r\n\r\n") == std::string::npos && !begins_tls) continue;
        requests_.with([&](auto& all) { all.push_back(std::exchange(text, "")); });
        static_cast<void>(::send(peer.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL));
        if (closes_) break;
      }
    }
  }

  const std::string answer_;
  const bool closes_;
  FileHandle listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int port_ = 0;
  std::atomic<int> connections_{0};
  Guarded<std::vector<std::string>> requests_;
  std::jthread thread_;
};

std::unique_ptr<Http> http() {
  return make_curl_http({.access_key = "key", .secret_key = "s3cr3t", .session_token = "t0ken"}, "")
      .value();
}
Request request_to(const std::string& url) {
  return {.url = url, .region = "eu-west-1", .limit = std::chrono::seconds(20)};
}

TEST(CurlHttp, GivesTheWholeAnswer) {
  RawServer server("HTTP/1.1 418 Teapot\r\nX-Amz-Thing:  one \r\nContent-Length: 3\r\n\r\na\nb");
  const Answer answer = http()->send(request_to(server.url()), {}).value();
  EXPECT_EQ(answer.status, 418);
  EXPECT_EQ(answer.headers.at("x-amz-thing"), "one");
  EXPECT_EQ(answer.body, "a\nb");
}

TEST(CurlHttp, SignsTheHeadersAndTheTokenButSendsNoSecret) {
  RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  Request request = request_to(server.url());
  request.headers = {{"range", "bytes=0-1"}};
  ASSERT_TRUE(http()->send(request, {}));
  const std::string sent = server.requests().at(0);
  EXPECT_THAT(sent, HasSubstr("GET /b/x HTTP/1.1\r\n"));
  EXPECT_THAT(sent, HasSubstr("Authorization: AWS4-HMAC-SHA256 Credential=key/"));
  EXPECT_THAT(sent, HasSubstr("/eu-west-1/s3/aws4_request"));
  EXPECT_THAT(sent, HasSubstr("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date;"
                              "x-amz-security-token,"));
  // The digest of no bytes.
  EXPECT_THAT(sent, HasSubstr("x-amz-content-sha256: "
                              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  EXPECT_EQ(sent.find("s3cr3t"), std::string::npos);
}

TEST(CurlHttp, KeepsItsConnection) {
  RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const auto client = http();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client->send(request_to(server.url()), {}));
  EXPECT_THAT(server.requests(), SizeIs(3));
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlHttp, ABodyThatEndsTooEarlyIsNoAnswer) {
  RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true);
  const auto answer = http()->send(request_to(server.url()), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
}

TEST(CurlHttp, ASilentServerIsGivenUpInTime) {
  RawServer server("");
  Request request = request_to(server.url());
  request.limit = std::chrono::milliseconds(100);
  const auto answer = http()->send(request, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("no answer in time"));
}

TEST(CurlHttp, ASilentServerIsGivenUpWhenTheProcessEnds) {
  RawServer server("");
  std::stop_source stop;
  std::jthread ends([&] {
    SystemClock clock;
    while (server.requests().empty()) clock.sleep(std::chrono::milliseconds(5), {});
    stop.request_stop();
  });
  SystemClock clock;
  const Duration begun = clock.monotonic();
  const auto answer = http()->send(request_to(server.url()), stop.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kCancelled);
  EXPECT_LT(clock.monotonic() - begun, std::chrono::seconds(10));
}

TEST(CurlHttp, WhatIsNoTlsServerIsNoAnswer) {
  RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true);
  const auto answer = http()->send(request_to("https" + server.url().substr(4)), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace penstock::s3
