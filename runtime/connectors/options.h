#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/graph/graph.h"

namespace penstock {

// The WITH options of one table, read by name and kind. Absent options take the fallback of the
// connector's declaration, if any. Errors (kInvalid) name table, option, value and what was
// expected.
class OptionReader {
 public:
  // Both outlive the reader.
  OptionReader(std::string_view table, std::string_view connector, const Options& options)
      : table_(table), connector_(connector), options_(options) {}

  // kInvalid when an option is declared neither by the connector nor by the format.
  Status check_names() const;

  std::optional<std::string> text(std::string_view name) const;
  Result<std::string> required(std::string_view name) const;
  Result<std::optional<std::int64_t>> integer(std::string_view name) const;
  // Within [least, most]; the option has a value or a fallback.
  Result<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most) const;
  Result<std::optional<bool>> boolean(std::string_view name) const;
  Result<std::optional<Duration>> duration(std::string_view name) const;
  Result<std::optional<std::int64_t>> bytes(std::string_view name) const;

  // kInvalid: 'option `name` of table `table`: what'.
  Error invalid(std::string_view name, std::string_view what) const;

 private:
  std::string_view table_;
  std::string_view connector_;
  const Options& options_;
};

}  // namespace penstock
