#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "operator/k8s/memory_api.h"
#include "runtime/http/server.h"

namespace penstock::k8s {

// Lines of one watch of a MemoryApi as a streamed body.
class WatchBody final : public http::BodySource {
 public:
  WatchBody(MemoryApi& api, Request request, http::Waker wake)
      : wake_(std::move(wake)),
        thread_([this, &api, request = std::move(request)](const std::stop_token& stop) {
          run(api, request, stop);
        }) {}

  http::Chunk next() override {
    std::scoped_lock lock(mutex_);
    if (!lines_.empty()) {
      http::Chunk chunk = http::Chunk::of(std::move(lines_.front()));
      lines_.pop_front();
      return chunk;
    }
    return ended_ ? http::Chunk::end() : http::Chunk::wait();
  }

 private:
  void run(MemoryApi& api, const Request& request, const std::stop_token& stop) {
    const auto on_line = [&](std::string_view line) -> Status {
      {
        std::scoped_lock lock(mutex_);
        lines_.push_back(std::string(line) + "\n");
      }
      wake_();
      return ok();
    };
    static_cast<void>(api.watch(request, on_line, stop));
    {
      std::scoped_lock lock(mutex_);
      ended_ = true;
    }
    wake_();
  }

  const http::Waker wake_;
  std::mutex mutex_;
  std::deque<std::string> lines_;
  bool ended_ = false;
  std::jthread thread_;
};

// A MemoryApi behind a real HTTP server on loopback. `token`: what requests must carry.
class LoopbackApi {
 public:
  LoopbackApi(MemoryApi& api, std::string token, http::ServerOptions options = {})
      : api_(api), token_(std::move(token)) {
    server_ = std::move(http::Server::start(std::move(options), [this](const http::Request& r) {
                return answer(r);
              })).value();
  }

  std::string authority() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  void replace_certificate(const std::string& certificate_pem, const std::string& key_pem) {
    static_cast<void>(server_->replace_certificate(certificate_pem, key_pem));
  }
  void set_token(std::string token) {
    std::scoped_lock lock(mutex_);
    token_ = std::move(token);
  }

 private:
  http::Reply answer(const http::Request& in) {
    {
      std::scoped_lock lock(mutex_);
      if (!token_.empty() && in.header("authorization") != "Bearer " + token_) {
        return http::Response{401, {}, R"({"kind":"Status","code":401,"message":"who are you"})"};
      }
    }
    Request request{in.method, in.target, in.body, {}};
    if (!MemoryApi::is_watch(request)) {
      const Response response = api_.handle(request);
      return http::Response{response.status, {{"Content-Type", "application/json"}}, response.body};
    }
    // A watch that is refused is answered at once; a stop that is already requested ends the
    // others.
    std::stop_source stopped;
    stopped.request_stop();
    const auto probe =
        api_.watch(request, [](std::string_view) { return ok(); }, stopped.get_token());
    if (probe && probe->status != 200) return http::Response{probe->status, {}, probe->body};
    return http::StreamingResponse{
        200, {{"Content-Type", "application/json"}}, [this, request](http::Waker wake) {
          return std::make_unique<WatchBody>(api_, request, std::move(wake));
        }};
  }

  MemoryApi& api_;
  std::mutex mutex_;
  std::string token_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace penstock::k8s
