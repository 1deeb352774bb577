#include "runtime/state/spare_blocks.h"

#include <algorithm>
#include <utility>

namespace penstock {
namespace {

constexpr std::size_t kMostKept = 4 << 20;
// What is larger is rare, and would push out many that are not.
constexpr std::size_t kLargestKept = 16 * 1024;
constexpr std::size_t kMostSizes = 32;

}  // namespace

SpareBlocks::Block SpareBlocks::take(std::size_t bytes) {
  Block block = kept_.with([&](Kept& kept) -> Block {
    const auto of = std::ranges::find(kept.sizes, bytes, &OfSize::bytes);
    if (of == kept.sizes.end() || of->blocks.empty()) return nullptr;
    kept.bytes -= bytes;
    Block spare = std::move(of->blocks.back());
    of->blocks.pop_back();
    return spare;
  });
  return block ? std::move(block) : std::make_unique_for_overwrite<std::byte[]>(bytes);
}

std::size_t SpareBlocks::bytes() const {
  return kept_.with([](Kept& kept) { return kept.bytes; });
}

void SpareBlocks::give_back(Block block, std::size_t bytes) {
  if (bytes > kLargestKept) return;
  kept_.with([&](Kept& kept) {
    if (kept.bytes + bytes > kMostKept) return;
    auto of = std::ranges::find(kept.sizes, bytes, &OfSize::bytes);
    if (of == kept.sizes.end()) {
      if (kept.sizes.size() == kMostSizes) return;
      of = kept.sizes.insert(of, OfSize{.bytes = bytes, .blocks = {}});
    }
    of->blocks.push_back(std::move(block));
    kept.bytes += bytes;
  });
}

}  // namespace penstock
