#pragma once

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/exec/operator.h"
#include "runtime/expr/evaluate.h"
#include "runtime/expr/functions.h"
#include "runtime/graph/key_groups.h"
#include "tests/unit/runtime/state/state_rows.h"

namespace penstock {

struct Row {
  std::vector<Value> values;
  RowKind kind = RowKind::kInsert;
};

// Rows -> how often, after applying kinds; what a changelog means.
using Multiset = std::map<std::string, int>;
inline void apply(Multiset& set, const std::string& text, RowKind kind) {
  const auto place = set.emplace(text, 0).first;
  place->second += sign_of(kind);
  if (place->second == 0) set.erase(place);
}

// An operator with one or two sources in front, as plan and as what each input's rows are routed
// by.
struct OperatorPlan {
  StreamGraph graph;
  OperatorId id{};
  std::vector<std::vector<std::size_t>> keys{};  // by input

  static OperatorPlan of(OperatorSpec spec, const std::vector<Schema>& inputs, Schema output,
                         std::vector<std::vector<std::size_t>> keys,
                         bool changelog_inputs = false) {
    OperatorPlan plan{.keys = std::move(keys)};
    OperatorNode node{.name = "tested", .spec = std::move(spec), .output = std::move(output)};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      plan.graph.operators.push_back({.name = "source-" + std::to_string(i),
                                      .spec = SourceSpec{},
                                      .output = inputs[i],
                                      .changelog = changelog_inputs});
      node.inputs.push_back(
          {.from = {static_cast<std::uint32_t>(i)}, .keyed = true, .keys = plan.keys[i]});
    }
    plan.id = {static_cast<std::uint32_t>(inputs.size())};
    plan.graph.operators.push_back(std::move(node));
    return plan;
  }
  const Schema& input(std::size_t i) const { return graph.operators[i].output; }
};

