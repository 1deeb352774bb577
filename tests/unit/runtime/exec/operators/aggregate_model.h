#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/runtime/exec/operators/operator_driver.h"

namespace penstock {

// A table with something of everything. `t` is the event time.
inline Schema model_schema() {
  return {{{"k", Type::of(TypeKind::kBigint)},
           {"name", Type::of(TypeKind::kString)},
           {"v", Type::of(TypeKind::kInt)},
           {"w", Type::of(TypeKind::kBigint)},
           {"d", Type::of(TypeKind::kDouble)},
           {"m", Type::decimal(10, 2)},
           {"f", Type::of(TypeKind::kBoolean)},
           {"s", Type::of(TypeKind::kString)},
           {"t", Type::of(TypeKind::kTimestamp)}}};
}
inline constexpr std::size_t kTime = 8;

inline Row model_row(Random& random, std::uint64_t keys, Millis time) {
  const auto maybe = [&](Value value) { return random.below(6) == 0 ? Value{} : value; };
  const auto small = [&](std::uint64_t bound) {
    return static_cast<std::int64_t>(random.below(bound)) - static_cast<std::int64_t>(bound / 3);
  };
  return {.values = {
              maybe(Value{small(keys)}), maybe(Value{"name " + std::to_string(random.below(3))}),
              maybe(Value{static_cast<std::int32_t>(small(50))}), maybe(Value{small(1000)}),
              maybe(Value{static_cast<double>(small(64)) / 4}),
              maybe(Value{static_cast<Int128>(small(10000))}), maybe(Value{random.below(2) == 0}),
              maybe(Value{std::string(random.below(4), 'z') + std::to_string(random.below(9))}),
              Value{time}}};
}

inline AggregateCall call_of(const char* name, AggregateFunction function,
                             std::optional<std::size_t> argument, bool distinct = false,
                             std::optional<std::size_t> filter = {}) {
  std::vector<Type> arguments;
  if (argument) arguments.push_back(model_schema().fields[*argument].type);
  return {.function = function,
          .argument = argument,
          .distinct = distinct,
          .filter = filter,
          .type = aggregate_type(name, arguments).value()};
}

inline std::vector<AggregateCall> model_calls() {
  using enum AggregateFunction;
  return {call_of("COUNT", kCount, {}),
          call_of("COUNT", kCount, 3),
          call_of("SUM", kSum, 2),
          call_of("SUM", kSum, 3, false, 6),
          call_of("AVG", kAvg, 2),
          call_of("AVG", kAvg, 4),
          call_of("AVG", kAvg, 5),
          call_of("SUM", kSum, 5),
          call_of("MIN", kMin, 3),
          call_of("MAX", kMax, 7),
          call_of("COUNT", kCount, 7, true),
          call_of("SUM", kSum, 2, true, 6),
          call_of("MIN", kMin, 4, false, 6),
          call_of("MAX", kMax, 2, true),
          call_of("COUNT", kCount, {}, false, 6)};
}

inline Schema output_schema(const std::vector<std::size_t>& keys,
                            const std::vector<AggregateCall>& calls) {
  Schema schema;
  for (const std::size_t key : keys) schema.fields.push_back(model_schema().fields[key]);
  for (std::size_t i = 0; i < calls.size(); ++i)
    schema.fields.push_back({"a" + std::to_string(i), calls[i].type});
  return schema;
}

// Of two values of the same type, not NULL.
inline bool less(const Value& a, const Value& b) {
  return std::visit(
      [&](const auto& x) {
        using T = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<T, std::monostate> || std::is_same_v<T, std::vector<Value>>) {
          return false;
        } else {
          return x < std::get<T>(b.is);
        }
      },
      a.is);
}

// What the aggregate of some rows is, computed one row after the other from the definition.
inline Value model_aggregate(const AggregateCall& call, const std::vector<Row>& rows) {
  std::vector<Value> values;
  std::set<std::string> seen;
  for (const Row& row : rows) {
    if (call.filter && !(row.values[*call.filter] == Value{true})) continue;
    const Value value = call.argument ? row.values[*call.argument] : Value{true};
    if (value.null()) continue;
    if (call.distinct && !seen.insert(text_of(value)).second) continue;
    values.push_back(value);
  }
  if (call.function == AggregateFunction::kCount)
    return Value{static_cast<std::int64_t>(values.size())};
  if (values.empty()) return {};
  if (call.function == AggregateFunction::kMin) return *std::ranges::min_element(values, less);
  if (call.function == AggregateFunction::kMax) return *std::ranges::max_element(values, less);
  const bool average = call.function == AggregateFunction::kAvg;
  const auto count = static_cast<std::int64_t>(values.size());
  if (std::holds_alternative<double>(values[0].is)) {
    double sum = 0;
    for (const Value& value : values) sum += std::get<double>(value.is);
    return Value{average ? sum / static_cast<double>(count) : sum};
  }
  if (std::holds_alternative<Int128>(values[0].is)) {
    Int128 sum = 0;
    for (const Value& value : values) sum += std::get<Int128>(value.is);
    if (!average) return Value{sum};
    for (int scale = model_schema().fields[*call.argument].type.scale; scale < call.type.scale;
         ++scale)
      sum *= 10;
    const Int128 doubled = 2 * sum + (sum < 0 ? -count : count);  // half away from zero
    return Value{static_cast<Int128>(doubled / (2 * count))};
  }
  std::int64_t sum = 0;
  const bool narrow = std::holds_alternative<std::int32_t>(values[0].is);
  for (const Value& value : values)
    sum += narrow ? std::get<std::int32_t>(value.is) : std::get<std::int64_t>(value.is);
  if (average) sum /= count;
  return narrow ? Value{static_cast<std::int32_t>(sum)} : Value{sum};
}

// Keys, then results, of rows grouped by their keys.
inline Multiset model_groups(const std::vector<std::size_t>& keys,
                             const std::vector<AggregateCall>& calls, const std::vector<Row>& rows,
                             const std::string& suffix = "") {
  std::map<std::string, std::vector<Row>> groups;
  for (const Row& row : rows) {
    std::vector<Value> key;
    for (const std::size_t column : keys) key.push_back(row.values[column]);
    groups[text_of(key)].push_back(row);
  }
  Multiset out;
  for (const auto& [key, members] : groups) {
    std::string text = key;
    for (const AggregateCall& call : calls) text += text_of(model_aggregate(call, members)) + "|";
    ++out[text + suffix];
  }
  return out;
}

}  // namespace penstock
