#include <algorithm>
#include <array>

#include "runtime/sql/parse_parts.h"

namespace penstock::sql {
namespace {

// Operators in a row ("a + a + ...") nest to the left: the tree gets deep where the text is not.
constexpr int kMaxTreeDepth = 250;

using Kind = ExprNode::Kind;

Parsed<ExprNode> finish(ExprNode node) {
  for (const ExprNode& argument : node.arguments)
    node.depth = std::max(node.depth, argument.depth + 1);
  if (node.depth > kMaxTreeDepth)
    return Fault{node.place, "an expression of more than 250 operators within each other"};
  return node;
}

Parsed<ExprNode> call(Place place, std::string function, std::vector<ExprNode> arguments) {
  return finish({.kind = Kind::kCall,
                 .place = place,
                 .text = std::move(function),
                 .arguments = std::move(arguments)});
}

Parsed<ExprNode> negate(bool negated, Place place, Parsed<ExprNode> node) {
  if (!negated || !node) return node;
  std::vector<ExprNode> arguments;
  arguments.push_back(std::move(node).value());
  return call(place, "NOT", std::move(arguments));
}

std::vector<ExprNode> pair(ExprNode a, ExprNode b) {
  std::vector<ExprNode> both;
  both.push_back(std::move(a));
  both.push_back(std::move(b));
  return both;
}

ExprNode text_node(Place place, std::string text) {
  return {.kind = Kind::kText, .place = place, .text = std::move(text)};
}

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  Parsed<ExprNode> expression() {
    const TokenStream::Deeper deeper(tokens_);
    if (!deeper.ok()) return tokens_.too_deep();
    return joined("OR", Kind::kOr, &ExpressionParser::conjunction);
  }

 private:
  using Rule = Parsed<ExprNode> (ExpressionParser::*)();

  Parsed<ExprNode> joined(std::string_view word, Kind kind, Rule rule) {
    TRY_ASSIGN(ExprNode first, (this->*rule)());
    if (!tokens_.at(word)) return first;
    ExprNode node{.kind = kind, .place = first.place};
    node.arguments.push_back(std::move(first));
    while (tokens_.accept(word)) {
      TRY_ASSIGN(ExprNode next, (this->*rule)());
      node.arguments.push_back(std::move(next));
    }
    return finish(std::move(node));
  }

  Parsed<ExprNode> conjunction() { return joined("AND", Kind::kAnd, &ExpressionParser::negation); }

  Parsed<ExprNode> negation() {
    const Place place = tokens_.place();
    bool negated = false;
    while (tokens_.accept("NOT")) negated = !negated;
    if (tokens_.at("EXISTS")) return not_implemented(tokens_.place(), "EXISTS");
    return negate(negated, place, predicate());
  }

  Parsed<ExprNode> predicate() {
    TRY_ASSIGN(ExprNode left, sum());
    while (true) {
      const Place place = tokens_.place();
      if (const std::string comparison = accept_comparison(); !comparison.empty()) {
        if (tokens_.at("ANY") || tokens_.at("SOME") || tokens_.at({"ALL", "("}))
          return not_implemented(tokens_.place(), "comparisons with a subquery");
        TRY_ASSIGN(ExprNode right, sum());
        TRY_ASSIGN(left, call(place, comparison, pair(std::move(left), std::move(right))));
      } else if (tokens_.accept("IS")) {
        TRY_ASSIGN(left, is(place, std::move(left)));
      } else if (tokens_.at("IN") || tokens_.at("LIKE") || tokens_.at("BETWEEN") ||
                 tokens_.at("SIMILAR") || tokens_.at("NOT")) {
        const bool negated = tokens_.accept("NOT");
        TRY_ASSIGN(left, negate(negated, place, membership(place, std::move(left))));
      } else {
        return left;
      }
    }
  }

  std::string accept_comparison() {
    for (const char* symbol : {"=", "<>", "!=", "<=", ">=", "<", ">"})
      if (tokens_.accept(symbol)) return std::string_view(symbol) == "!=" ? "<>" : symbol;
    return {};
  }

