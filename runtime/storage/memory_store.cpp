#include "runtime/storage/memory_store.h"

namespace penstock {

Status MemoryStore::put_if_absent(std::string_view name, std::string_view bytes) {
  const bool won = blobs_.with([&](auto& blobs) { return blobs.emplace(name, bytes).second; });
  if (won) return ok();
  return Error{Code::kAlreadyExists, "the name is taken: " + std::string(name)};
}

Result<std::string> MemoryStore::get(std::string_view name) {
  return blobs_.with([&](auto& blobs) -> Result<std::string> {
    const auto at = blobs.find(name);
    if (at == blobs.end()) return Error{Code::kNotFound, "no such blob: " + std::string(name)};
    return at->second;
  });
}

Result<std::string> MemoryStore::get_range(std::string_view name, std::uint64_t offset,
                                           std::uint64_t size) {
  TRY_ASSIGN(const std::string all, get(name));
  if (offset > all.size() || size > all.size() - offset)
    return Error{Code::kCorrupt, "the blob is shorter than expected: " + std::string(name)};
  return all.substr(offset, size);
}

Result<std::vector<std::string>> MemoryStore::list(std::string_view prefix) {
  return blobs_.with([&](auto& blobs) -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : blobs)
      if (std::string_view(name).starts_with(prefix)) names.push_back(name);
    return names;
  });
}

Status MemoryStore::remove(std::string_view name) {
  return blobs_.with([&](auto& blobs) -> Status {
    const auto at = blobs.find(name);
    if (at != blobs.end()) blobs.erase(at);
    return ok();
  });
}

}  // namespace penstock
