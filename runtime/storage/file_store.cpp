#include "runtime/storage/file_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "runtime/storage/blob_name.h"
#include "runtime/storage/posix_file.h"

namespace penstock {
namespace {

namespace fs = std::filesystem;

// Removes what must not stay, where a failure to do so changes nothing for the caller.
void remove_quietly(const std::string& path) { ::unlink(path.c_str()); }

Status write_durably(const std::string& path, std::string_view bytes) {
  TRY_ASSIGN(const FileHandle file, open_file(path, O_WRONLY | O_CREAT | O_EXCL));
  TRY(write_all(file, bytes, path));
  return sync_file(file, path);
}

// Creates the directories of `path` below `root` and makes their names durable.
Status make_parents(const std::string& root, const std::string& parent) {
  std::error_code failed;
  if (fs::is_directory(parent, failed)) return ok();
  TRY(make_directories(parent));
  for (std::string at = parent; at.size() > root.size();) {
    at = fs::path(at).parent_path().string();
    TRY(sync_directory(at));
  }
  return ok();
}

std::string without_slash(const std::string& directory) {
  std::string root = fs::path(directory).lexically_normal().string();
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  return root;
}

}  // namespace

FileStore::FileStore(std::string directory) : directory_(std::move(directory)) {}

Result<std::unique_ptr<FileStore>> FileStore::open_existing(const std::string& directory) {
  const std::string root = without_slash(directory);
  TRY(open_file(root, O_RDONLY | O_DIRECTORY));
  return std::unique_ptr<FileStore>(new FileStore(root));
}

Result<std::unique_ptr<FileStore>> FileStore::open(const std::string& directory) {
  const std::string root = without_slash(directory);
  TRY(make_directories(root));
  std::unique_ptr<FileStore> store(new FileStore(root));
  const std::string probe = root + "/.probe-" + std::to_string(::getpid());
  remove_quietly(probe);
  const Status writable = write_durably(probe, "");
  remove_quietly(probe);
  if (!writable) return writable.error().within("the directory cannot be used");
  return store;
}

Status FileStore::put_if_absent(std::string_view name, std::string_view bytes) {
  TRY(check_blob_name(name));
  const fs::path path = fs::path(directory_) / name;
  const std::string parent = path.parent_path().string();
  TRY(make_parents(directory_, parent));
  const std::string temporary = parent + "/." + path.filename().string() + "." +
                                std::to_string(::getpid()) + "." +
                                std::to_string(temporaries_.fetch_add(1));
  remove_quietly(temporary);  // of a process of the same id that was killed
  if (const Status written = write_durably(temporary, bytes); !written) {
    remove_quietly(temporary);
    return written;
  }
  const int linked = ::link(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
  remove_quietly(temporary);
  if (linked == EEXIST) return Error{Code::kAlreadyExists, "the name is taken: " + path.string()};
  if (linked != 0) return file_error("cannot link", path.string(), linked);
  return sync_directory(parent);
}

Result<std::string> FileStore::get(std::string_view name) {
  TRY(check_blob_name(name));
  const std::string path = directory_ + "/" + std::string(name);
  TRY_ASSIGN(const FileHandle file, open_file(path, O_RDONLY));
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return file_error("cannot read", path, errno);
  if (S_ISDIR(facts.st_mode)) return file_error("cannot read", path, ENOENT);
  std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
  TRY_ASSIGN(const std::size_t size, read_at(file, bytes.data(), bytes.size(), 0, path));
  bytes.resize(size);
  return bytes;
}

Result<std::string> FileStore::get_range(std::string_view name, std::uint64_t offset,
                                         std::uint64_t size) {
  TRY(check_blob_name(name));
  const std::string path = directory_ + "/" + std::string(name);
  TRY_ASSIGN(const FileHandle file, open_file(path, O_RDONLY));
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return file_error("cannot read", path, errno);
  const auto total = static_cast<std::uint64_t>(facts.st_size);
  if (offset > total || size > total - offset)
    return Error{Code::kCorrupt, "the file is shorter than expected: " + path + " has " +
                                     std::to_string(total) + " bytes, wanted " +
                                     std::to_string(size) + " from " + std::to_string(offset)};
  std::string bytes(size, '\0');
  TRY_ASSIGN(const std::size_t got, read_at(file, bytes.data(), size, offset, path));
  if (got != size) return Error{Code::kUnavailable, "the file shrank while it was read: " + path};
  return bytes;
}

Result<std::vector<std::string>> FileStore::list(std::string_view prefix) {
  // Only the directory that the prefix names is walked.
  const std::size_t slash = prefix.rfind('/');
  const fs::path start = slash == std::string_view::npos
                             ? fs::path(directory_)
                             : fs::path(directory_) / prefix.substr(0, slash);
  std::vector<std::string> names;
  std::error_code failed;
  fs::recursive_directory_iterator at(start, failed);
  if (failed && failed.value() == ENOENT) return names;
  if (failed) return file_error("cannot list", start.string(), failed.value());
  while (at != fs::end(at)) {
    const std::string name = at->path().string().substr(directory_.size() + 1);
    const bool hidden = at->path().filename().string().starts_with('.');
    std::error_code unknown;
    const bool directory = at->is_directory(unknown);
    if (hidden && directory) at.disable_recursion_pending();
    if (!hidden && !directory && name.starts_with(prefix)) names.push_back(name);
    at.increment(failed);
    // A directory that vanished while it was walked holds nothing.
    if (failed && failed.value() != ENOENT)
      return file_error("cannot list", start.string(), failed.value());
  }
  std::ranges::sort(names);
  return names;
}

Status FileStore::remove(std::string_view name) {
  TRY(check_blob_name(name));
  const std::string path = directory_ + "/" + std::string(name);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return ok();
  return file_error("cannot remove", path, errno);
}

}  // namespace penstock
