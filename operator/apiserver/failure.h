#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "operator/apiserver/json.h"

namespace penstock::apiserver {

// One field of a 422 and what is wrong with it.
struct FieldError {
  std::string reason;   // "FieldValueInvalid", "FieldValueRequired", ...
  std::string field;    // "spec.sinks[0].name"
  std::string message;  // "Required value"
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

// Why a request failed, as Kubernetes says it: becomes a Status object.
struct Failure {
  int code = 500;
  std::string reason;  // may be empty, as the real server's sometimes is
  std::string message;
  std::string details;         // a JSON object as text; empty leaves it out
  std::string continue_token;  // of a list that can go on in spite of it
};

// What an object is called in errors.
struct ObjectName {
  std::string group;
  std::string plural;
  std::string kind;
  std::string name;
};

Failure bad_request(std::string message);
Failure unauthorized();
Failure forbidden_path(const std::string& path);
Failure not_found(const ObjectName& object);
Failure no_such_route();
Failure method_not_allowed();
// The same for a custom kind, which names itself.
Failure not_supported(const ObjectName& object, const std::string& method);
Failure already_exists(const ObjectName& object);
Failure conflict(const ObjectName& object, const std::string& why);
Failure modified(const ObjectName& object);
Failure invalid(const ObjectName& object, const std::vector<FieldError>& errors);
Failure too_large(std::size_t limit);
Failure expired(const std::string& message);
Failure unsupported_media_type(const std::string& accepted);
Failure not_implemented(const std::string& what);
Failure internal_error(std::string message);

// {"kind":"Status",...} with its code.
Json to_status(const Failure& failure);

// A value, or the failure to answer with. Like Result, for what a client sees.
template <typename T>
class [[nodiscard]] Answer {
 public:
  Answer(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Answer(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Failure& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Failure> state_;
};

}  // namespace penstock::apiserver
