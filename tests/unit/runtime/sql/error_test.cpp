#include <gmock/gmock.h>

#include "tests/unit/runtime/sql/script.h"

namespace penstock::sql {
namespace {

using testing::HasSubstr;

TEST(SqlError, ShowsLineColumnTextAndCaret) {
  const Compiled result = compile(
      "-- sch\xc3\xb6n\nCREATE TABLE t (a INT) WITH ('connector' = 'print');\n  INSERT INTO s "
      "SELECT 1 FROM t");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().line, 3);
  EXPECT_EQ(result.error().column, 15);
  EXPECT_EQ(result.error().to_string(),
            "line 3, column 15: unknown table 's'; expected one of t\n"
            "    INSERT INTO s SELECT 1 FROM t\n"
            "                ^");
  EXPECT_EQ(result.error().to_error().code, Code::kInvalid);
}

TEST(SqlError, CutsLongLines) {
  const SqlError error = refused("INSERT INTO names SELECT nam FROM person");
  EXPECT_LE(error.context_line.size(), 130u);
  EXPECT_EQ(error.context_line.substr(static_cast<std::size_t>(error.context_column - 1), 3),
            "nam");
}

TEST(SqlError, NamesWhatIsWrongAndWhatWasMeant) {
  const struct {
    const char* sql;
    const char* message;
    const char* near;
  } cases[] = {
      {"SELCT 1", "unexpected 'SELCT'", "SELECT"},
      {"INSERT INTO names SELECT name FORM person", "unexpected 'FORM'", "FROM"},
      {"INSERT INTO names SELECT name FROM persn", "unknown table 'persn'", "person"},
      {"INSERT INTO names SELECT nme FROM person", "unknown column 'nme'", "name"},
      {"INSERT INTO names SELECT Name FROM person", "unknown column 'Name'", "name"},
      {"INSERT INTO names SELECT p.nam FROM person p", "unknown column 'nam' of 'p'", "name"},
      {"INSERT INTO names SELECT home.stret FROM person", "unknown field 'stret'", "street"},
      {"INSERT INTO names SELECT UPER(name) FROM person",
       "unknown function UPER; did you mean UPPER?", ""},
      {"INSERT INTO counts SELECT id, COUNTT(*) FROM person GROUP BY id",
       "'*' is an argument of COUNT only, not of COUNTT", "COUNT"},
      {"INSERT INTO name SELECT name FROM person", "unknown table 'name'", "names"},
      {"INSERT INTO names SELECT name FROM person WHERE id",
       "WHERE needs a BOOLEAN, this is BIGINT", ""},
      {"INSERT INTO names SELECT name FROM person WHERE COUNT(*) > 1",
       "an aggregate cannot stand in WHERE", ""},
      {"INSERT INTO names SELECT name FROM person GROUP BY city",
       "column 'name' is neither grouped nor aggregated", ""},
      {"INSERT INTO names SELECT name AS x FROM person GROUP BY x",
       "a name given in SELECT is not known to GROUP BY", ""},
      {"INSERT INTO names SELECT at FROM person a, bid b WHERE a.id = b.bidder",
       "column 'at' is in both 'a' and 'b'", ""},
      {"INSERT INTO names SELECT a.name FROM person a, person b WHERE a.id > b.id",
       "a join without an equality", ""},
      {"INSERT INTO names SELECT id FROM person",
       "column 'name' is STRING, the query gives BIGINT (write a CAST)", ""},
      {"INSERT INTO names SELECT name, city FROM person",
       "query schema: (name STRING, city STRING), sink schema: (name STRING)", ""},
      {"INSERT INTO person SELECT * FROM person", "table 'person' cannot be written: it is datagen",
       ""},
      {"INSERT INTO names SELECT name FROM names", "table 'names' cannot be read: it is blackhole",
       ""},
      {"INSERT INTO files SELECT auction, COUNT(*) FROM bid GROUP BY auction",
       "takes new rows only, but operator group-by-auction updates its rows", ""},
      {"INSERT INTO counts SELECT auction, COUNT(*) FROM TABLE(TUMBLE(TABLE bid, "
       "DESCRIPTOR(price), INTERVAL '1' SECOND)) GROUP BY "
       "auction, window_end",
       "column 'price' is no time attribute", ""},
      {"INSERT INTO counts SELECT 1, 1 FROM TABLE(HOP(TABLE bid, DESCRIPTOR(at), INTERVAL '2' "
       "SECOND, INTERVAL '5' SECOND))",
       "must be a multiple of its slide", ""},
      {"INSERT INTO counts SELECT 1, 1 FROM TABLE(TUMBL(TABLE bid, DESCRIPTOR(at), INTERVAL '2' "
       "SECOND))",
       "unexpected 'TUMBL'", "TUMBLE"},
      {"INSERT INTO names SELECT name FROM person LEFT JOIN bid ON id = bidder",
       "NotImplemented: LEFT joins", ""},
      {"INSERT INTO names SELECT name FROM person ORDER BY name", "NotImplemented: ORDER BY", ""},
      {"INSERT INTO names SELECT name FROM person LIMIT 5", "NotImplemented: LIMIT", ""},
      {"INSERT INTO names SELECT name FROM person WHERE id IN (SELECT bidder FROM bid)",
       "NotImplemented: IN with a subquery", ""},
      {"INSERT INTO names SELECT FIRST_VALUE(name) FROM person",
       "NotImplemented: function FIRST_VALUE", ""},
      {"SELECT name FROM person", "NotImplemented: SELECT as a statement", ""},
      {"SET 'parallelism' = '2'", "NotImplemented: setting 'parallelism'", ""},
      {"CREATE TABLE x (a TIMESTAMP) WITH ('connector' = 'print')",
       "NotImplemented: TIMESTAMP of precision 6", ""},
      {"CREATE TABLE x (a BIGNT) WITH ('connector' = 'print')", "unknown type BIGNT", "BIGINT"},
      {"CREATE TABLE x (a INT, a INT) WITH ('connector' = 'print')", "column 'a' stands twice", ""},
      {"CREATE TABLE x (a INT, WATERMARK FOR a AS a) WITH ('connector' = 'print')",
       "WATERMARK FOR 'a' of type INT", ""},
      {"CREATE TABLE x (a INT, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'print')",
       "'b' is no physical column", ""},
      {"CREATE TABLE bid (a INT) WITH ('connector' = 'print')", "table 'bid' is there already", ""},
      {"INSERT INTO names SELECT 'abc FROM person", "this text never ends", ""},
      {"INSERT INTO names SELECT \"name\" FROM person", "unexpected '\"'", ""},
      {"INSERT INTO names SELECT DATE '2013-31-01' FROM person", "'2013-31-01' is no DATE", ""},
      {"INSERT INTO names SELECT name FROM (SELECT name, name FROM person)",
       "column 'name' stands twice in its table", ""},
      {"INSERT INTO names SELECT name FROM person UNION SELECT name FROM person",
       "NotImplemented: UNION without ALL", ""},
      {"INSERT INTO names SELECT select FROM person", "a reserved word (write `select` for a name)",
       ""},
      {"INSERT INTO names SELECT NULL FROM person", "NULL has no type", ""},
      {"/* open", "this comment never ends", ""},
      {"", "there is nothing to run", ""},
  };
  for (const auto& one : cases) {
    const SqlError error = refused(one.sql);
    EXPECT_THAT(error.message, HasSubstr(one.message)) << one.sql << "\n" << error.to_string();
    EXPECT_EQ(error.near_name, one.near) << one.sql << "\n" << error.to_string();
  }
}

TEST(SqlError, PointsAtThePlace) {
  const std::string text = "INSERT INTO names\nSELECT name\nFROM person\nWHERE  idd = 1";
  const Compiled result = compile(kTables + "\n" + text);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().line, 5);
  EXPECT_EQ(result.error().column, 8);
}

}  // namespace
}  // namespace penstock::sql
