#include <chrono>
#include <iterator>

#include "runtime/base/random.h"
#include "tests/support/mutate.h"
#include "tests/unit/runtime/sql/script.h"

namespace penstock::sql {
namespace {

const std::string kScript =
    "SET 'pipeline.name' = 'x'; CREATE VIEW v AS SELECT a.auction, COUNT(DISTINCT b.id) FILTER "
    "(WHERE price BETWEEN 1 AND 2) n "
    "FROM bid a JOIN person AS b ON a.bidder = b.id WHERE channel LIKE 'a%' ESCAPE '!' OR home.zip "
    "IN (1, 2) GROUP BY auction "
    "HAVING SUM(price) > 0.5; INSERT INTO counts SELECT auction, n FROM v UNION ALL SELECT "
    "auction, CASE WHEN bidder = 1 THEN 2 ELSE "
    "CAST(TRIM(LEADING 'x' FROM channel) AS BIGINT) END FROM TABLE(HOP(TABLE bid, DESCRIPTOR(at), "
    "INTERVAL '2' SECOND, INTERVAL '10' "
    "SECOND)) GROUP BY auction, bidder, channel, window_start, window_end;";

constexpr const char* kPieces[] = {"(",
                                   ")",
                                   "'",
                                   "`",
                                   ",",
                                   ";",
                                   "SELECT ",
                                   " FROM ",
                                   "NULL",
                                   "CASE ",
                                   " END ",
                                   "*",
                                   ".",
                                   "--",
                                   "/*",
                                   "1e999",
                                   "99999999999999999999",
                                   "\xff",
                                   "\xc3",
                                   "${",
                                   "NOT ",
                                   " IN (",
                                   "CAST("};

TEST(Compile, SurvivesRandomChanges) {
  constexpr std::uint64_t kSeed = 20130101;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  ASSERT_TRUE(compile(kTables + kScript).ok()) << compile(kTables + kScript).error().to_string();
  Random random(kSeed);
  int refusals = 0;
  for (int round = 0; round < 3'000; ++round) {
    const Compiled result = compile(kTables + mutated(kScript, random, kPieces));
    if (result.ok()) {
      EXPECT_FALSE(explain_text(result.graph()).empty());
      continue;
    }
    ++refusals;
    EXPECT_GE(result.error().line, 1);
    EXPECT_FALSE(result.error().message.empty());
  }
  EXPECT_GT(refusals, 1'000);
}

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(Compile, RefusesWhatIsTooDeepOrTooLarge) {
  const std::string from = " FROM person";
  const std::string cases[] = {
      "INSERT INTO names SELECT " + repeated("(", 100'000),
      "INSERT INTO names SELECT " + repeated("(", 5'000) + "name" + repeated(")", 5'000) + from,
      "INSERT INTO names SELECT " + repeated("CASE ", 5'000) + from,
      "INSERT INTO names SELECT name || " + repeated("'x' || ", 5'000) + "'y'" + from,
      "INSERT INTO counts SELECT id, " + repeated("NULLIF(", 60) + "id" + repeated(", 1)", 60) +
          from,
      "INSERT INTO names SELECT " + repeated("CASE ", 60) + "name" +
          repeated(" WHEN 'a' THEN 'b' WHEN 'c' THEN 'd' END", 60) + from,
      "INSERT INTO names SELECT name FROM " + repeated("(SELECT * FROM ", 5'000),
      "CREATE TABLE x (a " + repeated("ROW<a ", 5'000),
      "INSERT INTO names SELECT name FROM person" + repeated(" JOIN person ON a = b", 5'000),
      "INSERT INTO names SELECT " + repeated("a.", 5'000) + "a" + from,
  };
  for (const std::string& text : cases)
    EXPECT_FALSE(compile(kTables + text).ok()) << text.substr(0, 60);
  EXPECT_TRUE(compile(kTables + "INSERT INTO names SELECT " + repeated("(", 50) + "name" +
                      repeated(")", 50) + from)
                  .ok());
}

TEST(Compile, RefusesViewsThatRepeatThemselvesWithoutEnd) {
  std::string text = "CREATE VIEW v0 AS SELECT name FROM person;";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "v" + std::to_string(i - 1);
    text += "CREATE VIEW v" + std::to_string(i) + " AS SELECT name FROM " + before +
            " UNION ALL SELECT name FROM " + before + ";";
  }
  EXPECT_NE(refused(text + "INSERT INTO names SELECT name FROM v39")
                .message.find("more than 5000 operators"),
            std::string::npos);
}

}  // namespace
}  // namespace penstock::sql
