#include "runtime/sql/parse_parts.h"

namespace penstock::sql {
namespace {

class QueryParser {
 public:
  explicit QueryParser(TokenStream& tokens) : tokens_(tokens) {}

  Parsed<Query> query() {
    const TokenStream::Deeper deeper(tokens_);
    if (!deeper.ok()) return tokens_.too_deep();
    if (tokens_.at("WITH"))
      return not_implemented(tokens_.place(), "WITH; write a subquery in FROM or a view");
    Query query{.place = tokens_.place()};
    while (true) {
      TRY_ASSIGN(Query::Part one, part());
      query.parts.push_back(std::move(one));
      if (!tokens_.accept("UNION")) break;
      if (!tokens_.accept("ALL")) return not_implemented(tokens_.place(), "UNION without ALL");
    }
    for (const char* word : {"INTERSECT", "EXCEPT", "MINUS", "LIMIT", "FETCH", "OFFSET"})
      if (tokens_.at(word)) return not_implemented(tokens_.place(), word);
    if (tokens_.at({"ORDER", "BY"})) return not_implemented(tokens_.place(), "ORDER BY");
    return query;
  }

 private:
  Parsed<Query::Part> part() {
    Query::Part part{.select = {}, .nested = {}, .place = tokens_.place()};
    if (tokens_.accept("(")) {
      TRY_ASSIGN(Query nested, query());
      TRY(tokens_.expect(")"));
      part.nested = std::make_shared<const Query>(std::move(nested));
      return part;
    }
    if (tokens_.at("VALUES")) return not_implemented(tokens_.place(), "VALUES");
    if (!tokens_.at("SELECT")) return tokens_.unexpected("SELECT", {"SELECT"});
    TRY_ASSIGN(Select one, select());
    part.select = std::move(one);
    return part;
  }

  Parsed<Select> select() {
    Select select{.place = tokens_.take().place};
    select.distinct = tokens_.accept("DISTINCT");
    if (!select.distinct) tokens_.accept("ALL");
    do {
      TRY_ASSIGN(SelectItem one, item());
      select.items.push_back(std::move(one));
    } while (tokens_.accept(","));
    if (!tokens_.accept("FROM")) return tokens_.unexpected("FROM or ','", {"FROM", "AS"});
    TRY_ASSIGN(TableRef from, tables());
    select.from = std::make_shared<const TableRef>(std::move(from));
    if (tokens_.accept("WHERE")) {
      TRY_ASSIGN(select.where, parse_expression(tokens_));
    }
    if (tokens_.accept({"GROUP", "BY"})) TRY(group_by(select));
    if (tokens_.accept("HAVING")) {
      TRY_ASSIGN(select.having, parse_expression(tokens_));
    }
    if (tokens_.at({"WINDOW"})) return not_implemented(tokens_.place(), "WINDOW");
    if (tokens_.at("QUALIFY")) return not_implemented(tokens_.place(), "QUALIFY");
    return select;
  }

  Done group_by(Select& select) {
    select.grouped = true;
    for (const char* word : {"GROUPING", "CUBE", "ROLLUP"})
      if (tokens_.at(word) && (tokens_.peek(1).is_symbol("(") || tokens_.peek(1).is_word("SETS")))
        return not_implemented(tokens_.place(), word);
    if (tokens_.accept({"(", ")"})) return done();
    do {
      TRY_ASSIGN(ExprNode key, parse_expression(tokens_));
      select.group_by.push_back(std::move(key));
    } while (tokens_.accept(","));
    return done();
  }

  // Whether "*" or "a.b.*" comes next.
  bool at_star() const {
    std::size_t ahead = 0;
    while ((tokens_.peek(ahead).kind == Token::Kind::kWord ||
            tokens_.peek(ahead).kind == Token::Kind::kQuoted) &&
           tokens_.peek(ahead + 1).is_symbol("."))
      ahead += 2;
    return tokens_.peek(ahead).is_symbol("*");
  }

  Parsed<SelectItem> item() {
    SelectItem item{
        .expr = {}, .alias = {}, .star = at_star(), .qualifier = {}, .place = tokens_.place()};
    if (item.star) {
      while (!tokens_.accept("*")) {
        TRY_ASSIGN(std::string name, tokens_.name("a table name"));
        item.qualifier.push_back(std::move(name));
        TRY(tokens_.expect("."));
      }
      return item;
    }
    TRY_ASSIGN(item.expr, parse_expression(tokens_));
    if (tokens_.accept("AS")) {
      TRY_ASSIGN(item.alias, tokens_.name("a column name"));
    } else if (tokens_.at_name()) {
      item.alias = tokens_.take().text;
    }
    return item;
  }

