#pragma once

#include <gtest/gtest.h>

#include <string>

#include "runtime/sql/compile.h"

namespace penstock::sql {

// Tables that tests share; the text under test follows on line 1 of its own.
inline const std::string kTables =
    "CREATE TABLE bid (auction BIGINT, bidder BIGINT NOT NULL, price BIGINT, channel STRING, at "
    "TIMESTAMP(3), "
    "WATERMARK FOR at AS at - INTERVAL '4' SECOND) WITH ('connector' = 'datagen'); "
    "CREATE TABLE person (id BIGINT, name STRING, city STRING, at TIMESTAMP(3), home ROW<street "
    "STRING, zip INT>, "
    "proc AS PROCTIME(), WATERMARK FOR at AS at) WITH ('connector' = 'datagen', 'number-of-rows' = "
    "'10'); "
    "CREATE TABLE names (name STRING) WITH ('connector' = 'blackhole'); "
    "CREATE TABLE counts (k BIGINT, n BIGINT) WITH ('connector' = 'print'); "
    "CREATE TABLE files (k BIGINT, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '/data', "
    "'format' = 'json'); ";

inline StreamGraph compiled(const std::string& text) {
  Compiled result = compile(kTables + text);
  EXPECT_TRUE(result.ok()) << result.error().to_string();
  return result.ok() ? result.graph() : StreamGraph{};
}

inline SqlError refused(const std::string& text) {
  Compiled result = compile(kTables + text);
  EXPECT_FALSE(result.ok()) << "accepted: " << text;
  return result.ok() ? SqlError{} : result.error();
}

inline const OperatorNode& node(const StreamGraph& graph, const std::string& name) {
  for (const OperatorNode& one : graph.operators)
    if (one.name == name) return one;
  ADD_FAILURE() << "no operator " << name << " in\n" << explain_text(graph);
  static const OperatorNode kNone{.name = "", .spec = UnionSpec{}};
  return kNone;
}

inline std::string names(const StreamGraph& graph) {
  std::string text;
  for (const OperatorNode& one : graph.operators) text += (text.empty() ? "" : " ") + one.name;
  return text;
}

template <typename Spec>
const Spec& spec(const StreamGraph& graph, const std::string& name) {
  static const Spec kNone{};
  const Spec* found = std::get_if<Spec>(&node(graph, name).spec);
  if (found == nullptr) ADD_FAILURE() << name << " is a " << kind_name(node(graph, name).spec);
  return found != nullptr ? *found : kNone;
}

}  // namespace penstock::sql
