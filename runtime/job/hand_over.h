#pragma once

#include <cstdint>

#include "runtime/base/clock.h"

namespace penstock {

// How long a process that hands its job over stands still for a successor.
inline constexpr Duration kStandStill = std::chrono::seconds(10);
// The differences that a take-over may still have to copy, and how many rounds are tried to get
// there.
inline constexpr std::uint64_t kSmallDifference = 64u << 20;
inline constexpr int kMostRounds = 5;

// Whether another checkpoint is worth taking before the one at which everything stands still, after
// `rounds` of them, the last one of `copied` new bytes. Pure.
inline bool copy_again(std::uint64_t copied, int rounds) {
  return copied > kSmallDifference && rounds < kMostRounds;
}

// Whether what a follower has left to copy is little, or does not become less. `rounds`: large ones
// in a row. Pure.
inline bool caught_up(std::uint64_t bytes_behind, int rounds) {
  return bytes_behind <= kSmallDifference || rounds >= kMostRounds;
}

}  // namespace penstock
