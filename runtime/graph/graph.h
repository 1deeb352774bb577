#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/columns/type.h"
#include "runtime/expr/expr.h"

namespace penstock {

// The plan of a job as plain values: what the SQL compiler makes, what exec runs, what explain
// prints. Columns are addressed by position in the operator's input schema(s).

using Options =
    std::map<std::string, std::string>;  // the WITH (...) of a table, keys in lower case

// Reads a table. The source decodes only `columns` of the declared physical schema, in that order;
// computed columns are ordinary expressions of the Calc after it, except what the watermark needs.
struct SourceSpec {
  std::string table;
  std::string connector;
  Options options;
  Schema declared;  // all physical columns of the table
  std::vector<std::size_t>
      columns;  // those that the plan uses, ascending; the operator's output starts with them
  // Parallel to `columns` (or empty: everything): of a ROW column the field numbers that the plan
  // uses, ascending; empty: all. The source still delivers the whole ROW type, but may fill a child
  // that is not used with NULLs instead of decoding it.
  std::vector<std::vector<std::size_t>> nested{};
  // Event time: evaluated over the decoded columns for every batch, per split. The split's
  // watermark is the largest value so far (as Flink's WATERMARK FOR ... AS ...).
  std::optional<Expr> watermark;
  // Row filter that a connector may use to skip decoding rows (the plan filters again anyway):
  // conjuncts `column = literal` over declared columns, pairs (declared column, value).
  std::vector<std::pair<std::size_t, Value>> equals;
};

// Keeps the rows where `filter` is true and computes one output column per projection.
struct CalcSpec {
  std::optional<Expr> filter;
  std::vector<Expr> projections;
};

enum class AggregateFunction : std::uint8_t { kCount, kSum, kAvg, kMin, kMax };

struct AggregateCall {
  AggregateFunction function = AggregateFunction::kCount;
  std::optional<std::size_t> argument;  // input column; absent for COUNT(*)
  bool distinct = false;
  std::optional<std::size_t>
      filter;  // BOOLEAN input column; rows where it is not TRUE are left out
  Type type;   // of the result
  friend bool operator==(const AggregateCall&, const AggregateCall&) = default;
};

// GROUP BY without windows: output = keys then aggregates, a changelog (+I, then -U +U; -D when the
// last row of a group is retracted). Without keys there is one group; no row is emitted before the
// first input row.
struct GroupAggregateSpec {
  std::vector<std::size_t> keys;
  std::vector<AggregateCall> aggregates;
};

struct WindowSpec {
  enum class Kind : std::uint8_t { kTumble, kHop } kind = Kind::kTumble;
  Millis size = 0;
  Millis slide =
      0;  // == size for kTumble; size is a multiple of slide (else the SQL compiler refuses)
  Millis offset = 0;
  bool processing_time = false;
  std::size_t time_column =
      0;  // TIMESTAMP or TIMESTAMP_LTZ input column; meaningless with processing_time
  friend bool operator==(const WindowSpec&, const WindowSpec&) = default;
};

// GROUP BY window_start, window_end, keys...: output = keys, aggregates, then window_start,
// window_end (TIMESTAMP(3), for LTZ time columns TIMESTAMP_LTZ(3)) and, if `emit_window_time`,
// window_time (end - 1 ms); append-only, emitted once when the watermark passes the window's end.
// Rows of windows that have fired are dropped and counted as late. A changelog input is folded.
// Windows are aligned to `offset` in local time of TIMESTAMP.
struct WindowAggregateSpec {
  WindowSpec window;
  std::vector<std::size_t> keys;
  std::vector<AggregateCall> aggregates;
  bool emit_window_time = false;
};

// The window table function without an aggregate over it: output = input columns, window_start,
// window_end, window_time; HOP emits a row once per window. Stateless.
struct WindowAssignSpec {
  WindowSpec window;
};

// Aggregation of rows that already carry a window (attached by an earlier window operator): keys
// include the window columns; the group is emitted, and its state freed, when the watermark passes
// the window's end. Append-only output = keys, aggregates.
struct AttachedWindowAggregateSpec {
  std::vector<std::size_t> keys;      // of which one is `window_end_column`
  std::size_t window_end_column = 0;  // input column, TIMESTAMP or TIMESTAMP_LTZ
  std::vector<AggregateCall> aggregates;
};

// Inner equi-join of two inputs: output = left columns, right columns. NULL keys never match. Keeps
// both sides for ever unless `window_end` is set: then both sides carry the same window in the key
// and state is freed at the watermark.
struct JoinSpec {
  std::vector<std::size_t> left_keys;
  std::vector<std::size_t> right_keys;  // same length, same kinds
  std::optional<Expr>
      condition;  // over left columns then right columns; on top of the key equality
  struct WindowEnd {
    std::size_t left = 0;  // columns that hold the window's end; both are among the keys
    std::size_t right = 0;
    friend bool operator==(const WindowEnd&, const WindowEnd&) = default;
  };
  std::optional<WindowEnd> window_end;
};

// UNION ALL of any number of inputs with equal column types.
struct UnionSpec {};

struct SinkSpec {
  std::string table;
  std::string connector;
  Options options;
  Schema declared;                       // the table's columns; the input has exactly these
  std::vector<std::size_t> primary_key;  // of `declared`
};

using OperatorSpec =
    std::variant<SourceSpec, CalcSpec, GroupAggregateSpec, WindowAggregateSpec, WindowAssignSpec,
                 AttachedWindowAggregateSpec, JoinSpec, UnionSpec, SinkSpec>;

struct Input {
  OperatorId from{};
  // Columns of the sender's output whose hash decides the receiver (same key, same key group, same
  // subtask). Empty with `keyed`: all rows to key group 0's owner. Not keyed: forwarded one to one,
  // or spread round robin where parallelism differs.
  bool keyed = false;
  std::vector<std::size_t> keys{};
};

struct OperatorNode {
  std::string name;  // stable across recompilations: derived from what it does, unique in the
                     // graph; state is mapped by it
  OperatorSpec spec;
  std::vector<Input> inputs;  // empty for a source; two for a join
  Schema output;              // empty for a sink
  bool changelog = false;     // the output may hold row kinds other than kInsert
  // Settings by `spec.operators` of a StreamJob; a set one starts a chain.
  std::optional<Parallelism> pinned{};
};

// Topologically sorted: inputs point to earlier operators only.
struct StreamGraph {
  std::string name;  // pipeline.name, or empty
  std::vector<OperatorNode> operators;
  Options settings;                   // SET 'key' = 'value'
  std::vector<std::string> warnings;  // e.g. state that grows without bound, naming the operator

