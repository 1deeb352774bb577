#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "runtime/base/gate.h"
#include "runtime/base/guarded.h"
#include "runtime/checkpoint/records.h"
#include "runtime/state/state_unit.h"
#include "runtime/storage/blob_store.h"

namespace penstock {

// One upload's outcome.
struct Uploaded {
  CheckpointId checkpoint{};
  std::vector<StateBlock> blocks;
  std::map<std::string, std::uint64_t> file_sizes;  // of the files written
  std::uint64_t bytes = 0;
  std::optional<Error> error{};
};

// Encodes frozen state and writes it to the store, in the background, in the order of submission.
// Owned by an attempt; a subtask's end does not disturb it.
class Uploader {
 public:
  struct Config {
    BlobStore& store;
    std::string log_id;
    RecordNumber epoch{};
    std::function<void(Uploaded)> done;  // called from the uploader's thread
  };
  explicit Uploader(Config config);

  struct WriteUnits {
    CheckpointId checkpoint{};
    std::string operator_name;
    std::uint32_t subtask = 0;
    std::vector<FrozenUnit> units;
  };
  // Copies blocks of older files into new ones, as they are.
  struct CopyBlocks {
    CheckpointId checkpoint{};
    std::vector<StateBlock> blocks;
  };
  using Task = std::variant<WriteUnits, CopyBlocks>;
  void submit(Task task);

 private:
  class Pack;
  void run(const std::stop_token& stop);
  Uploaded perform(WriteUnits& task);
  Uploaded perform(CopyBlocks& task);

  const Config config_;
  std::uint64_t counter_ = 0;
  Gate gate_;
  Guarded<std::deque<Task>> tasks_;
  std::jthread thread_;
};

}  // namespace penstock
