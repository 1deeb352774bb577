#include "runtime/connectors/options.h"

#include <charconv>

#include "runtime/base/units.h"
#include "runtime/connectors/declarations.h"

namespace penstock {
namespace {

bool declares(const std::vector<OptionDeclaration>& options, std::string_view name) {
  for (const OptionDeclaration& option : options) {
    if (option.name == name) return true;
    if (option.name.ends_with(".*") &&
        name.starts_with(option.name.substr(0, option.name.size() - 1)))
      return true;
  }
  return false;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Error OptionReader::invalid(std::string_view name, std::string_view what) const {
  std::string message = "option '";
  message.append(name).append("' of table ").append(table_).append(": ").append(what);
  return {Code::kInvalid, std::move(message)};
}

Status OptionReader::check_names() const {
  const ConnectorDeclaration* connector = find_connector(connector_);
  const auto format_name = options_.find("format");
  const FormatDeclaration* format =
      format_name == options_.end() ? nullptr : find_format(format_name->second);
  for (const auto& [name, value] : options_) {
    const bool known = name == "connector" ||
                       (name == "format" && connector != nullptr && connector->needs_format) ||
                       (connector != nullptr && declares(connector->options, name)) ||
                       (format != nullptr && declares(format->options, name));
    if (!known)
      return invalid(
          name, "NotImplemented: connector '" + std::string(connector_) + "' has no such option");
  }
  return ok();
}

std::optional<std::string> OptionReader::text(std::string_view name) const {
  if (const auto at = options_.find(std::string(name)); at != options_.end()) return at->second;
  if (const ConnectorDeclaration* connector = find_connector(connector_))
    for (const OptionDeclaration& option : connector->options)
      if (option.name == name && !option.fallback.empty()) return std::string(option.fallback);
  return std::nullopt;
}

Result<std::string> OptionReader::required(std::string_view name) const {
  const auto value = text(name);
  if (!value || value->empty()) return invalid(name, "it is required");
  return *value;
}

Result<std::optional<std::int64_t>> OptionReader::integer(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::optional<std::int64_t>{};
  const auto number = parse_integer(*value);
  if (!number) return invalid(name, "expected a whole number, found '" + *value + "'");
  return number;
}

Result<std::int64_t> OptionReader::integer(std::string_view name, std::int64_t least,
                                           std::int64_t most) const {
  TRY_ASSIGN(const auto number, integer(name));
  if (!number) return invalid(name, "it is required");
  if (*number < least || *number > most)
    return invalid(name, "expected a number from " + std::to_string(least) + " to " +
                             std::to_string(most) + ", found " + std::to_string(*number));
  return *number;
}

Result<std::optional<bool>> OptionReader::boolean(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::optional<bool>{};
  if (*value == "true") return std::optional(true);
  if (*value == "false") return std::optional(false);
  return invalid(name, "expected true or false, found '" + *value + "'");
}

Result<std::optional<Duration>> OptionReader::duration(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::optional<Duration>{};
  const Result<Duration> duration = parse_duration(*value);
  if (!duration) return invalid(name, duration.error().message);
  return std::optional(*duration);
}

Result<std::optional<std::int64_t>> OptionReader::bytes(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::optional<std::int64_t>{};
  const Result<std::int64_t> bytes = parse_bytes(*value);
  if (!bytes) return invalid(name, bytes.error().message);
  return std::optional(*bytes);
}

}  // namespace penstock
