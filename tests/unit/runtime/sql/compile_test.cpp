#include <gmock/gmock.h>

#include "tests/unit/runtime/sql/script.h"

namespace penstock::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The first projection of the Calc before the sink, and its filter.
const CalcSpec& calc_of(const StreamGraph& graph) {
  for (const OperatorNode& one : graph.operators)
    if (const auto* calc = std::get_if<CalcSpec>(&one.spec)) return *calc;
  ADD_FAILURE() << explain_text(graph);
  static const CalcSpec kNone;
  return kNone;
}

TEST(Expressions, BindAsFlinkReadsThem) {
  const struct {
    const char* sql;
    const char* bound;
  } cases[] = {
      {"price + 1 * 2", "x = price + CAST(1 * 2 AS BIGINT)"},
      {"-price", "x = -price"},
      {"price BETWEEN 1 AND 2 OR NOT bidder = 3", nullptr},
      {"CASE channel WHEN 'a' THEN 1 ELSE 2 END", "CASE WHEN channel = 'a' THEN 1 ELSE 2 END"},
      {"channel LIKE 'a%' ESCAPE '!'", "channel LIKE 'a%' ESCAPE '!'"},
      {"channel NOT LIKE 'a%'", "NOT (channel LIKE 'a%')"},
      {"channel IN ('a', 'b')", "channel IN ('a', 'b')"},
      {"price IS NOT NULL", "price IS NOT NULL"},
      {"price IS NOT DISTINCT FROM bidder", "price IS NOT DISTINCT FROM bidder"},
      {"TRY_CAST(channel AS INT)", "TRY_CAST(channel AS INT)"},
      {"UPPER(TRIM(BOTH 'x' FROM channel))", nullptr},
      {"SUBSTRING(channel FROM 1 FOR 2)", "SUBSTRING(channel, 1, 2)"},
      {"POSITION('a' IN channel)", "LOCATE('a', channel)"},
      {"EXTRACT(HOUR FROM at)", "EXTRACT('HOUR', at)"},
      {"FLOOR(at TO DAY)", "FLOOR(at, 'DAY')"},
      {"at + INTERVAL '1:30' MINUTE TO SECOND", nullptr},
      {"DATE '2013-01-31'", "DATE '2013-01-31'"},
      {"TIMESTAMP '2013-01-31 05:00:00'", nullptr},
      {"CURRENT_TIMESTAMP", nullptr},
      {"COALESCE(price, 0)", nullptr},
      {"channel || 'x''y'", "channel || 'x''y'"},
      {"`price`", "read bid (datagen): price"},
  };
  for (const auto& one : cases) {
    const std::string text =
        "CREATE VIEW v AS SELECT " + std::string(one.sql) + " AS x FROM bid; " +
        "INSERT INTO names SELECT CASE WHEN x IS NULL THEN 'n' ELSE CAST(x AS STRING) END FROM v";
    const Compiled result = compile(kTables + text);
    ASSERT_TRUE(result.ok()) << one.sql << ": " << result.error().to_string();
    if (one.bound != nullptr) {
      EXPECT_THAT(explain_text(result.graph()), HasSubstr(one.bound)) << one.sql;
    }
  }
}

TEST(Plan, AStarOverAPlainTableNeedsNoCalc) {
  EXPECT_EQ(names(compiled("INSERT INTO names SELECT name FROM person")),
            "source-person sink-names");
}

TEST(Plan, ReadsFieldsOfRows) {
  const StreamGraph graph =
      compiled("INSERT INTO names SELECT p.home.street FROM person AS p WHERE home.zip = 5");
  EXPECT_THAT(spec<SourceSpec>(graph, "source-person").nested, ElementsAre(ElementsAre(0, 1)));
  EXPECT_EQ(calc_of(graph).projections[0].to_string(), "$0.street");
}

TEST(Plan, SharesWhatIsEqual) {
  const StreamGraph graph = compiled(
      "CREATE VIEW big AS SELECT auction, price FROM bid WHERE price > 5; "
      "INSERT INTO counts SELECT auction, price FROM big; INSERT INTO counts SELECT auction, price "
      "FROM big;");
  EXPECT_EQ(names(graph), "source-bid calc-k-n sink-counts sink-counts-2");
}

