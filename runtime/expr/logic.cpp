#include <algorithm>
#include <array>
#include <numeric>

#include "runtime/columns/physical_type.h"
#include "runtime/expr/row_node.h"

namespace penstock {
namespace {

using Rows = std::vector<std::uint32_t>;

// A node that may be run on some rows of a batch only.
struct Branch {
  NodePtr node;
  std::vector<std::size_t> columns;  // that it reads

  static Result<Branch> make(const Expr& expr) {
    Branch branch;
    TRY_ASSIGN(branch.node, make_node(expr));
    collect_columns(expr, branch.columns);
    return branch;
  }

  Result<Operand> run_on(const Frame& frame, const Rows& rows) const {
    if (rows.size() == frame.rows) return node->run(frame);
    Batch part{.physical_rows = rows.size()};
    part.columns.resize(frame.batch.columns.size());
    for (const std::size_t column : columns)
      part.columns[column] = frame.batch.columns[column].gather(rows);
    return node->run({.batch = part, .rows = rows.size(), .clock = frame.clock});
  }
};

enum : std::uint8_t { kFalse = 0, kTrue = 1, kUnknown = 2 };

std::uint8_t truth(const Operand& operand, std::size_t row) {
  const std::size_t at = operand.scalar ? 0 : row;
  if (operand.column.is_null(at)) return kUnknown;
  return operand.column.values<std::uint8_t>()[at];
}

// One value per row from a truth per row.
Operand from_truths(const Type& type, const std::vector<std::uint8_t>& truths) {
  auto values = allocate_values<std::uint8_t>(truths.size());
  bool any_unknown = false;
  for (std::size_t row = 0; row < truths.size(); ++row) {
    values[row] = truths[row] == kTrue ? 1 : 0;
    any_unknown |= truths[row] == kUnknown;
  }
  std::shared_ptr<std::uint8_t[]> nulls;
  if (any_unknown) {
    nulls = allocate_values<std::uint8_t>(truths.size());
    for (std::size_t row = 0; row < truths.size(); ++row)
      nulls[row] = truths[row] == kUnknown ? 1 : 0;
  }
  return {Column(type, truths.size(), std::move(values), std::move(nulls))};
}

// AND and OR. A row is decided when an argument is the dominant value (FALSE for AND); later
// arguments are run only on rows that are not, unless that costs more than running on all.
class LogicNode final : public ExprNode {
 public:
  LogicNode(Type type, std::vector<Branch> branches, bool conjunction)
      : type_(std::move(type)),
        branches_(std::move(branches)),
        dominant_(conjunction ? kFalse : kTrue) {
    cheap = true;
    for (const Branch& branch : branches_) {
      cheap = cheap && branch.node->cheap;
      pure = pure && branch.node->pure;
    }
  }

  Result<Operand> run(const Frame& frame) override {
    std::vector<std::uint8_t> truths(frame.rows, static_cast<std::uint8_t>(1 - dominant_));
    Rows open(frame.rows);
    std::iota(open.begin(), open.end(), 0u);
    for (const Branch& branch : branches_) {
      TRY_ASSIGN(const Operand value,
                 branch.node->cheap ? branch.node->run(frame) : branch.run_on(frame, open));
      if (branch.node->cheap) {
        combine_all(value, truths);
      } else {
        for (std::size_t i = 0; i < open.size(); ++i) combine(truth(value, i), truths[open[i]]);
      }
      if (&branch == &branches_.back() || (&branch + 1)->node->cheap) continue;
      open.clear();
      for (std::uint32_t row = 0; row < frame.rows; ++row)
        if (truths[row] != dominant_) open.push_back(row);
      if (open.empty()) break;
    }
    return from_truths(type_, truths);
  }

