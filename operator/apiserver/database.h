#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace penstock::apiserver {

struct StoredRow {
  std::string kind, name_space, name, json;
};

// The SQLite file behind Store. One owner; not for several threads at once.
class Database {
 public:
  static Result<Database> open(const std::string& path);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  Result<std::vector<StoredRow>> load();
  Result<std::uint64_t> revision();
  // Writes or deletes one row together with the revision that this makes.
  Status write(const StoredRow& row, bool deleted, std::uint64_t revision);

 private:
  struct Handles;
  explicit Database(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

}  // namespace penstock::apiserver
