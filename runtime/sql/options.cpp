#include "runtime/sql/options.h"

#include <charconv>
#include <map>

#include "runtime/base/units.h"
#include "runtime/connectors/declarations.h"
#include "runtime/sql/bind_expression.h"

namespace penstock::sql {
namespace {

using Kind = OptionDeclaration::Kind;

bool declares(const OptionDeclaration& declaration, std::string_view key) {
  if (!declaration.name.ends_with(".*")) return declaration.name == key;
  const std::string_view prefix = declaration.name.substr(0, declaration.name.size() - 1);
  return key.size() > prefix.size() && key.starts_with(prefix);
}

template <typename T>
bool reads_as(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// What the kind expects, where `value` is none; empty: it fits.
std::string expected_of(Kind kind, const std::string& value) {
  switch (kind) {
    case Kind::kText:
      return {};
    case Kind::kPath:
      return value.empty() ? "a path" : "";
    case Kind::kInteger:
      return reads_as<std::int64_t>(value) ? "" : "a whole number";
    case Kind::kNumber:
      return reads_as<double>(value) ? "" : "a number";
    case Kind::kBoolean:
      return value == "true" || value == "false" ? "" : "true or false";
    case Kind::kDuration:
      return parse_duration(value) ? "" : "a duration such as 10s";
    case Kind::kBytes:
      return parse_bytes(value) ? "" : "a size such as 64Mi";
  }
  return {};
}

// All options that a connector and a format declare.
std::vector<OptionDeclaration> declared_options(const ConnectorDeclaration& connector,
                                                const FormatDeclaration* format) {
  std::vector<OptionDeclaration> all(connector.options.begin(), connector.options.end());
  if (format != nullptr) all.insert(all.end(), format->options.begin(), format->options.end());
  return all;
}

const OptionDeclaration* find_option(const std::vector<OptionDeclaration>& all,
                                     std::string_view key) {
  for (const OptionDeclaration& one : all)
    if (declares(one, key)) return &one;
  return nullptr;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

template <typename Declarations>
std::vector<std::string> names_of_all(const Declarations& all) {
  std::vector<std::string> names;
  for (const auto& one : all) names.emplace_back(one.name);
  return names;
}

Parsed<const FormatDeclaration*> format_of(
    const CreateTable& written, const ConnectorDeclaration& connector,
    const std::map<std::string, const WrittenOption*>& by_key) {
  const auto format = by_key.find("format");
  if (!connector.needs_format) {
    if (format == by_key.end()) return static_cast<const FormatDeclaration*>(nullptr);
    return Fault{format->second->place,
                 "connector '" + std::string(connector.name) + "' has no formats", "no 'format'"};
  }
  const std::vector<std::string> names = names_of_all(format_declarations());
  if (format == by_key.end())
    return Fault{written.options_place, "table '" + written.name + "' lacks the option 'format'",
                 "one of " + joined(names, ", ")};
  if (const FormatDeclaration* found = find_format(format->second->value)) return found;
  return Fault{format->second->place, "unknown format '" + format->second->value + "'",
               "one of " + joined(names, ", "), nearest_of(format->second->value, names)};
}

Parsed<const ConnectorDeclaration*> connector_of(
    const CreateTable& written, const std::map<std::string, const WrittenOption*>& by_key) {
  const std::vector<std::string> names = names_of_all(connector_declarations());
  const auto connector = by_key.find("connector");
  if (connector == by_key.end())
    return Fault{written.options_place, "table '" + written.name + "' lacks the option 'connector'",
                 "one of " + joined(names, ", ")};
  if (const ConnectorDeclaration* found = find_connector(connector->second->value)) return found;
  return Fault{connector->second->place, "unknown connector '" + connector->second->value + "'",
               "one of " + joined(names, ", "), nearest_of(connector->second->value, names)};
}

Done check_option(const WrittenOption& option, const std::string& key,
                  const std::vector<OptionDeclaration>& all, std::string_view connector) {
  const OptionDeclaration* declared = find_option(all, key);
  if (declared == nullptr) {
    const std::vector<std::string> names = names_of_all(all);
    return Fault{option.place,
                 "connector '" + std::string(connector) + "' has no option '" + option.key + "'",
                 names.empty() ? "no options" : "one of " + joined(names, ", "),
                 nearest_of(key, names)};
  }
  if (has_variable(option.value)) return check_variables(option.place, option.value);
  if (const std::string expected = expected_of(declared->kind, option.value); !expected.empty())
    return Fault{option.place, "option '" + key + "' cannot be '" + option.value + "'", expected};
  return done();
}

const FormatDeclaration* format_of(const Table& table) {
  const auto format = table.options.find("format");
  return format == table.options.end() ? nullptr : find_format(format->second);
}

}  // namespace

Done check_options(const CreateTable& written, Table& table) {
  std::map<std::string, const WrittenOption*> by_key;
  for (const WrittenOption& option : written.options)
    if (!by_key.emplace(lower(option.key), &option).second)
      return Fault{option.place, "option '" + option.key + "' stands twice"};
  TRY_ASSIGN(const ConnectorDeclaration* connector, connector_of(written, by_key));
  TRY_ASSIGN(const FormatDeclaration* format, format_of(written, *connector, by_key));
  const std::vector<OptionDeclaration> all = declared_options(*connector, format);
  for (const auto& [key, option] : by_key) {
    table.options[key] = option->value;
    if (key == "connector" || key == "format") continue;
    TRY(check_option(*option, key, all, connector->name));
  }
  for (const OptionDeclaration& one : all)
    if (one.required && !by_key.contains(std::string(one.name)))
      return Fault{written.options_place,
                   "table '" + written.name + "' lacks the option '" + std::string(one.name) + "'",
                   std::string(one.about)};
  table.connector = connector->name;
  return done();
}

Status check_resolved_options(const std::string& table, const std::string& connector,
                              const Options& options) {
  const ConnectorDeclaration* declared = find_connector(connector);
  if (declared == nullptr)
    return Error{Code::kInvalid, "table '" + table + "': unknown connector '" + connector + "'"};
  const auto format = options.find("format");
  const std::vector<OptionDeclaration> all =
      declared_options(*declared, format == options.end() ? nullptr : find_format(format->second));
  for (const auto& [key, value] : options) {
    const OptionDeclaration* option = find_option(all, key);
    if (option == nullptr) continue;
    // The value may be a secret: it is not shown.
    if (const std::string expected = expected_of(option->kind, value); !expected.empty())
      return Error{Code::kInvalid, "table '" + table + "', option '" + key +
                                       "': the value of its variable is not " + expected};
  }
  return ok();
}

bool can_read(const Table& table) {
  const FormatDeclaration* format = format_of(table);
  return find_connector(table.connector)->is_source && (format == nullptr || format->reads);
}

bool can_write(const Table& table) {
  const FormatDeclaration* format = format_of(table);
  return find_connector(table.connector)->is_sink && (format == nullptr || format->writes);
}

bool accepts_changelog(const Table& table) {
  const FormatDeclaration* format = format_of(table);
  return find_connector(table.connector)->accepts_changelog ||
         (format != nullptr && format->carries_changelog);
}

bool is_bounded(const Table& table) {
  const ConnectorDeclaration& connector = *find_connector(table.connector);
  if (!connector.unbounded_with.empty())
    return !table.options.contains(std::string(connector.unbounded_with));
  if (connector.bounded_with.empty()) return false;
  const auto option = table.options.find(std::string(connector.bounded_with));
  return option != table.options.end() && option->second != "0";
}

std::string describe_table_kind(const Table& table) {
  const auto format = table.options.find("format");
  return table.connector + (format == table.options.end() ? "" : " with format " + format->second);
}

}  // namespace penstock::sql
