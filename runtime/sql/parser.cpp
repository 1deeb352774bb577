#include "runtime/sql/parser.h"

#include "runtime/sql/parse_parts.h"

namespace penstock::sql {
namespace {

class StatementParser {
 public:
  explicit StatementParser(TokenStream tokens) : tokens_(std::move(tokens)) {}

  Parsed<std::vector<Statement>> run() {
    while (!at_end()) {
      if (tokens_.accept(";")) continue;
      if (tokens_.accept({"EXECUTE", "STATEMENT", "SET"}) ||
          tokens_.accept({"BEGIN", "STATEMENT", "SET"})) {
        TRY(statement_set());
      } else {
        TRY(statement());
      }
      if (!at_end() && !tokens_.accept(";"))
        return tokens_.unexpected("';'", {"FROM", "WHERE", "GROUP", "HAVING", "UNION", "JOIN"});
    }
    return std::move(statements_);
  }

 private:
  bool at_end() const { return tokens_.peek().kind == Token::Kind::kEnd; }

  // EXECUTE STATEMENT SET BEGIN ... END; or the older BEGIN STATEMENT SET; ... END;
  Done statement_set() {
    if (!tokens_.accept("BEGIN") && !tokens_.accept(";"))
      return tokens_.unexpected("BEGIN", {"BEGIN"});
    while (!tokens_.accept("END")) {
      if (!tokens_.at("INSERT")) return tokens_.unexpected("INSERT or END", {"INSERT", "END"});
      TRY(statement());
      TRY(tokens_.expect(";"));
    }
    return done();
  }

  Done statement() {
    const Place place = tokens_.place();
    if (tokens_.accept("SET")) return set(place);
    if (tokens_.at({"INSERT", "OVERWRITE"})) return not_implemented(place, "INSERT OVERWRITE");
    if (tokens_.accept("INSERT")) return insert(place);
    if (tokens_.at("CREATE")) return create(place);
    for (const char* word : {"EXPLAIN", "SHOW", "DESCRIBE", "DESC", "DROP", "ALTER", "USE", "RESET",
                             "ANALYZE", "LOAD", "ADD", "UPDATE", "DELETE", "TRUNCATE", "CALL"})
      if (tokens_.at(word)) return not_implemented(place, std::string(word) + " statements");
    if (tokens_.at("SELECT") || tokens_.at("WITH"))
      return not_implemented(place, "SELECT as a statement; write INSERT INTO a table SELECT ...");
    return tokens_.unexpected("CREATE, INSERT or SET",
                              {"CREATE", "INSERT", "SET", "EXECUTE", "SELECT"});
  }

  Parsed<WrittenOption> option(const char* what) {
    WrittenOption option{.key = {}, .value = {}, .place = tokens_.place()};
    TRY_ASSIGN(option.key, tokens_.text(what));
    TRY(tokens_.expect("="));
    TRY_ASSIGN(option.value, tokens_.text("a quoted value"));
    return option;
  }

  Done set(Place) {
    TRY_ASSIGN(WrittenOption one, option("a quoted key: SET 'key' = 'value'"));
    statements_.push_back({Set{std::move(one)}});
    return done();
  }

  Done insert(Place place) {
    Insert insert{.place = place, .table_place = {}, .table = {}, .columns = {}, .query = {}};
    if (!tokens_.accept("INTO")) return tokens_.unexpected("INTO", {"INTO"});
    insert.table_place = tokens_.place();
    TRY_ASSIGN(insert.table, tokens_.name("a table"));
    if (tokens_.at("PARTITION"))
      return not_implemented(tokens_.place(), "INSERT INTO ... PARTITION");
    if (tokens_.at("(") && !tokens_.peek(1).is_word("SELECT") && !tokens_.peek(1).is_symbol("(")) {
      tokens_.take();
      do {
        const Place column_place = tokens_.place();
        TRY_ASSIGN(std::string column, tokens_.name("a column"));
        insert.columns.emplace_back(std::move(column), column_place);
      } while (tokens_.accept(","));
      TRY(tokens_.expect(")"));
    }
    TRY_ASSIGN(insert.query, parse_query(tokens_));
    statements_.push_back({std::move(insert)});
    return done();
  }

  Parsed<bool> if_not_exists() {
    if (!tokens_.accept("IF")) return false;
    TRY(tokens_.expect("NOT"));
    TRY(tokens_.expect("EXISTS"));
    return true;
  }

  Done create(Place place) {
    tokens_.take();
    if (tokens_.at({"OR", "REPLACE"})) return not_implemented(tokens_.place(), "OR REPLACE");
    const bool temporary = tokens_.accept("TEMPORARY");
    if (tokens_.accept("VIEW")) return create_view(place);
    if (tokens_.accept("TABLE")) return create_table(place);
    for (const char* word : {"FUNCTION", "SYSTEM", "CATALOG", "DATABASE", "MODEL"})
      if (tokens_.at(word)) return not_implemented(tokens_.place(), std::string("CREATE ") + word);
    return tokens_.unexpected(temporary ? "TABLE or VIEW" : "TABLE, VIEW or TEMPORARY",
                              {"TABLE", "VIEW", "TEMPORARY"});
  }