  // Comma joins bind weaker than JOIN.
  Parsed<TableRef> tables() {
    TRY_ASSIGN(TableRef left, joined());
    while (tokens_.at(",")) {
      const Place place = tokens_.take().place;
      TRY_ASSIGN(TableRef right, joined());
      left = join(place, std::move(left), std::move(right));
    }
    return left;
  }

  static TableRef join(Place place, TableRef left, TableRef right) {
    TableRef join{.kind = TableRef::Kind::kJoin, .place = place};
    join.inputs.push_back(std::make_shared<const TableRef>(std::move(left)));
    join.inputs.push_back(std::make_shared<const TableRef>(std::move(right)));
    return join;
  }

  Parsed<TableRef> joined() {
    TRY_ASSIGN(TableRef left, table());
    for (int joins = 0;; ++joins) {
      const Place place = tokens_.place();
      for (const char* word : {"LEFT", "RIGHT", "FULL", "NATURAL"})
        if (tokens_.at(word))
          return not_implemented(place, std::string(word) + " joins; inner joins are there");
      const bool cross = tokens_.accept({"CROSS", "JOIN"});
      if (!cross && !tokens_.accept({"INNER", "JOIN"}) && !tokens_.accept("JOIN")) return left;
      if (joins == TokenStream::kMaxDepth) return tokens_.too_deep();
      TRY_ASSIGN(TableRef right, table());
      left = join(place, std::move(left), std::move(right));
      if (cross) continue;
      if (tokens_.at("USING")) return not_implemented(tokens_.place(), "USING; write ON a.x = b.x");
      if (!tokens_.accept("ON")) return tokens_.unexpected("ON", {"ON"});
      TRY_ASSIGN(left.condition, parse_expression(tokens_));
    }
  }

  bool at_window_function() const {
    for (const char* name : {"TUMBLE", "HOP", "CUMULATE", "SESSION"})
      if (tokens_.at(name) && tokens_.peek(1).is_symbol("(")) return true;
    return false;
  }

  Parsed<TableRef> table() {
    const TokenStream::Deeper deeper(tokens_);
    if (!deeper.ok()) return tokens_.too_deep();
    TableRef ref{.place = tokens_.place()};
    if (tokens_.at("LATERAL") || tokens_.at("UNNEST"))
      return not_implemented(ref.place, tokens_.peek().text);
    if (tokens_.accept({"TABLE", "("})) {
      TRY_ASSIGN(ref, window());
      TRY(tokens_.expect(")"));
    } else if (at_window_function()) {
      TRY_ASSIGN(ref, window());
    } else if (tokens_.accept("(")) {
      TRY_ASSIGN(ref, parenthesis(ref.place));
    } else {
      TRY_ASSIGN(ref.table, tokens_.name("a table, a view or a subquery"));
      if (tokens_.at("."))
        return not_implemented(tokens_.place(), "names of catalogs and databases");
      if (tokens_.at({"FOR", "SYSTEM_TIME"}))
        return not_implemented(tokens_.place(), "FOR SYSTEM_TIME");
      if (tokens_.at("(")) return not_implemented(ref.place, "table function " + ref.table);
      if (tokens_.at("MATCH_RECOGNIZE")) return not_implemented(tokens_.place(), "MATCH_RECOGNIZE");
    }
    TRY(alias(ref));
    return ref;
  }

  Parsed<TableRef> parenthesis(Place place) {
    if (!tokens_.at("SELECT") && !tokens_.at("(") && !tokens_.at("VALUES") && !tokens_.at("WITH")) {
      TRY_ASSIGN(TableRef inner, tables());
      TRY(tokens_.expect(")"));
      return inner;
    }
    TableRef ref{.kind = TableRef::Kind::kQuery, .place = place};
    TRY_ASSIGN(Query nested, query());
    TRY(tokens_.expect(")"));
    ref.query = std::make_shared<const Query>(std::move(nested));
    return ref;
  }

