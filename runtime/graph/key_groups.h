#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"

namespace penstock {

__extension__ using UInt128 = unsigned __int128;

// Key group of a hash (see hash_rows): multiply-shift, so that any number of groups is used evenly.
constexpr KeyGroup key_group_of(std::uint64_t hash, std::uint32_t groups) {
  return {static_cast<std::uint32_t>((static_cast<UInt128>(hash) * groups) >> 64)};
}

// Who owns each key group. Total by construction: one entry per group, so no group is ever without
// or with two owners. A value.
class KeyGroupTable {
 public:
  struct Move {
    KeyGroup group;
    SubtaskIndex from;
    SubtaskIndex to;
    friend bool operator==(const Move&, const Move&) = default;
  };

  // Contiguous ranges, as even as possible.
  static KeyGroupTable even(std::uint32_t groups, Parallelism parallelism);
  // kInvalid when an owner is not below `parallelism`.
  static Result<KeyGroupTable> of(std::vector<std::uint32_t> owners, Parallelism parallelism,
                                  std::uint64_t version);

  SubtaskIndex owner_of(KeyGroup group) const { return {owners_[group.value]}; }
  std::uint32_t groups() const { return static_cast<std::uint32_t>(owners_.size()); }
  Parallelism parallelism() const { return parallelism_; }
  std::uint64_t version() const { return version_; }
  const std::vector<std::uint32_t>& owners() const { return owners_; }

  std::vector<Move> moves_to(const KeyGroupTable& next) const;
  friend bool operator==(const KeyGroupTable&, const KeyGroupTable&) = default;

 private:
  std::vector<std::uint32_t> owners_;
  Parallelism parallelism_{};
  std::uint64_t version_ = 0;
};

// The table for `wanted` subtasks, one version higher: every subtask ends with a load within one
// group of even where groups allow, and as few groups as possible move. `load` is rows per group
// (empty: all alike). The reason says what moves and why.
struct TablePlan {
  KeyGroupTable table;
  std::string reason;
};
TablePlan plan_table(const KeyGroupTable& current, Parallelism wanted,
                     const std::vector<double>& load);

}  // namespace penstock
