#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/checkpoint/log.h"
#include "runtime/state/unit_rows.h"
#include "runtime/storage/blob_store.h"

namespace penstock {

// The published checkpoints of one directory, open for reading.
struct Snapshots {
  std::unique_ptr<BlobStore> store;
  LogContents log;
  std::optional<RecordNumber> chosen;  // by "#00000042"
};
Result<Snapshots> open_snapshots(std::string_view uri);

// The chosen publication, else the newest; kNotFound when there is none.
Result<const PublicationRecord*> chosen_publication(const Snapshots& snapshots);

std::uint64_t state_bytes(const PublicationRecord& publication);

// Reads and checks every block. What is damaged, one line each; empty: all of it is sound.
std::vector<std::string> damage_of(BlobStore& store, const PublicationRecord& publication);

using UseBlock = std::function<Status(const StateBlock&, const UnitRows&)>;
// Stops at the first block that cannot be read, or that `use` refuses.
Status for_each_block(BlobStore& store, const PublicationRecord& publication, const UseBlock& use);

}  // namespace penstock
