#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "runtime/base/result.h"

namespace penstock::sql {

// A byte of the compiled text; turned into line and column only for an error.
struct Place {
  std::uint32_t offset = 0;
};

// An error at a place; see SqlError for what the user gets.
struct Fault {
  Place place;
  std::string message;
  std::string expected{};
  std::string near_name{};
};

// A value or the fault that prevented it; works with TRY and TRY_ASSIGN like Result.
template <typename T>
class [[nodiscard]] Parsed {
 public:
  Parsed(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Parsed(Fault fault) : state_(std::in_place_index<1>, std::move(fault)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  T value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  T* operator->() { return &value(); }
  const Fault& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Fault> state_;
};
using Done = Parsed<Nothing>;
inline Done done() { return Nothing{}; }

// What a callee without a place says, put at one.
template <typename T>
Parsed<T> at(Place place, Result<T> result) {
  if (!result) return Fault{place, result.error().message};
  return std::move(result).value();
}

inline Fault not_implemented(Place place, const std::string& what) {
  return {place, "NotImplemented: " + what};
}

}  // namespace penstock::sql
