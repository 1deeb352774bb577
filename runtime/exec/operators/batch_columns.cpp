#include "runtime/exec/operators/batch_columns.h"

#include <algorithm>

namespace penstock {

Batch dense_columns(const Batch& batch, const std::vector<std::size_t>& used) {
  if (!batch.selection) return batch;
  Batch out{.columns = std::vector<Column>(batch.columns.size()), .physical_rows = batch.rows()};
  for (const std::size_t column : used)
    if (out.columns[column].rows() == 0)
      out.columns[column] = batch.columns[column].gather(*batch.selection);
  if (batch.kinds) {
    auto kinds = allocate_values<RowKind>(batch.rows());
    for (std::size_t i = 0; i < batch.rows(); ++i) kinds[i] = batch.kinds[batch.row(i)];
    out.kinds = std::move(kinds);
  }
  return out;
}

std::shared_ptr<const RowKind[]> kinds_of(const std::vector<RowKind>& kinds) {
  if (std::ranges::all_of(kinds, [](RowKind kind) { return kind == RowKind::kInsert; }))
    return nullptr;
  auto out = allocate_values<RowKind>(kinds.size());
  std::ranges::copy(kinds, out.get());
  return out;
}

std::vector<StateTableShape> table_shapes(const OperatorContext& context) {
  std::vector<StateTableShape> shapes;
  for (StateShape& shape : state_shapes(context.graph, context.id))
    shapes.push_back({.name = std::move(shape.state_name),
                      .key = std::move(shape.key),
                      .value = std::move(shape.value),
                      .bag = shape.bag});
  return shapes;
}

void retype(std::vector<Column>& columns, const Schema& output) {
  CHECK(columns.size() == output.size());
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!(columns[i].type() == output.fields[i].type))
      columns[i] = columns[i].retyped(output.fields[i].type);
}

}  // namespace penstock
