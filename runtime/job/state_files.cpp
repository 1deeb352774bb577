#include "runtime/job/state_files.h"

#include <algorithm>
#include <set>
#include <utility>

namespace penstock {

std::vector<StateBlock> carry_over(const std::vector<StateBlock>& before,
                                   const std::vector<StateBlock>& written,
                                   const std::vector<std::string>& operators) {
  const std::set<std::string> known(operators.begin(), operators.end());
  std::map<std::pair<std::string, KeyGroup>, StateBlock> blocks;
  for (const StateBlock& block : before)
    if (known.contains(block.operator_name)) blocks[{block.operator_name, block.group}] = block;
  for (const StateBlock& block : written) blocks[{block.operator_name, block.group}] = block;
  std::vector<StateBlock> all;
  for (auto& [key, block] : blocks) all.push_back(std::move(block));
  return all;
}

std::vector<StateBlock> sparse_blocks(const std::vector<StateBlock>& blocks,
                                      const std::map<std::string, std::uint64_t>& file_sizes) {
  struct File {
    std::uint64_t size = 0;
    std::uint64_t live = 0;
  };
  std::map<std::string, File> files;
  for (const StateBlock& block : blocks) {
    File& file = files[block.file];
    file.size = std::max(file.size, block.offset + block.size);
    file.live += block.size;
  }
  for (auto& [name, file] : files)
    if (const auto known = file_sizes.find(name); known != file_sizes.end())
      file.size = known->second;
  std::vector<StateBlock> sparse;
  for (const StateBlock& block : blocks) {
    const File& file = files.at(block.file);
    if (2 * file.live < file.size) sparse.push_back(block);
  }
  return sparse;
}

}  // namespace penstock
