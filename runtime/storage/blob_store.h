#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace penstock {

// Named immutable blobs below one root: a directory, a bucket prefix. Names are relative, parts
// joined by '/'. Any thread.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // Durable when it returns; all of it or nothing is visible under `name`. Overwrites nothing:
  // kAlreadyExists when the name is taken. This is the one primitive that decides between
  // processes. kUnavailable may mean that it was written: read it.
  virtual Status put_if_absent(std::string_view name, std::string_view bytes) = 0;
  // Whether a failed put whose name cannot be found afterwards will never be seen; over a network
  // it may still arrive.
  virtual bool reading_settles() const { return false; }
  // kNotFound when there is none.
  virtual Result<std::string> get(std::string_view name) = 0;
  virtual Result<std::string> get_range(std::string_view name, std::uint64_t offset,
                                        std::uint64_t size) = 0;
  // Names that start with `prefix`, sorted. Never shows a put that has not returned and failed.
  virtual Result<std::vector<std::string>> list(std::string_view prefix) = 0;
  // Succeeds when there is none.
  virtual Status remove(std::string_view name) = 0;
  // Calls that wait for something far away give up (kCancelled), now and from now on: the process
  // or the attempt is at its end. Any thread.
  virtual void cancel() {}
  // Where it is, for messages: "file:///data/checkpoints".
  virtual std::string uri() const = 0;
};

// The store at a plain absolute path, file:// URI (makes the directory) or s3://bucket/prefix (as
// the environment says, see s3_config.h). kInvalid for other schemes, kUnavailable (with the place
// and the cause) when it cannot be written.
Result<std::unique_ptr<BlobStore>> open_blob_store(std::string_view uri);
// The same for reading what is there: makes and writes nothing; kNotFound when there is no such
// directory or nothing below the prefix.
Result<std::unique_ptr<BlobStore>> open_existing_blob_store(std::string_view uri);

}  // namespace penstock
