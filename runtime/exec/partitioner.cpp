#include "runtime/exec/partitioner.h"

#include "runtime/expr/evaluate.h"

namespace penstock {

std::vector<std::uint32_t> key_groups_of(const Batch& batch, const std::vector<std::size_t>& keys,
                                         std::uint32_t groups) {
  std::vector<std::uint32_t> group_of(batch.physical_rows, 0);
  if (keys.empty()) return group_of;
  std::vector<const Column*> columns;
  for (const std::size_t key : keys) columns.push_back(&batch.columns[key]);
  std::vector<std::uint64_t> hashes(batch.physical_rows);
  hash_rows(columns, batch.physical_rows, hashes.data());
  for (std::size_t i = 0; i < hashes.size(); ++i)
    group_of[i] = key_group_of(hashes[i], groups).value;
  return group_of;
}

std::vector<std::pair<SubtaskIndex, Batch>> split_by_owner(const Batch& batch,
                                                           const std::vector<std::size_t>& keys,
                                                           const KeyGroupTable& table) {
  std::vector<std::pair<SubtaskIndex, Batch>> parts;
  const Batch dense = batch.dense();
  const auto groups = key_groups_of(dense, keys, table.groups());
  std::vector<std::vector<std::uint32_t>> rows(table.parallelism().value);
  for (std::uint32_t row = 0; row < groups.size(); ++row)
    rows[table.owners()[groups[row]]].push_back(row);
  for (std::uint32_t owner = 0; owner < rows.size(); ++owner) {
    if (rows[owner].empty()) continue;
    const bool all = rows[owner].size() == dense.physical_rows;
    parts.emplace_back(SubtaskIndex{owner}, all ? dense : dense.gather(rows[owner]));
  }
  return parts;
}

std::pair<Batch, Batch> split_by_group(const Batch& batch, const std::vector<std::size_t>& keys,
                                       const std::vector<bool>& groups) {
  const Batch dense = batch.dense();
  const auto group_of = key_groups_of(dense, keys, static_cast<std::uint32_t>(groups.size()));
  std::vector<std::uint32_t> in, out;
  for (std::uint32_t row = 0; row < group_of.size(); ++row)
    (groups[group_of[row]] ? in : out).push_back(row);
  if (out.empty()) return {dense, Batch{}};
  if (in.empty()) return {Batch{}, dense};
  return {dense.gather(in), dense.gather(out)};
}

}  // namespace penstock
