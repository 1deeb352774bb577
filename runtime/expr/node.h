#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/expr/expr.h"

namespace penstock {

// The value of a node for a batch: a row each, or, when `scalar`, one row that stands for all.
struct Operand {
  Column column;
  bool scalar = false;
};

// What a node is run over: a dense batch of which it reads only its own columns; at least one row.
struct Frame {
  const Batch& batch;
  std::size_t rows = 0;
  Clock& clock;
};

// One step of a resolved expression. One thread at a time.
class ExprNode {
 public:
  virtual ~ExprNode() = default;
  virtual Result<Operand> run(const Frame& frame) = 0;

  // The value, when it is the same for every row and batch; nullptr otherwise.
  virtual const Operand* constant() const { return nullptr; }

  // Cannot fail and costs so little that running it on rows which do not need it beats choosing
  // them.
  bool cheap = false;
  // Yields the same for the same batch, without effects: may be run once when made.
  bool pure = true;
};
using NodePtr = std::unique_ptr<ExprNode>;

// A call whose arguments are nodes already.
struct KernelCall {
  const Expr& expr;
  std::vector<NodePtr> inputs;

  const Type& type() const { return expr.type; }
  const Type& input_type(std::size_t i) const { return expr.arguments[i].type; }
  TypeKind input_kind(std::size_t i) const { return expr.arguments[i].type.kind; }
};
using MakeKernel = Result<NodePtr> (*)(KernelCall call);
struct Kernel {
  std::string_view name;
  MakeKernel make;
};

// The functions of each file, by name.
std::span<const Kernel> arithmetic_kernels();
std::span<const Kernel> comparison_kernels();
std::span<const Kernel> logic_kernels();
std::span<const Kernel> math_kernels();
std::span<const Kernel> text_kernels();
std::span<const Kernel> time_kernels();

Result<NodePtr> make_node(const Expr& expr);
Result<NodePtr> make_cast(NodePtr input, const Type& from, const Type& to, bool null_if_impossible);
Result<NodePtr> make_logic(const Expr& expr, bool conjunction);
Result<NodePtr> make_case(const Expr& expr);
// + - * / % where a decimal takes part.
Result<NodePtr> make_decimal_arithmetic(KernelCall call);
NodePtr make_literal(const Type& type, const Value& value);
NodePtr make_literal(Operand operand);

// The value of a constant input, which is not NULL; nothing otherwise.
template <typename T>
std::optional<T> constant_of(const ExprNode& node) {
  const Operand* operand = node.constant();
  if (operand == nullptr || operand->column.is_null(0)) return std::nullopt;
  return operand->column.values<T>()[0];
}

Error no_kernel(const KernelCall& call);

// The mask of rows where any operand is NULL, with `rows` rows; nullptr: none. Scalars are not
// NULL.
std::shared_ptr<const std::uint8_t[]> combine_nulls(std::span<const Operand> operands,
                                                    std::size_t rows);
// All rows NULL, as a scalar.
Operand null_operand(const Type& type);
// A column of `rows` rows, whatever the operand is.
Column spread(const Operand& operand, std::size_t rows);

}  // namespace penstock
