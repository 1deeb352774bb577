#include "runtime/expr/functions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "runtime/expr/signatures.h"
#include "runtime/expr/special_calls.h"

namespace penstock {
namespace {

struct Alias {
  std::string_view name;
  std::string_view stands_for;
};

constexpr std::array kAliases = {
    Alias{"CEILING", "CEIL"},
    Alias{"CHARACTER_LENGTH", "CHAR_LENGTH"},
    Alias{"CURRENT_ROW_TIMESTAMP", "NOW"},
    Alias{"CURRENT_TIMESTAMP", "NOW"},
    Alias{"LCASE", "LOWER"},
    Alias{"LENGTH", "CHAR_LENGTH"},
    Alias{"MOD", "%"},
    Alias{"POSITION", "LOCATE"},
    Alias{"POW", "POWER"},
    Alias{"SUBSTR", "SUBSTRING"},
    Alias{"UCASE", "UPPER"},
};

constexpr std::array<std::string_view, 9> kVolatile = {"PROCTIME",
                                                       "NOW",
                                                       "RAND",
                                                       "CURRENT_TIMESTAMP",
                                                       "CURRENT_ROW_TIMESTAMP",
                                                       "UUID",
                                                       "LOCALTIMESTAMP",
                                                       "CURRENT_DATE",
                                                       "UNIX_TIMESTAMP"};

bool is_word(std::string_view name) {
  return !name.empty() && name.find(' ') == name.npos &&
         std::isalpha(static_cast<unsigned char>(name.front())) != 0;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

Error unknown_function(std::string_view name) {
  std::string message = "unknown function " + std::string(name);
  const auto known = function_names();
  if (const auto near = nearest_name(name, known); !near.empty())
    message += "; did you mean " + std::string(near) + "?";
  return {Code::kNotFound, std::move(message)};
}

}  // namespace

Result<Expr> resolve_call(std::string_view name, std::vector<Expr> arguments) {
  for (const Alias& alias : kAliases)
    if (alias.name == name) name = alias.stands_for;
  if (const SpecialCall* special = find_special_call(name))
    return special->resolve(name, std::move(arguments));
  const auto overloads = find_signatures(name);
  if (overloads.empty()) return unknown_function(name);
  return resolve_signatures(name, overloads, std::move(arguments));
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names;
  for (const Alias& alias : kAliases) names.push_back(alias.name);
  for (const SpecialCall& special : special_calls())
    if (is_word(special.name) && special.name != "NEG") names.push_back(special.name);
  for (const Signature& signature : signatures()) names.push_back(signature.name);
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

bool is_volatile(std::string_view name) {
  return std::ranges::find(kVolatile, name) != kVolatile.end();
}

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  std::string_view nearest;
  std::size_t best = 3;
  for (const std::string_view candidate : known) {
    const std::size_t longer = std::max(candidate.size(), name.size());
    if (longer - std::min(candidate.size(), name.size()) >= best) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= best || distance >= longer) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace penstock