  Parsed<ExprNode> is(Place place, ExprNode left) {
    const std::string negated = tokens_.accept("NOT") ? "NOT " : "";
    if (tokens_.accept({"DISTINCT", "FROM"})) {
      TRY_ASSIGN(ExprNode right, sum());
      return call(place, "IS " + negated + "DISTINCT FROM",
                  pair(std::move(left), std::move(right)));
    }
    std::vector<ExprNode> arguments;
    arguments.push_back(std::move(left));
    for (const char* word : {"NULL", "TRUE", "FALSE"})
      if (tokens_.accept(word)) return call(place, "IS " + negated + word, std::move(arguments));
    if (tokens_.accept("UNKNOWN"))
      return call(place, "IS " + negated + "NULL", std::move(arguments));
    return tokens_.unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM",
                              {"NULL", "TRUE", "FALSE", "UNKNOWN", "DISTINCT", "NOT"});
  }

  Parsed<ExprNode> membership(Place place, ExprNode left) {
    if (tokens_.accept("IN")) return in(place, std::move(left));
    if (tokens_.accept("LIKE")) {
      TRY_ASSIGN(ExprNode pattern, sum());
      std::vector<ExprNode> arguments = pair(std::move(left), std::move(pattern));
      if (tokens_.accept("ESCAPE")) {
        TRY_ASSIGN(ExprNode escape, sum());
        arguments.push_back(std::move(escape));
      }
      return call(place, "LIKE", std::move(arguments));
    }
    if (tokens_.accept("BETWEEN")) {
      if (tokens_.at("SYMMETRIC")) return not_implemented(tokens_.place(), "BETWEEN SYMMETRIC");
      tokens_.accept("ASYMMETRIC");
      ExprNode node{.kind = Kind::kBetween, .place = place};
      node.arguments.push_back(std::move(left));
      TRY_ASSIGN(ExprNode low, sum());
      node.arguments.push_back(std::move(low));
      TRY(tokens_.expect("AND"));
      TRY_ASSIGN(ExprNode high, sum());
      node.arguments.push_back(std::move(high));
      return finish(std::move(node));
    }
    if (tokens_.at("SIMILAR")) return not_implemented(tokens_.place(), "SIMILAR TO");
    return tokens_.unexpected("IN, LIKE or BETWEEN", {"IN", "LIKE", "BETWEEN"});
  }

  Parsed<ExprNode> in(Place place, ExprNode left) {
    TRY(tokens_.expect("("));
    if (tokens_.at("SELECT")) return not_implemented(tokens_.place(), "IN with a subquery");
    ExprNode node{.kind = Kind::kIn, .place = place};
    node.arguments.push_back(std::move(left));
    TRY(list(node.arguments));
    return finish(std::move(node));
  }

  // expression, ... )
  Done list(std::vector<ExprNode>& out) {
    do {
      TRY_ASSIGN(ExprNode item, expression());
      out.push_back(std::move(item));
    } while (tokens_.accept(","));
    return tokens_.expect(")");
  }

  Parsed<ExprNode> binary(std::initializer_list<const char*> symbols, Rule rule) {
    TRY_ASSIGN(ExprNode left, (this->*rule)());
    while (true) {
      const Place place = tokens_.place();
      const auto* symbol = std::find_if(symbols.begin(), symbols.end(),
                                        [this](const char* one) { return tokens_.accept(one); });
      if (symbol == symbols.end()) return left;
      TRY_ASSIGN(ExprNode right, (this->*rule)());
      TRY_ASSIGN(left, call(place, *symbol, pair(std::move(left), std::move(right))));
    }
  }

  Parsed<ExprNode> sum() { return binary({"+", "-", "||"}, &ExpressionParser::product); }
  Parsed<ExprNode> product() { return binary({"*", "/", "%"}, &ExpressionParser::unary); }