 private:
  void combine(std::uint8_t value, std::uint8_t& into) const {
    if (into == dominant_) return;
    if (value == dominant_ || value == kUnknown) into = value;
  }
  void combine_all(const Operand& value, std::vector<std::uint8_t>& truths) const {
    const std::size_t rows = truths.size();
    if (value.scalar || value.column.may_have_nulls()) {
      for (std::size_t row = 0; row < rows; ++row) combine(truth(value, row), truths[row]);
      return;
    }
    const std::uint8_t* values = value.column.values<std::uint8_t>().data();
    std::uint8_t* into = truths.data();
    if (dominant_ == kFalse) {  // UNKNOWN is 2: 2 AND 0 = 0, 2 AND 1 = 2
      for (std::size_t row = 0; row < rows; ++row)
        into[row] = static_cast<std::uint8_t>(into[row] & (0 - values[row]));
    } else {  // 2 OR 1 = 1, 2 OR 0 = 2
      for (std::size_t row = 0; row < rows; ++row)
        into[row] = static_cast<std::uint8_t>(values[row] | (into[row] & (values[row] - 1)));
    }
  }

  Type type_;
  std::vector<Branch> branches_;
  std::uint8_t dominant_;
};

// The values of some rows of a result.
struct Piece {
  Rows rows;
  Operand value;
};

// Puts pieces, which cover each row once, together.
Operand assemble(const Type& type, std::vector<Piece> pieces, std::size_t rows) {
  std::erase_if(pieces, [](const Piece& piece) { return piece.rows.empty(); });
  if (pieces.size() == 1) return std::move(pieces[0].value);
  std::vector<Column> columns;
  Rows position(rows);
  std::uint32_t next = 0;
  for (const Piece& piece : pieces) {
    const Column column = spread(piece.value, piece.rows.size());
    Type nullable = type;
    nullable.nullable = type.nullable || column.may_have_nulls();
    columns.push_back(column.retyped(std::move(nullable)));
    for (const std::uint32_t row : piece.rows) position[row] = next++;
  }
  return {concat(columns).gather(position)};
}

// Splits `open` into the rows where `condition`, one value per row of `open`, is TRUE, and the
// others.
std::pair<Rows, Rows> split(const Rows& open, const Operand& condition) {
  std::pair<Rows, Rows> out;
  for (std::size_t i = 0; i < open.size(); ++i)
    (truth(condition, i) == kTrue ? out.first : out.second).push_back(open[i]);
  return out;
}

Rows all_rows(std::size_t count) {
  Rows rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

std::shared_ptr<const void> chosen_values(TypeKind kind, const std::vector<Operand>& values,
                                          const std::vector<std::uint8_t>& chosen) {
  return with_physical_type(kind, [&](auto* tag) -> std::shared_ptr<const void> {
    using T = std::remove_pointer_t<decltype(tag)>;
    struct From {
      const T* first;
      std::size_t step;
    };
    const T any{};  // under a NULL, which may be of another type
    std::vector<From> from;
    from.reserve(values.size());
    for (const Operand& value : values) {
      const bool null = value.scalar && value.column.is_null(0);
      from.push_back(
          {null ? &any : value.column.template values<T>().data(), value.scalar ? 0u : 1u});
    }
    auto out = allocate_values<T>(chosen.size());
    for (std::size_t row = 0; row < chosen.size(); ++row) {
      const From& source = from[chosen[row]];
      out[row] = source.first[row * source.step];
    }
    return out;
  });
}

// Row by row the value of the operand that `chosen` names.
Operand choose(const Type& type, const std::vector<Operand>& values,
               const std::vector<std::uint8_t>& chosen) {
  const std::size_t rows = chosen.size();
  std::shared_ptr<std::uint8_t[]> nulls;
  std::vector<std::shared_ptr<const void>> keep_alive;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Column& column = values[i].column;
    keep_alive.insert(keep_alive.end(), column.keep_alive().begin(), column.keep_alive().end());
    for (std::size_t row = 0; column.may_have_nulls() && row < rows; ++row) {
      if (chosen[row] != i || !column.is_null(values[i].scalar ? 0 : row)) continue;
      if (!nulls) {
        nulls = allocate_values<std::uint8_t>(rows);
        std::fill_n(nulls.get(), rows, std::uint8_t{0});
      }
      nulls[row] = 1;
    }
  }
  Type nullable = type;
  nullable.nullable = type.nullable || nulls != nullptr;
  return {Column(std::move(nullable), rows, chosen_values(type.kind, values, chosen),
                 std::move(nulls), std::move(keep_alive))};
}

class CaseNode final : public ExprNode {
 public:
  // when, then, ..., else
  CaseNode(Type type, std::vector<Branch> branches)
      : type_(std::move(type)), branches_(std::move(branches)) {
    all_cheap_ = type_.kind != TypeKind::kRow && type_.kind != TypeKind::kNull &&
                 branches_.size() <= kMostCheapBranches;
    for (const Branch& branch : branches_) {
      pure = pure && branch.node->pure;
      all_cheap_ = all_cheap_ && branch.node->cheap;
    }
  }

