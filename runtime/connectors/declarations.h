#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/columns/type.h"

namespace penstock {

// What the SQL compiler knows of connectors and formats: values only, so that a plan is made and
// checked without opening anything. `Options` here is std::map<std::string, std::string>; see
// graph.h.

struct OptionDeclaration {
  enum class Kind : std::uint8_t {
    kText,
    kInteger,
    kNumber,
    kBoolean,
    kDuration,
    kBytes,
    kPath
  } kind = Kind::kText;
  std::string_view name;  // a trailing ".*" declares a family, e.g. "fields.*"
  bool required = false;
  std::string_view fallback{};  // the default, as text; empty: none
  std::string_view about;
};

struct ConnectorDeclaration {
  std::string_view name;
  bool is_source = false;
  bool is_sink = false;
  bool accepts_changelog = false;  // as a sink, by itself; a format may add it (debezium-json)
  bool needs_format = false;
  // Whether a source ends: it does if the option `bounded_with` is set (and is not 0), or unless
  // `unbounded_with` is. Both empty: never.
  std::string_view bounded_with{};
  std::string_view unbounded_with{};
  std::vector<OptionDeclaration> options;
};

struct FormatDeclaration {
  std::string_view name;
  bool reads = false;
  bool writes = false;
  bool carries_changelog = false;
  std::vector<OptionDeclaration> options;  // names as written in WITH: "json.ignore-parse-errors"
};

std::span<const ConnectorDeclaration> connector_declarations();
std::span<const FormatDeclaration> format_declarations();
const ConnectorDeclaration* find_connector(std::string_view name);
const FormatDeclaration* find_format(std::string_view name);

}  // namespace penstock