  Parsed<ExprNode> unary() {
    const Place place = tokens_.place();
    bool negative = false;
    while (true) {
      if (tokens_.accept("-"))
        negative = !negative;
      else if (!tokens_.accept("+"))
        break;
    }
    TRY_ASSIGN(ExprNode node, postfix());
    if (!negative) return node;
    if (node.kind == Kind::kNumber) {
      node.text = "-" + node.text;
      node.place = place;
      return node;
    }
    std::vector<ExprNode> arguments;
    arguments.push_back(std::move(node));
    return call(place, "NEG", std::move(arguments));
  }

  Parsed<ExprNode> postfix() {
    TRY_ASSIGN(ExprNode node, primary());
    while (node.kind != Kind::kNumber && tokens_.at(".")) {
      const Place place = tokens_.place();
      tokens_.take();
      TRY_ASSIGN(std::string field, tokens_.name("a field name"));
      ExprNode access{.kind = Kind::kField, .place = place, .name = {std::move(field)}};
      access.arguments.push_back(std::move(node));
      TRY_ASSIGN(node, finish(std::move(access)));
    }
    return node;
  }

  Parsed<ExprNode> primary() {
    const Token& token = tokens_.peek();
    const Place place = token.place;
    if (token.kind == Token::Kind::kNumber)
      return ExprNode{.kind = Kind::kNumber, .place = place, .text = tokens_.take().text};
    if (token.kind == Token::Kind::kText) return text_node(place, tokens_.take().text);
    if (tokens_.accept("(")) return parenthesis();
    if (tokens_.accept("NULL")) return ExprNode{.kind = Kind::kNull, .place = place};
    if (tokens_.accept("TRUE")) return ExprNode{.kind = Kind::kTrue, .place = place};
    if (tokens_.accept("FALSE")) return ExprNode{.kind = Kind::kFalse, .place = place};
    if (tokens_.accept("CASE")) return case_of(place);
    if (tokens_.accept({"CAST", "("})) return cast(place, Kind::kCast);
    if (tokens_.accept({"TRY_CAST", "("})) return cast(place, Kind::kTryCast);
    if (tokens_.accept("INTERVAL")) return interval(place);
    if (tokens_.peek(1).kind == Token::Kind::kText &&
        (tokens_.at("DATE") || tokens_.at("TIMESTAMP") || tokens_.at("TIME")))
      return typed(place);
    return named(place);
  }

  Parsed<ExprNode> parenthesis() {
    if (tokens_.at("SELECT")) return not_implemented(tokens_.place(), "a subquery as a value");
    TRY_ASSIGN(ExprNode node, expression());
    if (tokens_.at(",")) return not_implemented(tokens_.place(), "rows as values");
    TRY(tokens_.expect(")"));
    // (t).a is a field of t, and ((a AND b)) AND c keeps its shape; nothing to mark.
    return node;
  }

  Parsed<ExprNode> typed(Place place) {
    const std::string word = upper(tokens_.take().text);
    if (word == "TIME") return not_implemented(place, "type TIME");
    return ExprNode{
        .kind = Kind::kTyped,
        .place = place,
        .text = tokens_.take().text,
        .type = Type::of(word == "DATE" ? TypeKind::kDate : TypeKind::kTimestamp).not_null()};
  }

  Parsed<std::string> unit() {
    static constexpr std::array kUnits = {"SECOND", "MINUTE", "HOUR",    "DAY",
                                          "WEEK",   "MONTH",  "QUARTER", "YEAR"};
    for (const char* name : kUnits)
      if (tokens_.accept(name) || tokens_.accept(std::string(name) + "S")) {
        if (tokens_.accept("(")) {  // a precision: SECOND(3)
          tokens_.take();
          TRY(tokens_.expect(")"));
        }
        return std::string(name);
      }
    return tokens_.unexpected(
        "a unit: SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER or YEAR",
        {"SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"});
  }

  Parsed<ExprNode> interval(Place place) {
    ExprNode node{.kind = Kind::kInterval, .place = place};
    if (tokens_.accept("-"))
      node.negative = true;
    else
      tokens_.accept("+");
    TRY_ASSIGN(node.text, tokens_.text("a quoted number, as in INTERVAL '10' SECOND"));
    TRY_ASSIGN(std::string from, unit());
    node.name.push_back(std::move(from));
    if (tokens_.accept("TO")) {
      TRY_ASSIGN(std::string to, unit());
      node.name.push_back(std::move(to));
    }
    return node;
  }