  Result<Operand> run(const Frame& frame) override {
    if (all_cheap_) return run_all(frame);
    std::vector<Piece> pieces;
    Rows open = all_rows(frame.rows);
    for (std::size_t i = 0; i + 1 < branches_.size() && !open.empty(); i += 2) {
      TRY_ASSIGN(const Operand condition, branches_[i].run_on(frame, open));
      auto [chosen, rest] = split(open, condition);
      TRY(add(frame, branches_[i + 1], std::move(chosen), pieces));
      open = std::move(rest);
    }
    TRY(add(frame, branches_.back(), std::move(open), pieces));
    return assemble(type_, std::move(pieces), frame.rows);
  }

 private:
  // Every branch on every row, then a choice per row: nothing is gathered.
  Result<Operand> run_all(const Frame& frame) {
    std::vector<std::uint8_t> chosen(frame.rows, static_cast<std::uint8_t>(branches_.size() / 2));
    for (std::size_t i = branches_.size() / 2; i-- > 0;) {
      TRY_ASSIGN(const Operand condition, branches_[2 * i].node->run(frame));
      for (std::size_t row = 0; row < frame.rows; ++row)
        if (truth(condition, row) == kTrue) chosen[row] = static_cast<std::uint8_t>(i);
    }
    std::vector<Operand> values;
    values.reserve(branches_.size() / 2 + 1);
    for (std::size_t i = 0; i < branches_.size(); i += 2) {
      const bool last = i + 1 == branches_.size();
      TRY_ASSIGN(Operand value, branches_[last ? i : i + 1].node->run(frame));
      values.push_back(std::move(value));
    }
    return choose(type_, values, chosen);
  }

  static Status add(const Frame& frame, const Branch& branch, Rows rows,
                    std::vector<Piece>& pieces) {
    if (rows.empty()) return ok();
    TRY_ASSIGN(Operand value, branch.run_on(frame, rows));
    pieces.push_back({.rows = std::move(rows), .value = std::move(value)});
    return ok();
  }

  static constexpr std::size_t kMostCheapBranches = 9;

  Type type_;
  std::vector<Branch> branches_;
  bool all_cheap_ = false;
};

class CoalesceNode final : public ExprNode {
 public:
  CoalesceNode(Type type, std::vector<Branch> branches)
      : type_(std::move(type)), branches_(std::move(branches)) {
    for (const Branch& branch : branches_) pure = pure && branch.node->pure;
  }

  Result<Operand> run(const Frame& frame) override {
    std::vector<Piece> pieces;
    Rows open = all_rows(frame.rows);
    for (const Branch& branch : branches_) {
      TRY_ASSIGN(const Operand value, branch.run_on(frame, open));
      if (!value.column.may_have_nulls() || &branch == &branches_.back()) {
        pieces.push_back({.rows = std::exchange(open, {}), .value = value});
        break;
      }
      Rows positions;
      Rows found;
      Rows rest;
      for (std::uint32_t i = 0; i < open.size(); ++i) {
        if (value.column.is_null(value.scalar ? 0 : i)) {
          rest.push_back(open[i]);
        } else {
          positions.push_back(i);
          found.push_back(open[i]);
        }
      }
      if (!found.empty())
        pieces.push_back({.rows = std::move(found),
                          .value = value.scalar ? value : Operand{value.column.gather(positions)}});
      open = std::move(rest);
      if (open.empty()) break;
    }
    return assemble(type_, std::move(pieces), frame.rows);
  }

