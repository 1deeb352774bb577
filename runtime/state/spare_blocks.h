#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/base/guarded.h"

namespace penstock {

// Blocks of memory that have been used and wait for the next who wants one of their size: windows
// that end free as much as the next ones take. Keeps up to four megabytes. Any thread.
class SpareBlocks {
 public:
  using Block = std::unique_ptr<std::byte[]>;

  // A block of exactly `bytes`, uninitialised.
  Block take(std::size_t bytes);
  void give_back(Block block, std::size_t bytes);
  // Of the blocks that wait.
  std::size_t bytes() const;

 private:
  struct OfSize {
    std::size_t bytes;
    std::vector<Block> blocks;
  };
  struct Kept {
    std::vector<OfSize> sizes;  // few: tables double up to one size per layout
    std::size_t bytes = 0;
  };
  mutable Guarded<Kept> kept_;
};

}  // namespace penstock