  Parsed<ExprNode> cast(Place place, Kind kind) {
    ExprNode node{.kind = kind, .place = place};
    TRY_ASSIGN(ExprNode value, expression());
    node.arguments.push_back(std::move(value));
    TRY(tokens_.expect("AS"));
    TRY_ASSIGN(node.type, read_type(tokens_, TypeUse::kCast));
    TRY(tokens_.expect(")"));
    return finish(std::move(node));
  }

  Parsed<ExprNode> case_of(Place place) {
    ExprNode node{.kind = Kind::kCase, .place = place};
    if (!tokens_.at("WHEN")) {
      node.simple = true;
      TRY_ASSIGN(ExprNode value, expression());
      node.arguments.push_back(std::move(value));
    }
    if (!tokens_.at("WHEN")) return tokens_.unexpected("WHEN", {"WHEN"});
    while (tokens_.accept("WHEN")) {
      TRY_ASSIGN(ExprNode when, expression());
      node.arguments.push_back(std::move(when));
      TRY(tokens_.expect("THEN"));
      TRY_ASSIGN(ExprNode then, expression());
      node.arguments.push_back(std::move(then));
    }
    if (tokens_.accept("ELSE")) {
      TRY_ASSIGN(ExprNode otherwise, expression());
      node.arguments.push_back(std::move(otherwise));
    } else {
      node.arguments.push_back({.kind = Kind::kNull, .place = tokens_.place()});
    }
    if (!tokens_.accept("END"))
      return tokens_.unexpected("WHEN, ELSE or END", {"WHEN", "ELSE", "END", "THEN"});
    return finish(std::move(node));
  }

  // A column, or the call of a function. Reserved words that are functions too (LEFT, RIGHT) are
  // let through.
  Parsed<ExprNode> named(Place place) {
    const bool function =
        tokens_.peek(1).is_symbol("(") &&
        (tokens_.at_name() || tokens_.at("LEFT") || tokens_.at("RIGHT") || tokens_.at("SET"));
    if (!function && !tokens_.at_name()) {
      if (tokens_.at({"ROW", "("}) || tokens_.at("ARRAY") || tokens_.at("MAP"))
        return not_implemented(place, tokens_.peek().text + " values");
      Fault fault = tokens_.unexpected(
          "an expression", {"CASE", "CAST", "NULL", "TRUE", "FALSE", "INTERVAL", "NOT"});
      if (tokens_.peek().kind == Token::Kind::kWord && fault.place.offset == place.offset)
        fault.message += ", a reserved word (write `" + tokens_.peek().text + "` for a name)";
      return fault;
    }
    ExprNode node{.kind = Kind::kName, .place = place};
    node.quoted = tokens_.peek().kind == Token::Kind::kQuoted;
    const Token token = tokens_.take();
    if (!function) {
      node.name.push_back(token.text);
      while (tokens_.at(".") && !tokens_.peek(1).is_symbol("*")) {
        tokens_.take();
        TRY_ASSIGN(std::string part, tokens_.name("a name"));
        node.name.push_back(std::move(part));
        if (node.name.size() > TokenStream::kMaxDepth) return tokens_.too_deep();
      }
      return node;
    }
    tokens_.take();
    node.kind = Kind::kCall;
    node.text = upper(token.text);
    TRY(arguments_of(node));
    TRY(after_call(node));
    return finish(std::move(node));
  }

