#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/columns/type.h"
#include "runtime/sql/fault.h"

namespace penstock::sql {

// The syntax tree: what was written, with places, nothing resolved. Immutable after parsing.

struct ExprNode {
  enum class Kind : std::uint8_t {
    kName,    // `name`: a, t.a, t.a.b
    kStar,    // * as the argument of COUNT
    kNumber,  // `text`
    kText,    // `text`
    kNull,
    kTrue,
    kFalse,
    kTyped,     // DATE 'text' or TIMESTAMP 'text' of `type`
    kInterval,  // INTERVAL 'text' from `name[0]` to name[1], if any
    kCall,      // `text` (upper case) over `arguments`; also operators
    kField,     // arguments[0].name[0]
    kCast,      // arguments[0] AS `type`
    kTryCast,
    kCase,  // when, then, ..., [else]; `simple`: the first argument is compared with each WHEN
    kAnd,
    kOr,
    kIn,       // arguments[0] IN (others)
    kBetween,  // arguments[0] BETWEEN 1 AND 2
  };
  Kind kind = Kind::kNull;
  Place place{};
  std::string text{};
  std::vector<std::string> name{};
  std::vector<ExprNode> arguments{};
  Type type{};
  bool negative = false;  // an interval's sign
  bool simple = false;    // kCase
  bool distinct = false;  // of an aggregate
  bool quoted = false;    // kCall by a quoted name, kName with a quoted first part
  std::shared_ptr<const ExprNode> filter{};  // FILTER (WHERE ...) of an aggregate
  int depth = 1;
};

struct Query;

struct SelectItem {
  ExprNode expr;  // unless star
  std::optional<std::string> alias;
  bool star = false;  // * or qualifier.*
  std::vector<std::string> qualifier;
  Place place;
};

struct TableRef {
  enum class Kind : std::uint8_t { kTable, kQuery, kWindow, kJoin } kind = Kind::kTable;
  Place place{};
  std::string table{};                                    // kTable
  std::shared_ptr<const Query> query{};                   // kQuery
  std::vector<std::shared_ptr<const TableRef>> inputs{};  // kJoin: two; kWindow: one
  std::optional<ExprNode> condition{};                    // kJoin; none for a comma or CROSS JOIN
  std::string function{};                                 // kWindow: "TUMBLE", "HOP"
  std::string time_column{};
  Place time_place{};
  std::vector<ExprNode> arguments{};  // kWindow: after the descriptor, in Flink's order
  std::string alias{};                // empty: the table's name, or none
  std::vector<std::string> column_aliases{};
};

struct Select {
  Place place{};
  bool distinct = false;
  std::vector<SelectItem> items{};
  std::shared_ptr<const TableRef> from{};
  std::optional<ExprNode> where{};
  std::vector<ExprNode> group_by{};
  bool grouped = false;
  std::optional<ExprNode> having{};
};

// UNION ALL of its parts; a part is a Select or, in parentheses, another query.
struct Query {
  struct Part {
    std::optional<Select> select;
    std::shared_ptr<const Query> nested;
    Place place;
  };
  Place place{};
  std::vector<Part> parts{};
};

struct ColumnDefinition {
  std::string name;
  Place place;
  Type type;                         // of a physical column
  std::optional<ExprNode> computed;  // AS expression
};

struct WrittenOption {
  std::string key;
  std::string value;
  Place place;
};

struct CreateTable {
  Place place;
  std::string name;
  bool if_not_exists = false;
  std::vector<ColumnDefinition> columns;
  struct Watermark {
    std::string column;
    Place place;
    ExprNode expr;
  };
  std::optional<Watermark> watermark;
  std::vector<std::pair<std::string, Place>> primary_key;
  std::vector<WrittenOption> options;
  Place options_place;
};

struct CreateView {
  Place place;
  std::string name;
  bool if_not_exists = false;
  std::vector<std::string> columns;
  Query query;
};

struct Insert {
  Place place;
  Place table_place;
  std::string table;
  std::vector<std::pair<std::string, Place>> columns;
  Query query;
};

struct Set {
  WrittenOption option;
};

struct Statement {
  std::variant<CreateTable, CreateView, Insert, Set> is;
};

}  // namespace penstock::sql
