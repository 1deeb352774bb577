#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/storage/posix_file.h"

namespace penstock {

// A file line by line, from any line's start. Reads 1 MiB at once. One owner.
class LineReader {
 public:
  static constexpr std::size_t kLongestLine = 16u << 20;

  struct Position {
    std::uint64_t offset = 0;  // of the next line's first byte
    std::uint64_t line = 0;    // lines before it
  };

  // kNotFound when there is no such file; kInvalid when it is shorter than the position.
  static Result<LineReader> open(std::string path, Position start);

  // The next line without its end ("\n" or "\r\n"; the last line may lack it); nothing at the end
  // of the file. The view lives until the next call. kInvalid for a line above the limit.
  Result<std::optional<std::string_view>> next();
  // Exactly after the last line returned.
  const Position& position() const { return position_; }

 private:
  LineReader(std::string path, FileHandle file, Position start)
      : path_(std::move(path)), file_(std::move(file)), position_(start) {}
  Status read_more();

  std::string path_;
  FileHandle file_;
  Position position_;
  std::string buffer_;  // bytes of the file; those before `used_` have been returned
  std::size_t used_ = 0;
  std::size_t searched_ = 0;  // no line ends before this place of the buffer
  bool at_end_ = false;
};

}  // namespace penstock
