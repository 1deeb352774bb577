#include "runtime/expr/evaluate.h"

#include "runtime/expr/node.h"

namespace penstock {

struct Evaluator::Node {
  NodePtr root;
  Type type;
  Clock& clock;
};

Evaluator::Evaluator(std::unique_ptr<Node> root) : root_(std::move(root)) {}
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;
Evaluator::~Evaluator() = default;

Result<Evaluator> Evaluator::make(const Expr& expr, Clock& clock) {
  TRY_ASSIGN(NodePtr root, make_node(expr));
  Type type = expr.type;
  if (type.kind == TypeKind::kNull) type = Type::of(TypeKind::kBoolean);
  return Evaluator(std::make_unique<Node>(
      Node{.root = std::move(root), .type = std::move(type), .clock = clock}));
}

Result<Column> Evaluator::evaluate(const Batch& batch) {
  CHECK(!batch.selection);
  const std::size_t rows = batch.physical_rows;
  if (rows == 0) return Column::repeat(root_->type, {}, 0);
  TRY_ASSIGN(const Operand out,
             root_->root->run({.batch = batch, .rows = rows, .clock = root_->clock}));
  Type type = root_->type;
  type.nullable = type.nullable || out.column.may_have_nulls();
  return spread(out, rows).retyped(std::move(type));
}

bool Evaluator::cheap() const { return root_->root->cheap; }

Result<std::vector<std::uint32_t>> Evaluator::select(const Batch& batch) {
  CHECK(!batch.selection);
  CHECK(root_->type.kind == TypeKind::kBoolean);
  const std::size_t rows = batch.physical_rows;
  if (rows == 0) return std::vector<std::uint32_t>{};
  TRY_ASSIGN(const Operand out,
             root_->root->run({.batch = batch, .rows = rows, .clock = root_->clock}));
  const auto* values = out.column.values<std::uint8_t>().data();
  const std::uint8_t* nulls = out.column.nulls();
  const bool everywhere = out.scalar && values[0] != 0 && (nulls == nullptr || nulls[0] == 0);
  std::vector<std::uint32_t> selected(out.scalar && !everywhere ? 0 : rows);
  std::size_t count = 0;
  for (std::uint32_t row = 0; row < selected.size(); ++row) {  // without branches
    selected[count] = row;
    const bool null = !out.scalar && nulls != nullptr && nulls[row] != 0;
    count += everywhere || (values[out.scalar ? 0 : row] != 0 && !null) ? 1 : 0;
  }
  selected.resize(count);
  return selected;
}

Result<Value> evaluate_constant(const Expr& expr) {
  std::vector<std::size_t> columns;
  collect_columns(expr, columns);
  if (!columns.empty())
    return Error{Code::kInvalid, "not a constant expression: " + expr.to_string()};
  SystemClock clock;
  TRY_ASSIGN(Evaluator evaluator, Evaluator::make(expr, clock));
  TRY_ASSIGN(const Column column, evaluator.evaluate(Batch{.physical_rows = 1}));
  return column.value_at(0);
}

}  // namespace penstock
