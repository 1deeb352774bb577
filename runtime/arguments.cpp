#include "runtime/arguments.h"

#include <algorithm>

namespace penstock {

Result<Arguments> parse_arguments(const std::vector<std::string>& words,
                                  const std::vector<std::string>& with_value,
                                  const std::vector<std::string>& flags) {
  Arguments parsed;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      parsed.plain.push_back(word);
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (std::ranges::find(flags, name) != flags.end() && equals == std::string::npos) {
      parsed.options[name] = "";
    } else if (std::ranges::find(with_value, name) == with_value.end()) {
      return Error{Code::kInvalid, "unknown option: " + word};
    } else if (equals != std::string::npos) {
      parsed.options[name] = word.substr(equals + 1);
    } else if (i + 1 == words.size()) {
      return Error{Code::kInvalid, "option needs a value: " + word};
    } else {
      parsed.options[name] = words[++i];
    }
  }
  return parsed;
}

}  // namespace penstock
