#include "runtime/connectors/filesystem/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace penstock {
namespace {

constexpr std::size_t kReadBytes = 1u << 20;

}  // namespace

Result<LineReader> LineReader::open(std::string path, Position start) {
  TRY_ASSIGN(FileHandle file, open_file(path, O_RDONLY));
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return file_error("cannot read", path, errno);
  if (static_cast<std::uint64_t>(facts.st_size) < start.offset)
    return Error{Code::kInvalid, "the file has changed since it was read up to byte " +
                                     std::to_string(start.offset) + ": " + path + " has " +
                                     std::to_string(facts.st_size) + " bytes"};
  return LineReader(std::move(path), std::move(file), start);
}

Result<std::optional<std::string_view>> LineReader::next() {
  while (true) {
    const std::size_t left = buffer_.size() - searched_;
    const void* const found =
        left == 0 ? nullptr : std::memchr(buffer_.data() + searched_, '\n', left);
    const bool ends = found != nullptr;
    if (!ends) searched_ = buffer_.size();
    if (!ends && !at_end_) {
      TRY(read_more());
      continue;
    }
    if (!ends && used_ == buffer_.size()) return std::optional<std::string_view>{};
    const std::size_t end =
        ends ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data())
             : buffer_.size();
    std::string_view line(buffer_.data() + used_, end - used_);
    const std::size_t size = line.size() + (ends ? 1 : 0);
    used_ += size;
    searched_ = used_;
    position_.offset += size;
    ++position_.line;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return std::optional(line);
  }
}

Status LineReader::read_more() {
  buffer_.erase(0, used_);
  searched_ -= used_;
  used_ = 0;
  const std::size_t kept = buffer_.size();
  if (kept > kLongestLine)
    return Error{Code::kInvalid, "line " + std::to_string(position_.line + 1) + " of " + path_ +
                                     " is longer than " + std::to_string(kLongestLine >> 20) +
                                     " MiB; is this a file of lines?"};
  buffer_.resize(kept + kReadBytes);
  TRY_ASSIGN(const std::size_t got,
             read_at(file_, buffer_.data() + kept, kReadBytes, position_.offset + kept, path_));
  buffer_.resize(kept + got);
  at_end_ = got < kReadBytes;
  return ok();
}

}  // namespace penstock