TEST(Plan, GroupsIntoAChangelog) {
  const StreamGraph graph = compiled(
      "INSERT INTO counts SELECT auction, COUNT(DISTINCT bidder) FILTER (WHERE price > 3) FROM bid "
      "GROUP BY auction "
      "HAVING SUM(price) > 10");
  const auto& group = spec<GroupAggregateSpec>(graph, "group-by-auction");
  ASSERT_EQ(group.aggregates.size(), 2u);
  EXPECT_TRUE(group.aggregates[0].distinct);
  EXPECT_TRUE(group.aggregates[0].filter);
  EXPECT_EQ(group.aggregates[1].function, AggregateFunction::kSum);
  EXPECT_TRUE(node(graph, "group-by-auction").changelog);
  EXPECT_TRUE(node(graph, "calc-k-n").changelog);
  EXPECT_THAT(graph.warnings,
              ElementsAre(HasSubstr("operator group-by-auction keeps every group for ever")));
}

TEST(Plan, BoundedInputGivesNoWarning) {
  EXPECT_THAT(compiled("INSERT INTO counts SELECT id, COUNT(*) FROM person GROUP BY id").warnings,
              IsEmpty());
}

TEST(Plan, AggregatesWithoutKeysGoToOneSubtask) {
  const StreamGraph graph = compiled("INSERT INTO counts SELECT MAX(price), COUNT(*) FROM bid");
  const OperatorNode& group = node(graph, "group-all");
  EXPECT_TRUE(group.inputs[0].keyed);
  EXPECT_THAT(group.inputs[0].keys, IsEmpty());
}

TEST(Plan, DistinctGroupsByAllColumns) {
  const StreamGraph graph = compiled("INSERT INTO files SELECT DISTINCT auction, bidder FROM bid");
  EXPECT_THAT(spec<GroupAggregateSpec>(graph, "group-by-auction-bidder").keys, ElementsAre(0, 1));
  EXPECT_FALSE(node(graph, "group-by-auction-bidder").changelog) << "a group appears once";
}

TEST(Plan, AMaxOverAChangelogIsItselfOne) {
  const StreamGraph graph = compiled(
      "INSERT INTO counts SELECT a, MAX(n) FROM (SELECT auction AS a, bidder, COUNT(*) AS n FROM "
      "bid GROUP BY auction, bidder) t "
      "GROUP BY a");
  for (std::uint32_t i = 0; i < graph.operators.size(); ++i) {
    if (graph.operators[i].name != "group-by-a") continue;
    EXPECT_EQ(state_shapes(graph, {i}).back().state_name, "values-0");
    EXPECT_TRUE(graph.operators[i].changelog);
    return;
  }
  FAIL() << explain_text(graph);
}

