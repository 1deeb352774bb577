#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/guarded.h"
#include "runtime/exec/factories.h"
#include "runtime/job/start.h"
#include "runtime/storage/memory_store.h"

namespace penstock::test {

// Rows of every table "of numbers": split s of S delivers g = s, s + S, s + 2S, ...; k = g * 7919 %
// keys, id = g, ts = 100 ms * g.
struct Numbers {
  std::uint64_t splits = 6;
  std::uint64_t rows_per_split = 400;
  std::uint64_t keys = 97;
  std::uint64_t rows() const { return splits * rows_per_split; }
};

// What the doubles of one test share. Any thread.
struct World {
  Numbers numbers;
  std::atomic<std::uint64_t> released{0};  // rows per split that may be read
  std::atomic<std::int64_t> fail_at{-1};   // the reader that delivers this row fails, once
  std::atomic<int> writers_opened{0};
  std::atomic<bool> commits_fail{false};
  Guarded<std::vector<std::string>> committed;  // rows, as "table|a|b|c"
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();

  struct Outputs {
    std::map<std::string, std::vector<std::string>> prepared;  // by committable
    std::set<std::string> done;
    std::uint64_t counter = 0;
  };
  Guarded<Outputs> outputs;

  std::vector<std::string> sorted_rows();
};

// Sources of numbers, sinks into `world`, real operators. `world` outlives the job.
Factories factories_of(World& world);
// `world.store` under any URI.
OpenStore store_of(World& world);

}  // namespace penstock::test
