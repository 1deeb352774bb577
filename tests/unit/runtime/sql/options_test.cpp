#include <gmock/gmock.h>

#include "tests/unit/runtime/sql/script.h"

namespace penstock::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Options, AreCheckedAgainstTheDeclarations) {
  const struct {
    const char* with;
    const char* message;
    const char* near;
  } cases[] = {
      {"'format' = 'json'", "table 'x' lacks the option 'connector'", ""},
      {"'connector' = 'filesytem'", "unknown connector 'filesytem'", "filesystem"},
      {"'connector' = 'filesystem', 'format' = 'json'", "lacks the option 'path'", ""},
      {"'connector' = 'filesystem', 'path' = '/x'", "lacks the option 'format'", ""},
      {"'connector' = 'filesystem', 'path' = '/x', 'format' = 'jsn'", "unknown format 'jsn'",
       "json"},
      {"'connector' = 'datagen', 'rows-per-secnd' = '1'", "has no option 'rows-per-secnd'",
       "rows-per-second"},
      {"'connector' = 'datagen', 'rows-per-second' = 'fast'",
       "option 'rows-per-second' cannot be 'fast'", ""},
      {"'connector' = 'datagen', 'format' = 'json'", "connector 'datagen' has no formats", ""},
      {"'connector' = 'print', 'connector' = 'print'", "option 'connector' stands twice", ""},
      {"'connector' = 'datagen', 'rows-per-second' = '${1X}'", "a variable is not well formed", ""},
  };
  for (const auto& one : cases) {
    const SqlError error = refused("CREATE TABLE x (a INT) WITH (" + std::string(one.with) + ")");
    EXPECT_THAT(error.message, HasSubstr(one.message)) << one.with;
    EXPECT_EQ(error.near_name, one.near) << one.with;
  }
}

TEST(Variables, StayUntilTheyAreResolved) {
  StreamGraph graph = compiled(
      "CREATE TABLE src (a STRING) WITH ('connector' = 'datagen', 'rows-per-second' = '${RATE}'); "
      "INSERT INTO names SELECT a FROM src WHERE a <> '${WHO} & ${WHO}' AND a <> 'x'");
  EXPECT_THAT(variables_of(graph), ElementsAre("RATE", "WHO"));

  const Status missing = resolve_variables(graph, {{"RATE", "5"}});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("${WHO}"));
  EXPECT_THAT(variables_of(graph), ElementsAre("RATE", "WHO")) << "all or nothing";

  const Status wrong = resolve_variables(graph, {{"RATE", "secret"}, {"WHO", "me"}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("table 'src', option 'rows-per-second'"));
  EXPECT_THAT(wrong.error().message, testing::Not(HasSubstr("secret")));

  ASSERT_TRUE(resolve_variables(graph, {{"RATE", "5"}, {"WHO", "' OR 1 = 1 --"}}));
  EXPECT_THAT(variables_of(graph), IsEmpty());
  EXPECT_EQ(spec<SourceSpec>(graph, "source-src").options.at("rows-per-second"), "5");
  EXPECT_THAT(explain_text(graph), HasSubstr("a <> ''' OR 1 = 1 -- & '' OR 1 = 1 --'"));
}

TEST(Variables, ThatDoNotFitTheirTypeAreNamedWithoutTheirValue) {
  StreamGraph graph =
      compiled("INSERT INTO names SELECT name FROM person WHERE id > CAST('${LIMIT}' AS BIGINT)");
  const Status wrong = resolve_variables(graph, {{"LIMIT", "secret"}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "the value of '${LIMIT}' cannot be read as BIGINT");
  ASSERT_TRUE(resolve_variables(graph, {{"LIMIT", "17"}}));
  EXPECT_THAT(explain_text(graph), HasSubstr("where id > 17"));
}

TEST(Variables, OutsideOfLiteralsAreRefused) {
  EXPECT_FALSE(compile(kTables + "INSERT INTO ${T} SELECT name FROM person").ok());
  EXPECT_THAT(
      refused("INSERT INTO names SELECT name FROM person WHERE at < at + INTERVAL '${N}' SECOND")
          .message,
      HasSubstr("a variable within an INTERVAL"));
}

}  // namespace
}  // namespace penstock::sql
