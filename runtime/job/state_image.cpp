#include "runtime/job/state_image.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace penstock {
namespace {

// Neighbours in a file are read together, up to this.
constexpr std::uint64_t kReadBytes = 8u << 20;

}  // namespace

// The layout of each operator's state is its own word, from an instance made for that.
Result<StateImage> StateImage::make(const RestoreRequest& request) {
  StateImage image(request);
  OperatorCounters counters;
  for (std::uint32_t i = 0; i < request.graph.operators.size(); ++i) {
    const OperatorNode& node = request.graph.operators[i];
    if (std::holds_alternative<SourceSpec>(node.spec) ||
        std::holds_alternative<SinkSpec>(node.spec))
      continue;
    TRY_ASSIGN(const auto operate,
               request.factories.operate({.graph = request.graph,
                                          .id = {i},
                                          .clock = request.clock,
                                          .counters = counters,
                                          .memory = request.memory,
                                          .key_groups = request.options.key_groups}));
    if (operate->state() != nullptr)
      image.operators_[node.name] = {.id = i, .shapes = operate->state()->shapes()};
  }
  return image;
}

bool StateImage::holds(const StateBlock& block) const {
  const auto held = held_.find({block.operator_name, block.group});
  return held != held_.end() && held->second.where == block;
}

// What is missing, in the order of the files. Operators that are gone were dropped, as allowed.
std::vector<const StateBlock*> StateImage::wanted(const PublicationRecord& publication) const {
  std::vector<const StateBlock*> blocks;
  for (const StateBlock& block : publication.blocks)
    if (operators_.contains(block.operator_name) && !holds(block)) blocks.push_back(&block);
  std::ranges::sort(blocks, {},
                    [](const StateBlock* block) { return std::tie(block->file, block->offset); });
  return blocks;
}

std::uint64_t StateImage::missing(const PublicationRecord& publication) const {
  std::uint64_t bytes = 0;
  for (const StateBlock* block : wanted(publication)) bytes += block->size;
  return bytes;
}

Status StateImage::fetch(BlobStore& store, const PublicationRecord& publication,
                         const std::function<bool()>& go_on) {
  std::set<Place> places;
  for (const StateBlock& block : publication.blocks)
    places.emplace(block.operator_name, block.group);
  std::erase_if(held_, [&](const auto& held) { return !places.contains(held.first); });
  const std::vector<const StateBlock*> blocks = wanted(publication);
  for (std::size_t first = 0; first < blocks.size();) {
    if (go_on && !go_on()) return Error{Code::kCancelled, "stopped while reading state"};
    std::size_t end = first + 1;
    while (end < blocks.size() && blocks[end]->file == blocks[first]->file &&
           blocks[end]->offset == blocks[end - 1]->offset + blocks[end - 1]->size &&
           blocks[end]->offset + blocks[end]->size - blocks[first]->offset <= kReadBytes)
      ++end;
    TRY(read_run(store, blocks, first, end));
    first = end;
  }
  return ok();
}

// Blocks [first, end) lie side by side in one file.
Status StateImage::read_run(BlobStore& store, const std::vector<const StateBlock*>& blocks,
                            std::size_t first, std::size_t end) {
  const std::string& file = blocks[first]->file;
  const std::uint64_t from = blocks[first]->offset;
  const std::uint64_t size = blocks[end - 1]->offset + blocks[end - 1]->size - from;
  const auto bytes = store.get_range(file, from, size);
  if (!bytes) return bytes.error().within("state file " + file);
  for (std::size_t i = first; i < end; ++i) {
    const StateBlock& block = *blocks[i];
    const auto part = std::string_view(*bytes).substr(block.offset - from, block.size);
    auto unit = decode_unit(part, operators_.at(block.operator_name).shapes, *memory_);
    if (!unit) return unit.error().within("state file " + file);
    held_.insert_or_assign({block.operator_name, block.group}, Held{block, std::move(*unit)});
  }
  return ok();
}

RestoredState StateImage::take(const PublicationRecord& publication) {
  RestoredState state;
  for (auto& [place, held] : held_)
    state.units[operators_.at(place.first).id].emplace_back(place.second, std::move(held.unit));
  held_.clear();
  for (std::uint32_t i = 0; i < graph_->operators.size(); ++i)
    for (const SplitRecord& split : publication.splits)
      if (split.operator_name == graph_->operators[i].name)
        state.splits[i].push_back({.id = split.id,
                                   .position = split.position,
                                   .watermark = split.watermark,
                                   .finished = split.finished});
  return state;
}

}  // namespace penstock
