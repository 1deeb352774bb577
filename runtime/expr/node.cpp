#include "runtime/expr/node.h"

#include <array>
#include <cstring>

namespace penstock {
namespace {

class LiteralNode final : public ExprNode {
 public:
  explicit LiteralNode(Operand operand) : operand_(std::move(operand)) { cheap = true; }
  Result<Operand> run(const Frame&) override { return operand_; }
  const Operand* constant() const override { return &operand_; }

 private:
  Operand operand_;
};

class ColumnNode final : public ExprNode {
 public:
  ColumnNode(std::size_t column, Type type) : column_(column), type_(std::move(type)) {
    cheap = true;
  }

  Result<Operand> run(const Frame& frame) override {
    if (column_ >= frame.batch.columns.size())
      return Error{Code::kInternal, "expression reads a column that the batch does not have: " +
                                        std::to_string(column_)};
    const Column& column = frame.batch.columns[column_];
    if (column.type().kind != type_.kind)
      return Error{Code::kInternal, "expression expects " + type_.to_string() + " in column " +
                                        std::to_string(column_) + ", the batch has " +
                                        column.type().to_string()};
    return Operand{column};
  }

 private:
  std::size_t column_;
  Type type_;
};

class FieldNode final : public ExprNode {
 public:
  FieldNode(NodePtr input, std::size_t field, Type type)
      : input_(std::move(input)), field_(field), type_(std::move(type)) {
    cheap = input_->cheap;
    pure = input_->pure;
  }

  Result<Operand> run(const Frame& frame) override {
    TRY_ASSIGN(const Operand row, input_->run(frame));
    const Column& child = row.column.children()[field_];
    if (!row.column.may_have_nulls()) return Operand{child, row.scalar};
    if (!child.may_have_nulls())
      return Operand{child.with_nulls(row.column.shared_nulls()), row.scalar};
    const std::size_t rows = row.column.rows();
    auto nulls = allocate_values<std::uint8_t>(rows);
    for (std::size_t i = 0; i < rows; ++i)
      nulls[i] = row.column.is_null(i) || child.is_null(i) ? 1 : 0;
    return Operand{child.with_nulls(std::move(nulls)), row.scalar};
  }

 private:
  NodePtr input_;
  std::size_t field_;
  Type type_;
};

Result<NodePtr> make_call(const Expr& expr) {
  KernelCall call{.expr = expr};
  for (const Expr& argument : expr.arguments) {
    TRY_ASSIGN(NodePtr input, make_node(argument));
    call.inputs.push_back(std::move(input));
  }
  for (const auto& kernels : {arithmetic_kernels(), comparison_kernels(), logic_kernels(),
                              math_kernels(), text_kernels(), time_kernels()})
    for (const Kernel& kernel : kernels)
      if (kernel.name == expr.function) return kernel.make(std::move(call));
  return Error{Code::kInvalid, "no such function to evaluate: " + expr.function};
}

Result<NodePtr> make_unfolded(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kColumn:
      return NodePtr(std::make_unique<ColumnNode>(expr.column, expr.type));
    case Expr::Kind::kLiteral:
      return make_literal(expr.type, expr.literal);
    case Expr::Kind::kCall:
      return make_call(expr);
    case Expr::Kind::kField: {
      TRY_ASSIGN(NodePtr input, make_node(expr.arguments[0]));
      return NodePtr(std::make_unique<FieldNode>(std::move(input), expr.column, expr.type));
    }
    case Expr::Kind::kCast:
    case Expr::Kind::kTryCast: {
      TRY_ASSIGN(NodePtr input, make_node(expr.arguments[0]));
      return make_cast(std::move(input), expr.arguments[0].type, expr.type,
                       expr.kind == Expr::Kind::kTryCast);
    }
    case Expr::Kind::kCase:
      return make_case(expr);
    case Expr::Kind::kAnd:
      return make_logic(expr, true);
    case Expr::Kind::kOr:
      return make_logic(expr, false);
    case Expr::Kind::kVariable:
      break;
  }
  return Error{Code::kInvalid, "a variable without a value: " + expr.function};
}

}  // namespace

Result<NodePtr> make_node(const Expr& expr) {
  TRY_ASSIGN(NodePtr node, make_unfolded(expr));
  std::vector<std::size_t> columns;
  collect_columns(expr, columns);
  if (!columns.empty() || !node->pure || node->constant() != nullptr) return node;
  // Constant: run it once. If it fails it stays, and fails only where a row needs it.
  ManualClock clock;
  const Batch one_row{.physical_rows = 1};
  auto value = node->run({.batch = one_row, .rows = 1, .clock = clock});
  if (!value) return node;
  value->scalar = true;
  return make_literal(std::move(value).value());
}

NodePtr make_literal(const Type& type, const Value& value) {
  // A bare NULL has no physical form; it stands where any type would do.
  const Type physical = type.kind == TypeKind::kNull ? Type::of(TypeKind::kBoolean) : type;
  return make_literal(Operand{Column::repeat(physical, value, 1), true});
}

NodePtr make_literal(Operand operand) { return std::make_unique<LiteralNode>(std::move(operand)); }

Error no_kernel(const KernelCall& call) {
  std::string types;
  for (const Expr& argument : call.expr.arguments)
    types += (types.empty() ? "" : ", ") + argument.type.to_string();
  return {Code::kInvalid, "cannot evaluate " + call.expr.function + "(" + types + ")"};
}

std::shared_ptr<const std::uint8_t[]> combine_nulls(std::span<const Operand> operands,
                                                    std::size_t rows) {
  std::shared_ptr<const std::uint8_t[]> first;
  std::shared_ptr<std::uint8_t[]> merged;
  for (const Operand& operand : operands) {
    const auto& nulls = operand.column.shared_nulls();
    if (!nulls || (operand.scalar && !operand.column.is_null(0))) continue;
    if (!first) {
      first = nulls;
      continue;
    }
    if (nulls == first) continue;
    if (!merged) {
      merged = allocate_values<std::uint8_t>(rows);
      std::memcpy(merged.get(), first.get(), rows);
    }
    const std::uint8_t* other = nulls.get();
    std::uint8_t* out = merged.get();
    for (std::size_t row = 0; row < rows; ++row)
      out[row] = static_cast<std::uint8_t>(out[row] | other[row]);
  }
  if (merged) return merged;
  return first;
}

Operand null_operand(const Type& type) { return {Column::repeat(type.as_nullable(), {}, 1), true}; }

Column spread(const Operand& operand, std::size_t rows) {
  if (!operand.scalar || rows == 1) return operand.column;
  return Column::repeat(operand.column.type(), operand.column.value_at(0), rows);
}

}  // namespace penstock
