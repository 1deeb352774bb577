#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/sql/fault.h"

namespace penstock::sql {

// What a column means for event time and windows. Only a column that is passed on as it is keeps
// its role.
enum class TimeRole : std::uint8_t {
  kNone,
  kRowtime,      // WATERMARK FOR it
  kProctime,     // PROCTIME()
  kWindowStart,  // of `window`
  kWindowEnd,
  kWindowTime,  // the last millisecond of the window; a rowtime again
};

struct RelColumn {
  std::string name;
  Type type;
  TimeRole role = TimeRole::kNone;
  std::shared_ptr<const WindowSpec> window{};  // its time_column means nothing here
};

// A declared table.
struct Table {
  std::string name;
  Place place{};
  std::string connector;
  Options options;
  Schema physical;
  // All columns in declared order, over the physical ones; RelColumn::role of the time attribute is
  // set.
  std::vector<RelColumn> columns;
  std::vector<Expr> projections;
  std::optional<Expr> watermark;         // over the physical columns
  std::vector<std::size_t> primary_key;  // of `physical`
};

// The physical columns of a table.
struct ScanSpec {
  std::shared_ptr<const Table> table;
};

// A node of the logical plan: an operator whose inputs are nodes. Immutable; nodes are shared
// between queries.
struct Rel {
  using Spec = std::variant<ScanSpec, CalcSpec, GroupAggregateSpec, WindowAggregateSpec,
                            WindowAssignSpec, AttachedWindowAggregateSpec, JoinSpec, UnionSpec>;
  Spec spec;
  std::vector<std::shared_ptr<const Rel>> inputs;
  std::vector<RelColumn> columns;
  bool changelog = false;
  int depth = 1;
  std::size_t size = 1;  // operators, counted as a tree

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&spec);
  }
};
using RelPtr = std::shared_ptr<const Rel>;

// Makes nodes; fills depth, size and changelog, which follow from the rest.
RelPtr make_rel(Rel::Spec spec, std::vector<RelPtr> inputs, std::vector<RelColumn> columns);
RelPtr scan(const std::shared_ptr<const Table>& table);
// A Calc, merged with an input that is a Calc unless that would compute something twice. `columns`
// names the projections; roles of columns that are passed on are taken over.
RelPtr calc(const RelPtr& input, std::optional<Expr> filter, std::vector<Expr> projections,
            const std::vector<std::string>& names);
// The columns numbered `kept`, in that order.
RelPtr project(const RelPtr& input, const std::vector<std::size_t>& kept);
// Keeps the rows where all conjuncts are true; each is pushed down as far as it goes.
RelPtr where(const RelPtr& input, const std::vector<Expr>& conjuncts);

// The same rows computing only what `kept` columns need; the result has exactly those, in that
// order. Afterwards each scan is below a Calc.
RelPtr prune(const RelPtr& rel, const std::vector<std::size_t>& kept);

// Column references of `rel`, by position.
std::vector<Expr> identity(const RelPtr& rel);
std::vector<std::string> names_of(const std::vector<RelColumn>& columns);
bool same_window(const RelColumn& a, const RelColumn& b);

}  // namespace penstock::sql
