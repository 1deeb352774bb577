#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/columns/batch.h"
#include "runtime/graph/key_groups.h"

namespace penstock {

// Key group of each row of a dense batch. Without keys all rows belong to group 0.
std::vector<std::uint32_t> key_groups_of(const Batch& batch, const std::vector<std::size_t>& keys,
                                         std::uint32_t groups);

// The rows of a batch by the owner of their key group, as dense batches in the order of the rows;
// owners without rows are left out.
std::vector<std::pair<SubtaskIndex, Batch>> split_by_owner(const Batch& batch,
                                                           const std::vector<std::size_t>& keys,
                                                           const KeyGroupTable& table);

// The rows of `batch` whose group is in `groups` (by number), and the others; either may be empty.
std::pair<Batch, Batch> split_by_group(const Batch& batch, const std::vector<std::size_t>& keys,
                                       const std::vector<bool>& groups);

}  // namespace penstock