  Done arguments_of(ExprNode& node) {
    if (tokens_.accept(")")) return done();
    if (node.text == "EXTRACT") return extract(node);
    if (node.text == "TRIM") return trim(node);
    if (node.text == "POSITION") return position(node);
    if (node.text == "TIMESTAMPADD" || node.text == "TIMESTAMPDIFF") {
      const Place place = tokens_.place();
      TRY_ASSIGN(std::string name, unit());
      node.arguments.push_back(text_node(place, std::move(name)));
      TRY(tokens_.expect(","));
    }
    if (tokens_.at("*")) {
      node.arguments.push_back({.kind = Kind::kStar, .place = tokens_.take().place});
      return tokens_.expect(")");
    }
    node.distinct = tokens_.accept("DISTINCT");
    if (!node.distinct) tokens_.accept("ALL");
    if (tokens_.at("SELECT")) return not_implemented(tokens_.place(), "a subquery as an argument");
    TRY_ASSIGN(ExprNode first, expression());
    node.arguments.push_back(std::move(first));
    if ((node.text == "FLOOR" || node.text == "CEIL" || node.text == "CEILING") &&
        tokens_.accept("TO")) {
      const Place place = tokens_.place();
      TRY_ASSIGN(std::string name, unit());
      node.arguments.push_back(text_node(place, std::move(name)));
      return tokens_.expect(")");
    }
    if (node.text == "SUBSTRING" && tokens_.accept("FROM")) {
      TRY_ASSIGN(ExprNode start, expression());
      node.arguments.push_back(std::move(start));
      if (!tokens_.accept("FOR")) return tokens_.expect(")");
      TRY_ASSIGN(ExprNode length, expression());
      node.arguments.push_back(std::move(length));
      return tokens_.expect(")");
    }
    if (tokens_.accept(",")) return list(node.arguments);
    if (!tokens_.accept(")"))
      return tokens_.unexpected("',' or ')'", {"FROM", "FOR", "TO", "AND", "OR", "AS"});
    return done();
  }

  Done extract(ExprNode& node) {
    const Place place = tokens_.place();
    if (tokens_.peek().kind != Token::Kind::kWord) return tokens_.unexpected("a unit such as HOUR");
    node.arguments.push_back(text_node(place, upper(tokens_.take().text)));
    TRY(tokens_.expect("FROM"));
    TRY_ASSIGN(ExprNode value, expression());
    node.arguments.push_back(std::move(value));
    return tokens_.expect(")");
  }

  // TRIM([BOTH | LEADING | TRAILING] [characters FROM] text) becomes TRIM, LTRIM or RTRIM (text[,
  // characters]).
  Done trim(ExprNode& node) {
    bool side = true;
    if (tokens_.accept("LEADING"))
      node.text = "LTRIM";
    else if (tokens_.accept("TRAILING"))
      node.text = "RTRIM";
    else
      side = tokens_.accept("BOTH");
    if (side && tokens_.accept("FROM")) return list(node.arguments);
    TRY_ASSIGN(ExprNode first, expression());
    if (!tokens_.accept("FROM")) {
      if (side) return tokens_.unexpected("FROM", {"FROM"});
      node.arguments.push_back(std::move(first));
      return tokens_.expect(")");
    }
    TRY_ASSIGN(ExprNode value, expression());
    node.arguments = pair(std::move(value), std::move(first));
    return tokens_.expect(")");
  }

  // POSITION(part IN text)
  Done position(ExprNode& node) {
    TRY_ASSIGN(ExprNode part, sum());
    TRY(tokens_.expect("IN"));
    TRY_ASSIGN(ExprNode value, sum());
    node.arguments = pair(std::move(part), std::move(value));
    return tokens_.expect(")");
  }

  Done after_call(ExprNode& node) {
    if (tokens_.accept("FILTER")) {
      TRY(tokens_.expect("("));
      TRY(tokens_.expect("WHERE"));
      TRY_ASSIGN(ExprNode filter, expression());
      TRY(tokens_.expect(")"));
      node.depth = std::max(node.depth, filter.depth + 1);
      node.filter = std::make_shared<const ExprNode>(std::move(filter));
    }
    if (tokens_.at("OVER")) return not_implemented(tokens_.place(), "OVER");
    if (tokens_.at("WITHIN")) return not_implemented(tokens_.place(), "WITHIN GROUP");
    return done();
  }

  TokenStream& tokens_;
};

}  // namespace

Parsed<ExprNode> parse_expression(TokenStream& tokens) {
  return ExpressionParser(tokens).expression();
}

}  // namespace penstock::sql
