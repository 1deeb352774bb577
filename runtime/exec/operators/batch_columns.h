#pragma once

#include <vector>

#include "runtime/columns/batch.h"
#include "runtime/exec/operator.h"
#include "runtime/state/state_unit.h"

namespace penstock {

// The batch without a selection, of which only the columns `used` are there; the others are empty
// handles.
Batch dense_columns(const Batch& batch, const std::vector<std::size_t>& used);

// Kinds by row, or nothing when all are inserts.
std::shared_ptr<const RowKind[]> kinds_of(const std::vector<RowKind>& kinds);

// What the operator keeps, as tables of its units.
std::vector<StateTableShape> table_shapes(const OperatorContext& context);

// `columns` under the types of the operator's output, which differ in nullability only.
void retype(std::vector<Column>& columns, const Schema& output);

}  // namespace penstock
