#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace penstock {

// A count or an index that must not be mixed up with another one.
template <typename Tag>
struct Count {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(Count, Count) = default;
};

using Parallelism = Count<struct ParallelismTag>;  // how many subtasks or slots
using SubtaskIndex = Count<struct SubtaskTag>;     // 0 .. parallelism-1 within one chain
using SlotIndex = Count<struct SlotTag>;           // 0 .. slots-1 within one job
using KeyGroup = Count<struct KeyGroupTag>;        // 0 .. keyGroups-1
using OperatorId = Count<struct OperatorTag>;      // position in StreamGraph::operators
using ChainId = Count<struct ChainTag>;            // position in the chain plan

// Grows by one per checkpoint of a job; never repeated, not even after a restore.
struct CheckpointId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(CheckpointId, CheckpointId) = default;
};

// Number of a record in the checkpoint log. The epoch of a process is the number of its claim.
struct RecordNumber {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(RecordNumber, RecordNumber) = default;
};

// Event time or processing time: milliseconds since 1970-01-01 UTC. For a TIMESTAMP column the
// "UTC" is local time read as if it were UTC, as in Flink.
using Millis = std::int64_t;
inline constexpr Millis kNoWatermark = INT64_MIN;  // nothing known yet
inline constexpr Millis kEndOfTime = INT64_MAX;    // after a finished input

}  // namespace penstock

template <typename Tag>
struct std::hash<penstock::Count<Tag>> {
  std::size_t operator()(penstock::Count<Tag> count) const noexcept { return count.value; }
};