  Done create_view(Place place) {
    CreateView view{.place = place, .name = {}, .if_not_exists = false, .columns = {}, .query = {}};
    TRY_ASSIGN(view.if_not_exists, if_not_exists());
    TRY_ASSIGN(view.name, tokens_.name("a name for the view"));
    if (tokens_.accept("(")) {
      do {
        TRY_ASSIGN(std::string column, tokens_.name("a column name"));
        view.columns.push_back(std::move(column));
      } while (tokens_.accept(","));
      TRY(tokens_.expect(")"));
    }
    TRY(comment());
    if (!tokens_.accept("AS")) return tokens_.unexpected("AS", {"AS"});
    TRY_ASSIGN(view.query, parse_query(tokens_));
    statements_.push_back({std::move(view)});
    return done();
  }

  Done comment() {
    if (!tokens_.accept("COMMENT")) return done();
    TRY(tokens_.text("a quoted comment"));
    return done();
  }

  Done create_table(Place place) {
    CreateTable table{.place = place};
    TRY_ASSIGN(table.if_not_exists, if_not_exists());
    TRY_ASSIGN(table.name, tokens_.name("a name for the table"));
    if (tokens_.at(".")) return not_implemented(tokens_.place(), "names of catalogs and databases");
    TRY(tokens_.expect("("));
    do {
      TRY(table_element(table));
    } while (tokens_.accept(","));
    if (!tokens_.accept(")"))
      return tokens_.unexpected("',' or ')'",
                                {"NOT", "NULL", "COMMENT", "PRIMARY", "AS", "METADATA"});
    TRY(comment());
    if (tokens_.at({"PARTITIONED", "BY"}))
      return not_implemented(tokens_.place(), "PARTITIONED BY");
    table.options_place = tokens_.place();
    if (!tokens_.accept({"WITH", "("})) return tokens_.unexpected("WITH (", {"WITH", "COMMENT"});
    do {
      TRY_ASSIGN(WrittenOption one, option("a quoted option, as in 'connector' = 'filesystem'"));
      table.options.push_back(std::move(one));
    } while (tokens_.accept(","));
    if (!tokens_.accept(")")) return tokens_.unexpected("',' or ')'");
    if (tokens_.at("LIKE")) return not_implemented(tokens_.place(), "CREATE TABLE ... LIKE");
    statements_.push_back({std::move(table)});
    return done();
  }

  Done table_element(CreateTable& table) {
    const Place place = tokens_.place();
    if (tokens_.accept({"WATERMARK", "FOR"})) return watermark(table, place);
    if (tokens_.accept("CONSTRAINT")) {
      TRY(tokens_.name("a name for the constraint"));
      if (!tokens_.at("PRIMARY")) return tokens_.unexpected("PRIMARY KEY", {"PRIMARY"});
    }
    if (tokens_.accept({"PRIMARY", "KEY", "("})) return primary_key(table, place);
    return column(table, place);
  }

  Done watermark(CreateTable& table, Place place) {
    if (table.watermark) return Fault{place, "a table has one WATERMARK only"};
    CreateTable::Watermark watermark{.column = {}, .place = tokens_.place(), .expr = {}};
    TRY_ASSIGN(watermark.column, tokens_.name("the time column"));
    TRY(tokens_.expect("AS"));
    TRY_ASSIGN(watermark.expr, parse_expression(tokens_));
    table.watermark = std::move(watermark);
    return done();
  }

  Done primary_key(CreateTable& table, Place place) {
    if (!table.primary_key.empty()) return Fault{place, "a table has one PRIMARY KEY only"};
    do {
      const Place column_place = tokens_.place();
      TRY_ASSIGN(std::string name, tokens_.name("a column"));
      table.primary_key.emplace_back(std::move(name), column_place);
    } while (tokens_.accept(","));
    TRY(tokens_.expect(")"));
    return not_enforced();
  }

  Done not_enforced() {
    if (tokens_.accept({"NOT", "ENFORCED"})) return done();
    return tokens_.unexpected("NOT ENFORCED (keys are not checked)", {"ENFORCED", "NOT"});
  }

  Done column(CreateTable& table, Place place) {
    ColumnDefinition column{.name = {}, .place = place, .type = {}, .computed = {}};
    TRY_ASSIGN(column.name, tokens_.name("a column, PRIMARY KEY or WATERMARK FOR"));
    if (tokens_.accept("AS")) {
      TRY_ASSIGN(column.computed, parse_expression(tokens_));
    } else {
      TRY_ASSIGN(column.type, read_type(tokens_, TypeUse::kColumn));
      if (tokens_.at("METADATA")) return not_implemented(tokens_.place(), "METADATA columns");
      if (tokens_.accept({"PRIMARY", "KEY"})) {
        if (!table.primary_key.empty()) return Fault{place, "a table has one PRIMARY KEY only"};
        table.primary_key.emplace_back(column.name, place);
        TRY(not_enforced());
      }
    }
    TRY(comment());
    table.columns.push_back(std::move(column));
    return done();
  }

  TokenStream tokens_;
  std::vector<Statement> statements_;
};

}  // namespace

Parsed<std::vector<Statement>> parse(std::string_view text) {
  TRY_ASSIGN(std::vector<Token> tokens, tokenize(text));
  return StatementParser(TokenStream(std::move(tokens))).run();
}

}  // namespace penstock::sql
