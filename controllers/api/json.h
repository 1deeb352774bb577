#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace penstock::api {

// Something wrong at one place of an object. `path` is as kubectl writes it:
// "spec.variables[0].name".
struct FieldError {
  std::string path;
  std::string
      reason;  // FieldValueInvalid, FieldValueRequired, FieldValueNotSupported, NotImplemented, ...
  std::string message;  // what is wrong and what to do
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

// All that could be read, with everything that was wrong. An absent or broken member has its
// default.
template <typename T>
struct Decoded {
  T value{};
  std::vector<FieldError> errors;
  std::vector<std::string> unknown;  // paths of members that the type does not have
};

// For T in StreamJob, ScalingPolicy, JobSnapshot (and their Spec and Status), Pod, ConfigMap,
// Node, JobReport. Defined for those alone; for another T the program does not link.
template <typename T>
Decoded<T> decode(const nlohmann::json& value);
template <typename T>
Decoded<T> decode_text(std::string_view json);
// As decode_text; any error is kInvalid and names the paths. Unknown members are skipped.
template <typename T>
Result<T> parse(std::string_view json);

// Members that have their default are left out, unless their field says otherwise; a whole object
// carries apiVersion and kind.
template <typename T>
nlohmann::json to_value(const T& value);
template <typename T>
std::string encode(const T& value);

// "spec.a: wrong; spec.b: wrong".
std::string join(const std::vector<FieldError>& errors);

// NotImplemented for each member, set to something other than its default, that nothing acts on
// yet.
template <typename T>
std::vector<FieldError> not_implemented(const T& spec, std::string_view path);

}  // namespace penstock::api