  const OperatorNode& at(OperatorId id) const { return operators[id.value]; }
};

// What an operator keeps, by which state is mapped between versions of a job and described in
// files. Types are given as nullable: nullability is no part of what is stored.
struct StateShape {
  std::string operator_name;
  std::string state_name;  // "groups", "distinct-0", "values-1", "left", "right"; the number is the
                           // aggregate's
  std::vector<Type> key;
  std::vector<Type> value;
  bool bag = false;  // a key holds many values (a join side)
  friend bool operator==(const StateShape&, const StateShape&) = default;
};
//
// Aggregates of every kind: "groups": group keys -> BIGINT row count, then the accumulators of each
// call (accumulator_types). Windows are no part of the key: state is stored per window or slice (of
// AttachedWindowAggregate the window columns are keys as well). DISTINCT call i: "distinct-i":
// group keys, argument -> BIGINT count. MIN or MAX as call i over a changelog: "values-i", the
// same. Join: "left" and "right": join keys -> all columns of that side, a bag. Other operators:
// none.
std::vector<StateShape> state_shapes(const StreamGraph& graph, OperatorId id);

// COUNT: BIGINT. SUM: the result's type, BIGINT count of the values. AVG: the sum (BIGINT, DOUBLE
// or DECIMAL(38, s)), BIGINT count. MIN, MAX: the argument's type.
std::vector<Type> accumulator_types(const AggregateCall& call, const Schema& input);

// Whether some input of the operator may send other row kinds than inserts.
bool has_changelog_input(const StreamGraph& graph, OperatorId id);

// "source", "calc", "group-aggregate", "window-aggregate", "window-assign",
// "attached-window-aggregate", "join", "union", "sink".
std::string_view kind_name(const OperatorSpec& spec);

// Why state of `before` cannot be taken over by `after`, one line each ("operator count-by-auction:
// gone", "...: key was (BIGINT), is (STRING)"); empty when everything fits. State that is new in
// `after` starts empty and is no misfit.
std::vector<std::string> state_misfits(const StreamGraph& before, const StreamGraph& after);

// Operators that run without a queue between them. An edge is fused when it is not keyed, the
// sender has one consumer, the receiver one input, and neither is pinned nor the receiver a union.
struct Chain {
  std::vector<OperatorId> operators;  // in order; the first may be a source or have several inputs
};
struct ChainPlan {
  std::vector<Chain> chains;      // topologically sorted
  std::vector<ChainId> chain_of;  // by operator
};
ChainPlan plan_chains(const StreamGraph& graph);

// A readable form of the plan (explain): one operator a line, with chain, keys, state and changelog
// kinds.
std::string explain_text(const StreamGraph& graph);
// The same for programs: {"name", "operators": [{"id", "name", "kind", "chain", "inputs",
// "columns", "state", ...}], "settings", "warnings"}.
std::string explain_json(const StreamGraph& graph);

}  // namespace penstock
