#pragma once

#include <memory>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/expr/expr.h"

namespace penstock {

// An expression made ready to run over batches: the tree is resolved once to vectorised kernels,
// constants are folded, patterns are compiled. One thread at a time (it reuses scratch memory);
// make one per operator instance.
class Evaluator {
 public:
  // `expr` has no kVariable left. kInvalid for what resolve_call would not have produced. `clock`
  // outlives the evaluator and answers PROCTIME(), NOW() and CURRENT_TIMESTAMP; SPIN burns CPU time
  // of the calling thread.
  static Result<Evaluator> make(const Expr& expr, Clock& clock);
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;
  ~Evaluator();

  // One value per row of the dense `batch` (no selection). kInvalid names the function and the
  // value that cannot be computed (CAST of 'abc' to INT, division by zero, numeric overflow of
  // BIGINT wraps as in Flink).
  Result<Column> evaluate(const Batch& batch);
  // Cannot fail and costs next to nothing: evaluating rows that nobody wants beats picking the
  // others out first.
  bool cheap() const;
  // The rows of the dense `batch` for which the BOOLEAN expression is TRUE (not NULL), ascending.
  Result<std::vector<std::uint32_t>> select(const Batch& batch);

 private:
  struct Node;
  explicit Evaluator(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

// Evaluates an expression without columns, for constant folding and for options.
Result<Value> evaluate_constant(const Expr& expr);

// Fixed, process-independent hash of each row's values in `columns` (empty: all 0): equal values
// hash alike whatever the nullability, NULL hashes to a constant. It decides the key group, so it
// is part of the state format and never changes.
void hash_rows(const std::vector<const Column*>& columns, std::size_t rows, std::uint64_t* out);

}  // namespace penstock
