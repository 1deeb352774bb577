#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace penstock {

// Why something failed. A code exists only because some caller acts on it; see README.md for the
// reaction of the controller loop and of the runtime to each.
enum class Code {
  kNotFound,
  kAlreadyExists,  // put_if_absent lost, or a create of something that is there
  kConflict,       // fenced out, or a stale version was written
  kInvalid,        // the user has to change something; the message says what
  kUnavailable,    // may work later
  kCancelled,
  kCorrupt,
  kInternal,
};

std::string_view to_string(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;  // lower case, static text first, values last

  // The same error with `context` in front: "context: message".
  Error within(std::string_view context) const;
  friend bool operator==(const Error&, const Error&) = default;
};

// A value or the error that prevented it. Member names follow std::expected. Reading the value of a
// failed result throws std::bad_variant_access, which is a bug and ends the process.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// Success of something that yields no value. `Status status = ok();`
struct Nothing {
  friend bool operator==(Nothing, Nothing) = default;
};
using Status = Result<Nothing>;
inline Status ok() { return Nothing{}; }

}  // namespace penstock

#define PENSTOCK_CONCAT_INNER(a, b) a##b
#define PENSTOCK_CONCAT(a, b) PENSTOCK_CONCAT_INNER(a, b)

// Returns the error of `expression` from the enclosing function, or goes on.
#define TRY(expression)                                           \
  do {                                                            \
    if (auto try_result = (expression); !try_result) [[unlikely]] \
      return try_result.error();                                  \
  } while (false)

// Binds the value of `expression` to `declaration`, or returns its error.
#define TRY_ASSIGN(declaration, expression) \
  TRY_ASSIGN_INNER(PENSTOCK_CONCAT(try_assign_, __LINE__), declaration, expression)
#define TRY_ASSIGN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                             \
  if (!temporary) [[unlikely]]                               \
    return temporary.error();                                \
  declaration = std::move(temporary).value()
