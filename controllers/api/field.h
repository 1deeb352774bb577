#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace penstock::api {

// What a string has to look like. Each has a pattern in the schema and a check in C++.
enum class Format { kAny, kLabelName, kObjectName, kVariable };

// One member of one struct, described once. describe(Type<Struct>{}, visitor) calls the visitor
// with a Field and a pointer to the member, in the order of the documentation; reading, writing,
// the schema and the list of what is not implemented are visitors. Defaults are member
// initialisers.
struct Field {
  std::string_view name;
  std::string_view doc;
  bool required = false;
  bool always = false;            // written even when it has its default
  bool built = true;              // false: anything but the default is refused for now
  std::string_view unbuilt = {};  // enumerators that are refused for now, separated by blanks
  Format format = Format::kAny;
  std::size_t max = 253;  // characters of a string; items of a list or a map
  std::size_t min_length = 0;
  std::optional<double> minimum{};  // of a number
  std::optional<double> maximum{};
  std::string_view list_key{};  // the list is a map by this member; empty: atomic
};

// A rule of the schema in CEL. Each has a twin in controllers/admission that says the same words
// about the same field; tests/support/cel_cases.json breaks each. An object that may default to {}
// is asked before the defaults inside are filled in: its rules ask has() first.
struct Rule {
  std::string_view rule;
  // Numbers go in by format(): an API server refuses string() of a number beside +, as of unbounded
  // cost.
  std::string_view message_expression;
  std::string_view field_path{};
  std::string_view reason{};  // FieldValueInvalid when empty
};

template <typename T>
struct Type {};

// An enumeration whose names_of(E) lists its enumerators' names, counted from 0.
template <typename E>
concept Named = std::is_enum_v<E> && requires(E e) { names_of(e); };

template <Named E>
constexpr std::string_view to_string(E e) {
  return names_of(e)[static_cast<std::size_t>(e)];
}

template <Named E>
constexpr std::optional<E> from_string(std::string_view name) {
  constexpr auto kNames = names_of(E{});
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<E>(i);
  return std::nullopt;
}

}  // namespace penstock::api
