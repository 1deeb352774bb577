#pragma once

// Internal to runtime/http: one connection. Includes Beast; only server.cpp may include it.

// clang-format off
#include <utility>  // Boost 1.74 asio needs it first
// clang-format on

#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <memory>
#include <optional>
#include <string>

#include "runtime/http/server.h"

namespace penstock::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// What all sessions of a server share; outlives them.
struct SessionContext {
  ServerOptions options;
  Handler handler;
  std::atomic<std::size_t> connections{0};
};

Request to_request(beast::http::request<beast::http::string_body> message);
beast::http::response<beast::http::string_body> to_message(Response response, unsigned version,
                                                           bool keep_alive);

// Lives as long as an operation of it is pending: each holds a shared_ptr. All its code runs on the
// connection's strand.
template <typename Stream>
class Session : public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <typename... Args>
  explicit Session(SessionContext& context, Args&&... args)
      : context_(context), stream_(std::forward<Args>(args)...), timer_(stream_.get_executor()) {
    ++context_.connections;
  }
  ~Session() { --context_.connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void run() {
    asio::dispatch(stream_.get_executor(),
                   beast::bind_front_handler(&Session::begin, this->shared_from_this()));
  }

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;
  using Message = beast::http::response<beast::http::string_body>;
  using HeadMessage = beast::http::response<beast::http::empty_body>;

  void begin() {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(context_.options.write_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](beast::error_code error) {
                                if (!error) self->read();
                              });
    } else {
      read();
    }
  }

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  void read() {
    parser_.emplace();
    parser_->body_limit(context_.options.body_limit);
    lowest().expires_after(context_.options.idle_timeout);
    beast::http::async_read(stream_, buffer_, *parser_,
                            [self = this->shared_from_this()](
                                beast::error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(beast::error_code error) {
    if (error == beast::http::error::body_limit) {
      return write(context_.options.too_large, false);
    }
    if (error == beast::http::error::end_of_stream) return close();
    if (error) return;  // the peer has gone, or was silent for too long
    const bool keep_alive = parser_->get().keep_alive();
    version_ = parser_->get().version();
    Reply reply = context_.handler(to_request(parser_->release()));
    if (auto* whole = std::get_if<Response>(&reply)) return write(std::move(*whole), keep_alive);
    write_head(std::move(std::get<StreamingResponse>(reply)));
  }

  void write(Response response, bool keep_alive) {
    message_.emplace(to_message(std::move(response), version_, keep_alive));
    lowest().expires_after(context_.options.write_timeout);
    beast::http::async_write(
        stream_, *message_,
        [self = this->shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
          if (error) return;
          if (!keep_alive) return self->close();
          self->read();
        });
  }

  void write_head(StreamingResponse response) {
    head_.emplace();
    head_->version(version_);
    head_->result(static_cast<unsigned>(response.status));
    for (const auto& [name, value] : response.headers) head_->insert(name, value);
    head_->chunked(true);
    head_->keep_alive(false);
    serializer_.emplace(*head_);
    source_ = response.open([weak = this->weak_from_this()] {
      if (auto self = weak.lock()) {
        asio::post(self->stream_.get_executor(), [self] { self->pump(); });
      }
    });
    writing_ = true;
    notice_close();
    lowest().expires_after(context_.options.write_timeout);
    beast::http::async_write_header(
        stream_, *serializer_,
        [self = this->shared_from_this()](beast::error_code error, std::size_t) {
          self->on_written(error);
        });
  }

  // While a body is streamed nothing is expected from the client, so a read ends when it goes.
  void notice_close() {
    lowest().expires_never();
    stream_.async_read_some(asio::buffer(&ignored_, 1), [self = this->shared_from_this()](
                                                            beast::error_code error, std::size_t) {
      if (error) return self->abort();
      self->notice_close_again();
    });
  }
  void notice_close_again() {
    if (source_) notice_close();
  }

  void on_written(beast::error_code error) {
    writing_ = false;
    if (error) return abort();
    pump();
  }

  void pump() {
    if (writing_ || !source_) return;
    timer_.cancel();
    Chunk chunk = source_->next();
    switch (chunk.state) {
      case Chunk::State::kData:
        return write_chunk(std::move(chunk.data));
      case Chunk::State::kWait:
        if (chunk.wake_after) wake_in(*chunk.wake_after);
        return;
      case Chunk::State::kEnd:
        return write_last_chunk();
    }
  }

  void wake_in(Duration duration) {
    timer_.expires_after(duration);
    timer_.async_wait([self = this->shared_from_this()](beast::error_code error) {
      if (!error) self->pump();
    });
  }

  void write_chunk(std::string data) {
    writing_ = true;
    chunk_ = std::move(data);
    lowest().expires_after(context_.options.write_timeout);
    asio::async_write(stream_, beast::http::make_chunk(asio::buffer(chunk_)),
                      [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                        self->on_written(error);
                      });
  }

  void write_last_chunk() {
    writing_ = true;
    source_.reset();
    lowest().expires_after(context_.options.write_timeout);
    asio::async_write(
        stream_, beast::http::make_chunk_last(),
        [self = this->shared_from_this()](beast::error_code, std::size_t) { self->close(); });
  }

  void abort() {
    source_.reset();
    timer_.cancel();
    lowest().close();
  }

  // Says goodbye properly, so that the client does not take the end for a broken connection.
  void close() {
    source_.reset();
    timer_.cancel();
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      lowest().expires_after(std::chrono::seconds(5));
      stream_.async_shutdown(
          [self = this->shared_from_this()](beast::error_code) { self->lowest().close(); });
    } else {
      beast::error_code ignored;
      lowest().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      lowest().close();
    }
  }

  SessionContext& context_;
  Stream stream_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Message> message_;
  std::optional<HeadMessage> head_;
  std::optional<beast::http::serializer<false, beast::http::empty_body>> serializer_;
  std::unique_ptr<BodySource> source_;
  std::string chunk_;
  unsigned version_ = 11;
  bool writing_ = false;
  char ignored_ = 0;
};

}  // namespace penstock::http
