#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/result.h"

namespace penstock {

// An open file descriptor; closes it at the end of its life. One owner.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int descriptor) : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileHandle();

  int get() const { return descriptor_; }
  bool open() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

// Why a call on `path` failed, and what to do: "write /x/y: no space left on device; free space or
// ...". kNotFound for ENOENT, kAlreadyExists for EEXIST, else kUnavailable.
Error file_error(std::string_view what, std::string_view path, int error_number);

Result<FileHandle> open_file(const std::string& path, int flags);
// Writes all of it.
Status write_all(const FileHandle& file, std::string_view bytes, const std::string& path);
// Fills at most `size` bytes from `offset`; fewer only at the end of the file.
Result<std::size_t> read_at(const FileHandle& file, char* into, std::size_t size,
                            std::uint64_t offset, const std::string& path);
Status sync_file(const FileHandle& file, const std::string& path);
// Makes names that were created, renamed or removed in the directory durable.
Status sync_directory(const std::string& path);
// Creates the directory and its parents where they are missing.
Status make_directories(const std::string& path);

// "/a/b" of "/a/b" and "file:///a/b"; kInvalid for relative paths and other schemes.
Result<std::string> local_path(std::string_view uri);

}  // namespace penstock
