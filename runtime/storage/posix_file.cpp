#include "runtime/storage/posix_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace penstock {
namespace {

std::string_view advice(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "; free space there or choose another directory";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; let this user write there or choose another directory";
    case ENOTDIR:
      return "; a part of this path is a file, choose a directory";
    case EISDIR:
      return "; this is a directory, choose a file";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (ulimit -n)";
    default:
      return "";
  }
}

}  // namespace

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Error file_error(std::string_view what, std::string_view path, int error_number) {
  const Code code = error_number == ENOENT   ? Code::kNotFound
                    : error_number == EEXIST ? Code::kAlreadyExists
                                             : Code::kUnavailable;
  std::string message(what);
  message.append(" ").append(path).append(": ");
  message += std::generic_category().message(error_number);
  message += advice(error_number);
  return {code, std::move(message)};
}

Result<FileHandle> open_file(const std::string& path, int flags) {
  int descriptor = -1;
  do descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return file_error("cannot open", path, errno);
  return FileHandle(descriptor);
}

Status write_all(const FileHandle& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("cannot write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return ok();
}

Result<std::size_t> read_at(const FileHandle& file, char* into, std::size_t size,
                            std::uint64_t offset, const std::string& path) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(file.get(), into + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("cannot read", path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status sync_file(const FileHandle& file, const std::string& path) {
  if (::fsync(file.get()) != 0) return file_error("cannot make durable", path, errno);
  return ok();
}

Status sync_directory(const std::string& path) {
  TRY_ASSIGN(const FileHandle directory, open_file(path, O_RDONLY | O_DIRECTORY));
  return sync_file(directory, path);
}

Status make_directories(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed) return file_error("cannot create the directory", path, failed.value());
  if (!std::filesystem::is_directory(path, failed))
    return file_error("cannot create the directory", path, ENOTDIR);
  return ok();
}

Result<std::string> local_path(std::string_view uri) {
  std::string_view path = uri;
  if (path.starts_with("file://")) path.remove_prefix(7);
  const bool has_scheme = path.size() == uri.size() && uri.find("://") != std::string_view::npos;
  if (has_scheme)
    return Error{Code::kInvalid,
                 "NotImplemented: only paths and file:// URIs can be used: " + std::string(uri)};
  if (!path.starts_with('/'))
    return Error{Code::kInvalid,
                 "expected an absolute path or a file:// URI: \"" + std::string(uri) + "\""};
  return std::filesystem::path(path).lexically_normal().string();
}

}  // namespace penstock
