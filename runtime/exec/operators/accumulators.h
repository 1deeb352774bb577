#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/columns/batch.h"
#include "runtime/graph/graph.h"
#include "runtime/state/packed_rows.h"

namespace penstock {

// The aggregates of one operator over packed value blocks: the number of rows (BIGINT), then each
// call's accumulators as accumulator_types() lists them. The same block is the partial result of a
// batch, the state, and the sum of several slices. In a partial result the TextRef of a MIN or MAX
// is the batch's row number.
class Accumulators {
 public:
  struct Call {
    AggregateCall call;
    Type argument{};        // of the input column
    bool extreme = false;   // MIN or MAX
    bool counted = false;   // fed by a table of counted arguments (DISTINCT, MIN and MAX over a
                            // changelog), not by rows
    std::size_t first = 0;  // field of the block: count, sum or extreme
    std::size_t count = 0;  // field of SUM and AVG: non-null arguments
  };

  // kInvalid names a call that cannot be computed.
  static Result<Accumulators> make(const std::vector<AggregateCall>& calls, const Schema& input,
                                   bool changelog);

  const PackedBlock& block() const { return block_; }
  const std::vector<Call>& calls() const { return calls_; }
  // The block of no rows: `block().bytes` bytes.
  const std::byte* initial() const { return initial_.data(); }
  static std::int64_t rows(const std::byte* values) { return load<std::int64_t>(values); }

  // Adds the rows of a dense batch, each to the partial block of its group, for the number of rows
  // and every call that is not counted.
  void accumulate(const Batch& batch, const std::vector<std::uint32_t>& group_of_row,
                  std::byte* partials) const;
  // Adds (sign 1) or takes back (-1, not for an extreme) one argument.
  void add(const Call& call, const Column& argument, std::size_t row, std::int64_t sign,
           std::byte* values) const;

  // Whether row `row` counts for the call: its filter is true and its argument is not NULL.
  static bool counts(const Call& call, const Batch& batch, std::size_t row);

  // Adds a partial block of `batch` to the state's.
  void merge_partial(const std::byte* partial, const Batch& batch, std::byte* values,
                     TextStore& texts) const;
  // Adds the block of one slice to another's, but for DISTINCT calls, whose parts do not add up.
  void merge_slice(StoredBlock slice, std::byte* values, TextStore& texts) const;
  // Replaces the extreme of `call` by the argument at `leaf` of a row of its table, if that is
  // further out (or there is none yet).
  void extend(const Call& call, const PackedBlock::Leaf& leaf, StoredBlock from, std::byte* values,
              TextStore& texts) const;
  // The extreme of `call` equals row `row` of `argument`.
  bool is_extreme(const Call& call, StoredBlock values, const Column& argument,
                  std::size_t row) const;
  void clear_extreme(const Call& call, std::byte* values, TextStore& texts) const;

  // The results of call number `call` for each block.
  Column results(std::size_t call, const std::vector<StoredBlock>& values) const;

 private:
  Accumulators(std::vector<Call> calls, PackedBlock block);
  const PackedBlock::Leaf& leaf(std::size_t field) const { return block_.leaf_of(field); }

  std::vector<Call> calls_;
  PackedBlock block_;
  std::vector<std::byte> initial_;
};

}  // namespace penstock
