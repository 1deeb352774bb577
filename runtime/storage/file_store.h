#pragma once

#include <atomic>
#include <memory>

#include "runtime/storage/blob_store.h"

namespace penstock {

// Blobs as files below a directory. A put writes a temporary ("." in front of its name), makes it
// durable, links it to its name (EEXIST: lost) and makes the directory durable. Any thread, any
// number of processes on one file system.
class FileStore final : public BlobStore {
 public:
  // Makes the directory; kUnavailable with the path and what to do when it cannot be written.
  static Result<std::unique_ptr<FileStore>> open(const std::string& directory);
  // Makes and writes nothing; kNotFound when there is no such directory.
  static Result<std::unique_ptr<FileStore>> open_existing(const std::string& directory);

  Status put_if_absent(std::string_view name, std::string_view bytes) override;
  Result<std::string> get(std::string_view name) override;
  Result<std::string> get_range(std::string_view name, std::uint64_t offset,
                                std::uint64_t size) override;
  Result<std::vector<std::string>> list(std::string_view prefix) override;
  Status remove(std::string_view name) override;
  bool reading_settles() const override { return true; }
  std::string uri() const override { return "file://" + directory_; }

 private:
  explicit FileStore(std::string directory);

  const std::string directory_;  // absolute, without a slash at the end
  std::atomic<std::uint64_t> temporaries_{0};
};

}  // namespace penstock
