#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/checkpoint/records.h"

namespace penstock {

// The whole state after a checkpoint: `written` blocks replace those of the same operator and group
// in `before`, the others are carried over. Blocks of operators that are not in `operators` are
// dropped. Pure.
std::vector<StateBlock> carry_over(const std::vector<StateBlock>& before,
                                   const std::vector<StateBlock>& written,
                                   const std::vector<std::string>& operators);

// Blocks to copy into a new file, because less than half of the file that they lie in is still
// needed. `file_sizes`: as written; of files that it does not name the end of the last block
// counts. Pure.
std::vector<StateBlock> sparse_blocks(const std::vector<StateBlock>& blocks,
                                      const std::map<std::string, std::uint64_t>& file_sizes);

}  // namespace penstock
