#pragma once

#include <functional>
#include <map>
#include <string>

#include "runtime/base/guarded.h"
#include "runtime/storage/blob_store.h"

namespace penstock {

// Blobs in memory, for tests and for jobs that need none to last. Any thread.
class MemoryStore final : public BlobStore {
 public:
  Status put_if_absent(std::string_view name, std::string_view bytes) override;
  Result<std::string> get(std::string_view name) override;
  Result<std::string> get_range(std::string_view name, std::uint64_t offset,
                                std::uint64_t size) override;
  Result<std::vector<std::string>> list(std::string_view prefix) override;
  Status remove(std::string_view name) override;
  std::string uri() const override { return "memory://"; }

 private:
  Guarded<std::map<std::string, std::string, std::less<>>> blobs_;
};

}  // namespace penstock
