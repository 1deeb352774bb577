#include "runtime/sql/compile.h"

#include <algorithm>

#include "runtime/base/overloaded.h"
#include "runtime/sql/bind_expression.h"
#include "runtime/sql/build.h"
#include "runtime/sql/declare.h"
#include "runtime/sql/insert.h"
#include "runtime/sql/parser.h"

namespace penstock::sql {
namespace {

Done apply(const Set& set, Options& settings) {
  const WrittenOption& option = set.option;
  const std::vector<std::string> known = {"pipeline.name", "table.local-time-zone"};
  if (std::find(known.begin(), known.end(), option.key) == known.end()) {
    Fault fault = not_implemented(option.place, "setting '" + option.key + "'");
    fault.expected = "one of " + joined(known, ", ");
    fault.near_name = nearest_of(option.key, known);
    return fault;
  }
  if (option.key == "table.local-time-zone" && option.value != "UTC")
    return not_implemented(option.place, "a local time zone other than UTC");
  TRY(check_variables(option.place, option.value));
  settings[option.key] = option.value;
  return done();
}

Parsed<StreamGraph> run(const std::vector<Statement>& statements, std::size_t text_size) {
  Catalog catalog;
  Options settings;
  std::vector<Target> targets;
  for (const Statement& statement : statements) {
    TRY(std::visit(Overloaded{[&](const CreateTable& one) { return declare_table(one, catalog); },
                              [&](const CreateView& one) { return declare_view(one, catalog); },
                              [&](const Set& one) { return apply(one, settings); },
                              [&](const Insert& one) -> Done {
                                TRY_ASSIGN(Target target, bind_insert(one, catalog));
                                targets.push_back(std::move(target));
                                return done();
                              }},
                   statement.is));
  }
  if (targets.empty())
    return Fault{{static_cast<std::uint32_t>(text_size)},
                 "there is nothing to run",
                 "INSERT INTO table SELECT ..."};
  TRY_ASSIGN(StreamGraph graph, build_graph(std::move(targets)));
  if (const auto name = settings.find("pipeline.name"); name != settings.end())
    graph.name = name->second;
  graph.settings = std::move(settings);
  return graph;
}

Done pin(StreamGraph& graph, const CompileOptions& options) {
  for (const auto& [name, parallelism] : options.pins) {
    const auto node =
        std::find_if(graph.operators.begin(), graph.operators.end(),
                     [&name = name](const OperatorNode& one) { return one.name == name; });
    if (node == graph.operators.end()) {
      std::vector<std::string> known;
      for (const OperatorNode& one : graph.operators) known.push_back(one.name);
      return Fault{{},
                   "settings for an unknown operator '" + name + "'",
                   "one of " + joined(known, ", "),
                   nearest_of(name, known)};
    }
    node->pinned = parallelism;
  }
  return done();
}

Parsed<StreamGraph> compile_text(std::string_view text, const CompileOptions& options) {
  if (text.size() > UINT32_MAX / 2) return Fault{{}, "the text is too long"};
  TRY_ASSIGN(const std::vector<Statement> statements, parse(text));
  TRY_ASSIGN(StreamGraph graph, run(statements, text.size()));
  TRY(pin(graph, options));
  return graph;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

int characters(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); }));
}

SqlError located(std::string_view text, const Fault& fault) {
  const std::size_t offset = std::min<std::size_t>(fault.place.offset, text.size());
  const std::string_view before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
  std::string_view line =
      text.substr(start, std::min(text.find('\n', offset), text.size()) - start);
  std::string_view before_in_line = before.substr(start);
  SqlError error{.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
                 .column = 1 + characters(before_in_line),
                 .message = fault.message,
                 .context_line = {},
                 .context_column = 1,
                 .expected = fault.expected,
                 .near_name = fault.near_name};
  constexpr std::size_t kAround = 60;
  if (line.size() > 2 * kAround && before_in_line.size() > kAround) {
    std::size_t cut = before_in_line.size() - kAround;
    while (cut < before_in_line.size() && continues_character(line[cut])) ++cut;
    line.remove_prefix(cut);
    before_in_line.remove_prefix(cut);
  }
  std::size_t end = std::min(line.size(), before_in_line.size() + kAround);
  while (end < line.size() && continues_character(line[end])) ++end;
  error.context_line = std::string(line.substr(0, end));
  for (char& c : error.context_line)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  error.context_column = 1 + characters(before_in_line);
  return error;
}

}  // namespace

std::string SqlError::to_string() const {
  std::string text =
      "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + message;
  if (!expected.empty()) text += "; expected " + expected;
  if (!near_name.empty()) text += "; did you mean '" + near_name + "'?";
  if (context_line.empty()) return text;
  return text + "\n  " + context_line + "\n  " +
         std::string(static_cast<std::size_t>(context_column - 1), ' ') + "^";
}

Error SqlError::to_error() const { return {Code::kInvalid, to_string()}; }

Result<StreamGraph> Compiled::to_result() && {
  if (!ok()) return error().to_error();
  return std::get<StreamGraph>(std::move(is));
}

Compiled compile(std::string_view text, const CompileOptions& options) {
  Parsed<StreamGraph> graph = compile_text(text, options);
  if (!graph) return {located(text, graph.error())};
  return {std::move(graph).value()};
}

}  // namespace penstock::sql
