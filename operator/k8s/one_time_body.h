#pragma once

// Included only beside cpprestsdk's other headers.
#include <cpprest/streams.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace penstock::k8s {

// The body of a write, which can be read once. cpprestsdk sends a request again, unasked, when a
// pooled connection dies before the answer, but only if it can rewind the body: a write is never
// sent twice behind the back of whoever asked for it.
class OneTimeBody final : public concurrency::streams::details::streambuf_state_manager<uint8_t> {
 public:
  explicit OneTimeBody(std::string text)
      : streambuf_state_manager<uint8_t>(std::ios_base::in), text_(std::move(text)) {}

 protected:
  pplx::task<std::size_t> _getn(uint8_t* into, std::size_t size) override {
    return pplx::task_from_result(_sgetn(into, size));
  }
  std::size_t _sgetn(uint8_t* into, std::size_t size) {
    const std::size_t count = _scopy(into, size);
    at_ += count;
    return count;
  }
  std::size_t _scopy(uint8_t* into, std::size_t size) override {
    const std::size_t count = std::min(size, text_.size() - at_);
    std::memcpy(into, text_.data() + at_, count);
    return count;
  }
  int_type _sgetc() override {
    return at_ == text_.size() ? traits::eof() : static_cast<uint8_t>(text_[at_]);
  }
  int_type _sbumpc() override {
    const int_type byte = _sgetc();
    if (byte != traits::eof()) ++at_;
    return byte;
  }
  pplx::task<int_type> _bumpc() override { return pplx::task_from_result(_sbumpc()); }
  pplx::task<int_type> _getc() override { return pplx::task_from_result(_sgetc()); }
  pplx::task<int_type> _nextc() override {
    static_cast<void>(_sbumpc());
    return _getc();
  }
  pplx::task<int_type> _ungetc() override {
    return pplx::task_from_result(static_cast<int_type>(traits::eof()));
  }

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t in_avail() const override { return text_.size() - at_; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  pos_type getpos(std::ios_base::openmode) const override { return nowhere(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return nowhere(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return nowhere();
  }
  // It cannot be written to.
  pplx::task<int_type> _putc(uint8_t) override {
    return pplx::task_from_result(static_cast<int_type>(traits::eof()));
  }
  pplx::task<std::size_t> _putn(const uint8_t*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(false); }
  uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}
  bool acquire(uint8_t*&, std::size_t&) override { return false; }
  void release(uint8_t*, std::size_t) override {}

 private:
  static pos_type nowhere() { return static_cast<pos_type>(traits::eof()); }

  const std::string text_;
  std::size_t at_ = 0;
};

}  // namespace penstock::k8s
