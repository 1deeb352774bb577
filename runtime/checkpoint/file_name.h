#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/ids.h"

namespace penstock {

// Who wrote a file of a checkpoint, as its name says: "<log
// id>-<epoch>-<checkpoint>-<operator>-<subtask>-<counter>". The counter is never repeated within a
// process, so no name is ever used twice.
struct FileOwner {
  std::string log_id;
  RecordNumber epoch{};
  CheckpointId checkpoint{};
  friend bool operator==(const FileOwner&, const FileOwner&) = default;
};

// Characters of the operator's name that a file name should not have become '_'.
std::string checkpoint_file_name(const FileOwner& owner, std::string_view operator_name,
                                 std::uint32_t subtask, std::uint64_t counter);

// Of a name with or without directories; nothing when the name is not one of ours.
std::optional<FileOwner> owner_of_file(std::string_view name);

}  // namespace penstock