// Several instances of one operator over a table of key groups: routes rows as the exec layer does,
// moves groups, freezes and restores, and gathers what comes out.
class OperatorDriver {
 public:
  OperatorDriver(const OperatorPlan& plan, std::uint64_t seed, std::size_t instances,
                 Millis now = 0)
      : plan_(plan), random_(seed), clock_(now) {
    start(instances);
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      owners_[group] = random_.below(instances);
      if (state(owners_[group]) != nullptr) state(owners_[group])->create({group});
    }
  }

  // Gives the rows of one batch to the instances that own them.
  void feed(std::size_t input, const std::vector<Row>& rows) {
    const std::vector<Type> types = types_of(plan_.input(input));
    std::vector<std::vector<Value>> values;
    for (const Row& row : rows) values.push_back(row.values);
    const std::vector<Column> columns = columns_of(types, values);
    std::vector<const Column*> keys;
    for (const std::size_t key : plan_.keys[input]) keys.push_back(&columns[key]);
    std::vector<std::uint64_t> hashes(rows.size());
    hash_rows(keys, rows.size(), hashes.data());
    for (std::size_t instance = 0; instance < operators_.size(); ++instance) {
      std::vector<std::uint32_t> mine;
      for (std::size_t i = 0; i < rows.size(); ++i)
        if (owners_[key_group_of(hashes[i], kGroups).value] == instance)
          mine.push_back(static_cast<std::uint32_t>(i));
      if (mine.empty()) continue;
      Batch batch{.columns = columns, .physical_rows = rows.size()};
      auto kinds = allocate_values<RowKind>(rows.size());
      bool inserts = true;
      for (std::size_t i = 0; i < rows.size(); ++i)
        inserts &= (kinds[i] = rows[i].kind) == RowKind::kInsert;
      if (!inserts) batch.kinds = kinds;
      if (random_.below(2) == 0) {
        batch = batch.gather(mine);
      } else {
        batch.selection = std::make_shared<const std::vector<std::uint32_t>>(mine);
      }
      const Status status = operators_[instance]->on_batch(input, std::move(batch));
      ASSERT_TRUE(status) << status.error().message;
      drain(instance);
    }
  }
  void watermark(Millis time) {
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      ASSERT_TRUE(operators_[i]->on_watermark(time));
      drain(i);
    }
  }
  // Moves the clock and calls the timers that are due.
  void advance_clock(std::int64_t milliseconds) {
    clock_.advance(std::chrono::milliseconds(milliseconds));
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      const auto timer = operators_[i]->timer();
      if (!timer || *timer > clock_.now()) continue;
      ASSERT_TRUE(operators_[i]->on_processing_time(clock_.now()));
      drain(i);
    }
  }
  // Hands over some groups, chosen at random.
  void move_groups() {
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      if (random_.below(3) != 0) continue;
      const std::size_t to = random_.below(operators_.size());
      if (to == owners_[group]) continue;
      state(to)->adopt({group}, state(owners_[group])->release({group}));
      owners_[group] = to;
    }
  }
  // Ends all instances after a checkpoint and starts others from its files.
  void restore(std::size_t instances) {
    ++checkpoint_;
    std::vector<std::string> files(kGroups);
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      state(i)->take_frozen();
      for (const FrozenUnit& frozen : state(i)->freeze({checkpoint_}, {}))
        files[frozen.group.value] = encode_unit(*frozen.unit);
    }
    const std::vector<StateTableShape> shapes = state(0)->shapes();
    start(instances);
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      owners_[group] = random_.below(instances);
      auto unit = decode_unit(files[group], shapes, memory_);
      ASSERT_TRUE(unit) << unit.error().message;
      state(owners_[group])->adopt({group}, std::move(unit).value());
    }
  }
  // Pictures of everything that changed, taken while the operators go on, then thrown away: later
  // writes copy.
  void freeze() {
    ++checkpoint_;
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      pictures_ = state(i)->take_frozen();
      state(i)->begin_freeze({checkpoint_}, {checkpoint_ - 1});
      state(i)->freeze_more(kGroups / 2);
    }
  }

  const Multiset& output() const { return output_; }
  const std::vector<Row>& rows() const { return rows_; }
  std::size_t largest_batch() const { return largest_batch_; }
  std::uint64_t late_rows() const { return counters_.late_rows; }
  Millis now() { return clock_.now(); }
  OperatorState* state(std::size_t i) { return operators_[i]->state(); }
  Operator& instance(std::size_t i) { return *operators_[i]; }

  static std::vector<Type> types_of(const Schema& schema) {
    std::vector<Type> types;
    for (const Field& field : schema.fields) types.push_back(field.type);
    return types;
  }

 private:
  static constexpr std::uint32_t kGroups = 16;

  void start(std::size_t instances) {
    operators_.clear();
    for (std::size_t i = 0; i < instances; ++i) {
      auto made = make_operator({.graph = plan_.graph,
                                 .id = plan_.id,
                                 .clock = clock_,
                                 .counters = counters_,
                                 .memory = memory_,
                                 .key_groups = kGroups});
      CHECK(made.has_value());
      operators_.push_back(std::move(made).value());
    }
  }
  void drain(std::size_t instance) {
    while (true) {
      auto next = operators_[instance]->next();
      ASSERT_TRUE(next) << next.error().message;
      if (!*next) return;
      const Batch batch = (*next)->dense();
      ASSERT_GT(batch.physical_rows, 0u);
      ASSERT_LE(batch.physical_rows, kMaxBatchRows);
      largest_batch_ = std::max(largest_batch_, batch.physical_rows);
      const Schema& schema = plan_.graph.at(plan_.id).output;
      ASSERT_EQ(batch.columns.size(), schema.size());
      for (std::size_t i = 0; i < schema.size(); ++i)
        ASSERT_EQ(batch.columns[i].type(), schema.fields[i].type);
      for (std::size_t i = 0; i < batch.physical_rows; ++i) {
        Row row{.kind = batch.kind_at(i)};
        for (const Column& column : batch.columns) row.values.push_back(column.value_at(i));
        apply(output_, text_of(row.values), row.kind);
        rows_.push_back(std::move(row));
      }
    }
  }

  const OperatorPlan& plan_;
  Random random_;
  ManualClock clock_;
  OperatorCounters counters_;
  MemoryBudget memory_{std::int64_t{1} << 32};
  std::vector<std::unique_ptr<Operator>> operators_;
  std::array<std::size_t, kGroups> owners_{};
  std::uint64_t checkpoint_ = 0;
  std::vector<FrozenUnit> pictures_;
  Multiset output_;
  std::vector<Row> rows_;
  std::size_t largest_batch_ = 0;
};

}  // namespace penstock