TEST(Plan, WindowKeysInAnyOrderAndWindowTime) {
  const StreamGraph graph = compiled(
      "CREATE VIEW w AS SELECT window_end AS e, COUNT(*) AS n, auction, window_time AS t FROM "
      "TABLE(TUMBLE(DATA => TABLE bid, "
      "TIMECOL => DESCRIPTOR(at), SIZE => INTERVAL '1' MINUTE, OFFSET => INTERVAL '5' SECOND)) "
      "GROUP BY window_end, auction, window_time, window_start; "
      "INSERT INTO counts SELECT auction, SUM(n) FROM TABLE(TUMBLE(TABLE w, DESCRIPTOR(t), "
      "INTERVAL '1' HOUR)) "
      "GROUP BY auction, window_start, window_end");
  const auto& first = spec<WindowAggregateSpec>(graph, "window-by-auction");
  EXPECT_TRUE(first.emit_window_time);
  EXPECT_EQ(first.window.offset, 5'000);
  const auto& second = spec<WindowAggregateSpec>(graph, "window-by-auction-2");
  EXPECT_EQ(second.window.size, 3'600'000);
  EXPECT_EQ(second.window.time_column, 2u) << "window_time of the first";
}

TEST(Plan, FiltersOnTheWindowItselfKeepItsRows) {
  const StreamGraph graph = compiled(
      "INSERT INTO counts SELECT auction, COUNT(*) FROM TABLE(HOP(TABLE bid, DESCRIPTOR(at), "
      "INTERVAL '1' SECOND, INTERVAL '3' "
      "SECOND)) WHERE window_start > TIMESTAMP '2013-01-01 00:00:00' GROUP BY auction, "
      "window_start, window_end");
  EXPECT_EQ(kind_name(node(graph, "assign-windows").spec), "window-assign");
  EXPECT_EQ(kind_name(node(graph, "window-group-by-auction").spec), "attached-window-aggregate");
}

TEST(Plan, CommaJoinsTakeTheirKeysFromWhere) {
  const StreamGraph graph = compiled(
      "INSERT INTO names SELECT p.name FROM bid b, person p WHERE b.bidder = p.id AND b.price > 5 "
      "AND p.city = 'X' AND b.at < p.at");
  const auto& join = spec<JoinSpec>(graph, "join-bidder-id");
  EXPECT_TRUE(join.condition);
  EXPECT_THAT(graph.warnings,
              ElementsAre(HasSubstr("join-bidder-id keeps all rows of both inputs")));
}

TEST(Plan, JoinsOnExpressionsAndThreeTables) {
  const StreamGraph graph = compiled(
      "INSERT INTO names SELECT p.name FROM bid b JOIN person p ON b.bidder + 1 = p.id JOIN bid c "
      "ON c.auction = b.auction");
  EXPECT_EQ(kind_name(node(graph, "join-key0-id").spec), "join");
  EXPECT_EQ(kind_name(node(graph, "join-auction").spec), "join");
}

TEST(Plan, UnionAllCastsToCommonTypes) {
  const StreamGraph graph = compiled(
      "INSERT INTO counts SELECT auction, 1 FROM bid UNION ALL SELECT id, CAST(2 AS BIGINT) FROM "
      "person");
  EXPECT_EQ(kind_name(node(graph, "union").spec), "union");
  EXPECT_EQ(node(graph, "union").inputs.size(), 2u);
  EXPECT_EQ(node(graph, "union").output.fields[1].type.kind, TypeKind::kBigint);
}

TEST(Plan, AChangelogIntoAKeyedSinkIsKeyed) {
  const StreamGraph graph = compiled(
      "CREATE TABLE kept (n BIGINT, k BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = "
      "'print'); "
      "INSERT INTO kept (k, n) SELECT auction, COUNT(*) FROM bid GROUP BY auction");
  const OperatorNode& sink = node(graph, "sink-kept");
  EXPECT_TRUE(sink.inputs[0].keyed);
  EXPECT_THAT(sink.inputs[0].keys, ElementsAre(1));
  EXPECT_EQ(spec<CalcSpec>(graph, "calc-n-k").projections[1].to_string(), "$0");
}

TEST(Plan, StatementSetsSettingsAndNames) {
  const StreamGraph graph = compiled(
      "SET 'pipeline.name' = 'my job'; EXECUTE STATEMENT SET BEGIN INSERT INTO names SELECT name "
      "FROM person; "
      "INSERT INTO names SELECT city FROM person; END;");
  EXPECT_EQ(graph.name, "my job");
  EXPECT_EQ(names(graph), "source-person calc-name sink-names calc-name-2 sink-names-2");
}

TEST(Plan, NamesStayWhenUnrelatedPartsChange) {
  const std::string one = "INSERT INTO counts SELECT auction, COUNT(*) FROM bid GROUP BY auction;";
  const StreamGraph before = compiled(one);
  const StreamGraph after =
      compiled("INSERT INTO names SELECT name FROM person WHERE city = 'X';" + one);
  EXPECT_THAT(state_misfits(before, after), IsEmpty());
}

TEST(Plan, NamesStayWhenACalcComesOrGoes) {
  const auto with = [](const std::string& condition) {
    return compiled(
        "CREATE VIEW v AS SELECT auction AS a, bidder AS b FROM bid; INSERT INTO counts SELECT a, "
        "COUNT(*) FROM v " +
        condition + " GROUP BY a");
  };
  EXPECT_THAT(state_misfits(with(""), with("WHERE b > 5")), IsEmpty());
  EXPECT_EQ(node(with(""), "group-by-a").inputs.size(), 1u);
}

TEST(Plan, PinsStartChainsAndNameTheirOperator) {
  const std::string text = kTables + "INSERT INTO names SELECT name FROM person";
  const Compiled pinned = compile(text, {.pins = {{"sink-names", Parallelism{2}}}});
  ASSERT_TRUE(pinned.ok());
  EXPECT_EQ(node(pinned.graph(), "sink-names").pinned, Parallelism{2});
  const Compiled wrong = compile(text, {.pins = {{"sink-name", Parallelism{2}}}});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().near_name, "sink-names");
}

}  // namespace
}  // namespace penstock::sql
