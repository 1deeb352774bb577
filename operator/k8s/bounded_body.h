#pragma once

// Included only beside cpprestsdk's other headers.
#include <cpprest/streams.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace penstock::k8s {

// Where cpprestsdk puts a response's body while one of our threads takes it out. Holds at most
// about `capacity` bytes: the task of a put completes only when there is room, and until then the
// next chunk is not read from the socket, so that the server feels how fast we are.
class BoundedBody final : public concurrency::streams::details::streambuf_state_manager<uint8_t> {
 public:
  explicit BoundedBody(std::size_t capacity)
      : streambuf_state_manager<uint8_t>(std::ios_base::out), capacity_(capacity) {}

  // The next piece; nothing when the body has ended and everything was taken.
  std::optional<std::string> take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return !pieces_.empty() || ended_; });
    if (pieces_.empty()) return std::nullopt;
    std::string piece = std::move(pieces_.front());
    pieces_.pop_front();
    bytes_ -= piece.size();
    std::optional<Waiting> waiting;
    if (bytes_ < capacity_) waiting = std::exchange(waiting_, std::nullopt);
    lock.unlock();
    if (waiting) waiting->done.set(waiting->size);
    return piece;
  }

  // Nothing more will come. cpprestsdk sends no end of its own when a request is cancelled.
  void finish() {
    {
      std::scoped_lock lock(mutex_);
      ended_ = true;
    }
    arrived_.notify_all();
  }

  // Nobody will take any more: what comes is dropped and no put waits.
  void abandon() {
    std::optional<Waiting> waiting;
    {
      std::scoped_lock lock(mutex_);
      abandoned_ = true;
      pieces_.clear();
      waiting = std::exchange(waiting_, std::nullopt);
    }
    if (waiting) waiting->done.set(waiting->size);
  }

 protected:
  pplx::task<std::size_t> _putn(const uint8_t* data, std::size_t size) override {
    std::unique_lock lock(mutex_);
    if (abandoned_) return pplx::task_from_result(size);
    pieces_.emplace_back(reinterpret_cast<const char*>(data), size);
    bytes_ += size;
    arrived_.notify_one();
    if (bytes_ < capacity_) return pplx::task_from_result(size);
    waiting_ = Waiting{{}, size};
    return pplx::create_task(waiting_->done);
  }
  pplx::task<int_type> _putc(uint8_t byte) override {
    return _putn(&byte, 1).then([byte](std::size_t) { return static_cast<int_type>(byte); });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }

  // It can neither seek nor be read through this interface.
  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return nowhere(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return nowhere(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return nowhere();
  }
  uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}
  bool acquire(uint8_t*&, std::size_t&) override { return false; }
  void release(uint8_t*, std::size_t) override {}
  pplx::task<std::size_t> _getn(uint8_t*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  std::size_t _scopy(uint8_t*, std::size_t) override { return 0; }
  pplx::task<int_type> _bumpc() override { return no_byte(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return no_byte(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return no_byte(); }
  pplx::task<int_type> _ungetc() override { return no_byte(); }

 private:
  struct Waiting {
    pplx::task_completion_event<std::size_t> done;
    std::size_t size = 0;
  };

  static pos_type nowhere() { return static_cast<pos_type>(traits::eof()); }
  static pplx::task<int_type> no_byte() {
    return pplx::task_from_result(static_cast<int_type>(traits::eof()));
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::string> pieces_;
  std::size_t bytes_ = 0;
  std::optional<Waiting> waiting_;
  bool ended_ = false;
  bool abandoned_ = false;
};

}  // namespace penstock::k8s