  Done alias(TableRef& ref) {
    if (tokens_.accept("AS")) {
      TRY_ASSIGN(ref.alias, tokens_.name("a name for the table"));
    } else if (tokens_.at_name()) {
      ref.alias = tokens_.take().text;
    } else {
      return done();
    }
    if (!tokens_.accept("(")) return done();
    do {
      TRY_ASSIGN(std::string column, tokens_.name("a column name"));
      ref.column_aliases.push_back(std::move(column));
    } while (tokens_.accept(","));
    return tokens_.expect(")");
  }

  // TUMBLE(TABLE t, DESCRIPTOR(time), size [, offset]); HOP has the slide before the size.
  // Arguments may be named.
  Parsed<TableRef> window() {
    TableRef ref{.kind = TableRef::Kind::kWindow, .place = tokens_.place()};
    if (!at_window_function()) return tokens_.unexpected("TUMBLE or HOP", {"TUMBLE", "HOP"});
    ref.function = upper(tokens_.take().text);
    if (ref.function != "TUMBLE" && ref.function != "HOP")
      return not_implemented(ref.place, ref.function + " windows");
    tokens_.take();
    std::vector<std::string> parameters = {"DATA", "TIMECOL"};
    if (ref.function == "HOP") parameters.emplace_back("SLIDE");
    parameters.insert(parameters.end(), {"SIZE", "OFFSET"});
    std::vector<std::optional<ExprNode>> values(parameters.size());
    for (std::size_t position = 0;; ++position) {
      TRY_ASSIGN(const std::size_t parameter, parameter_at(parameters, position));
      if (values[parameter]) return tokens_.unexpected("each argument once");
      TRY_ASSIGN(values[parameter], argument(ref, parameter));
      if (!tokens_.accept(",")) break;
    }
    if (!tokens_.accept(")")) return tokens_.unexpected("',' or ')'");
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (!values[i] && parameters[i] != "OFFSET")
        return Fault{ref.place, ref.function + " lacks its argument " + parameters[i],
                     ref.function == "HOP" ? "HOP(TABLE t, DESCRIPTOR(time), slide, size)"
                                           : "TUMBLE(TABLE t, DESCRIPTOR(time), size)"};
      if (i >= 2 && values[i]) ref.arguments.push_back(std::move(*values[i]));
    }
    return ref;
  }

  Parsed<std::size_t> parameter_at(const std::vector<std::string>& parameters,
                                   std::size_t position) {
    if (tokens_.peek().kind == Token::Kind::kWord && tokens_.peek(1).is_symbol("=>")) {
      for (std::size_t i = 0; i < parameters.size(); ++i)
        if (tokens_.accept({parameters[i], "=>"})) return i;
      std::string expected;
      for (const std::string& name : parameters) expected += (expected.empty() ? "" : ", ") + name;
      return tokens_.unexpected(expected, {"DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"});
    }
    if (position < parameters.size()) return position;
    return tokens_.unexpected("')'");
  }

  Parsed<ExprNode> argument(TableRef& ref, std::size_t parameter) {
    if (parameter == 0) return data(ref);
    if (parameter == 1) return descriptor(ref);
    return parse_expression(tokens_);
  }

  Parsed<ExprNode> data(TableRef& ref) {
    TableRef input{.place = tokens_.place()};
    const bool keyword = tokens_.accept("TABLE");
    if (tokens_.accept("(")) {
      TRY_ASSIGN(input, parenthesis(input.place));
      if (input.kind != TableRef::Kind::kQuery && !keyword)
        return tokens_.unexpected("TABLE and a name");
    } else if (keyword) {
      TRY_ASSIGN(input.table, tokens_.name("a table or view"));
    } else {
      return tokens_.unexpected("TABLE and a name", {"TABLE"});
    }
    if (tokens_.at("PARTITION"))
      return not_implemented(tokens_.place(), "PARTITION BY of a window function");
    ref.inputs.push_back(std::make_shared<const TableRef>(std::move(input)));
    return ExprNode{};
  }

  Parsed<ExprNode> descriptor(TableRef& ref) {
    if (!tokens_.accept({"DESCRIPTOR", "("}))
      return tokens_.unexpected("DESCRIPTOR(column)", {"DESCRIPTOR"});
    ref.time_place = tokens_.place();
    TRY_ASSIGN(ref.time_column, tokens_.name("the time column"));
    TRY(tokens_.expect(")"));
    return ExprNode{};
  }

  TokenStream& tokens_;
};

}  // namespace

Parsed<Query> parse_query(TokenStream& tokens) { return QueryParser(tokens).query(); }

}  // namespace penstock::sql
