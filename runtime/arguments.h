#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace penstock {

// A command line taken apart: what stands alone, and long options with one dash pair ("--name
// value", "--name=value").
struct Arguments {
  std::vector<std::string> plain;
  std::map<std::string, std::string> options;  // without dashes; flags are empty

  bool has(const std::string& name) const { return options.contains(name); }
  std::optional<std::string> get(const std::string& name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::nullopt : std::optional(found->second);
  }
};

// kInvalid names the option that is unknown or lacks its value.
Result<Arguments> parse_arguments(const std::vector<std::string>& words,
                                  const std::vector<std::string>& with_value,
                                  const std::vector<std::string>& flags);

}  // namespace penstock