 private:
  Type type_;
  std::vector<Branch> branches_;
};

// IS NULL, IS TRUE and their like: never NULL themselves. `answers` per truth: FALSE, TRUE,
// UNKNOWN.
class IsNode final : public ExprNode {
 public:
  IsNode(Type type, NodePtr input, std::array<std::uint8_t, 3> answers, bool reads_values)
      : type_(std::move(type)),
        input_(std::move(input)),
        answers_(answers),
        reads_values_(reads_values) {
    cheap = input_->cheap;
    pure = input_->pure;
  }

  Result<Operand> run(const Frame& frame) override {
    TRY_ASSIGN(const Operand in, input_->run(frame));
    const std::size_t rows = in.column.rows();
    auto out = allocate_values<std::uint8_t>(rows);
    const std::uint8_t* values = reads_values_ ? in.column.values<std::uint8_t>().data() : nullptr;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t known = values == nullptr ? std::size_t{kTrue} : values[row];
      out[row] = answers_[in.column.is_null(row) ? std::size_t{kUnknown} : known];
    }
    return Operand{Column(type_, rows, std::move(out), nullptr), in.scalar};
  }

 private:
  Type type_;
  NodePtr input_;
  std::array<std::uint8_t, 3> answers_;
  bool reads_values_;
};

Result<std::vector<Branch>> branches_of(const Expr& expr) {
  std::vector<Branch> branches;
  for (const Expr& argument : expr.arguments) {
    TRY_ASSIGN(Branch branch, Branch::make(argument));
    branches.push_back(std::move(branch));
  }
  return branches;
}

Result<NodePtr> make_coalesce(KernelCall call) {
  TRY_ASSIGN(auto branches, branches_of(call.expr));
  return NodePtr(std::make_unique<CoalesceNode>(call.type(), std::move(branches)));
}

Result<NodePtr> make_not(KernelCall call) {
  return over_rows<std::uint8_t>(
      call, [](std::uint8_t value) { return static_cast<std::uint8_t>(value ^ 1); });
}

template <std::uint8_t if_false, std::uint8_t if_true, std::uint8_t if_null, bool reads_values>
Result<NodePtr> make_is(KernelCall call) {
  return NodePtr(std::make_unique<IsNode>(call.type(), std::move(call.inputs[0]),
                                          std::array<std::uint8_t, 3>{if_false, if_true, if_null},
                                          reads_values));
}

constexpr std::array kKernels = {
    Kernel{"COALESCE", make_coalesce},          Kernel{"NOT", make_not},
    Kernel{"IS NULL", make_is<0, 0, 1, false>}, Kernel{"IS NOT NULL", make_is<1, 1, 0, false>},
    Kernel{"IS TRUE", make_is<0, 1, 0, true>},  Kernel{"IS NOT TRUE", make_is<1, 0, 1, true>},
    Kernel{"IS FALSE", make_is<1, 0, 0, true>}, Kernel{"IS NOT FALSE", make_is<0, 1, 1, true>},
};

}  // namespace

std::span<const Kernel> logic_kernels() { return kKernels; }

Result<NodePtr> make_logic(const Expr& expr, bool conjunction) {
  TRY_ASSIGN(auto branches, branches_of(expr));
  return NodePtr(std::make_unique<LogicNode>(expr.type, std::move(branches), conjunction));
}

Result<NodePtr> make_case(const Expr& expr) {
  if (expr.arguments.size() % 2 == 0)
    return Error{Code::kInvalid, "CASE without ELSE reached the evaluator"};
  TRY_ASSIGN(auto branches, branches_of(expr));
  return NodePtr(std::make_unique<CaseNode>(expr.type, std::move(branches)));
}

}  // namespace penstock
