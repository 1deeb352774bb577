#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "controllers/api/formats.h"
#include "controllers/api/json.h"
#include "controllers/api/meta.h"
#include "runtime/base/units.h"

// Reading, writing and refusing by field list. Included only by the .cpp files that instantiate
// them for a kind.
namespace penstock::api {

using Json = nlohmann::json;

struct Probe {
  template <typename M>
  void operator()(const Field&, M) {}
  void rule(const Rule&) {}
};

template <typename T>
concept Described = requires(Probe& probe) { describe(Type<T>{}, probe); };

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsList = false;
template <typename T>
inline constexpr bool kIsList<std::vector<T>> = true;

inline std::string member_path(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}
inline std::string item_path(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

// Whether one of the blank-separated words of `list` is `word`.
inline bool lists(std::string_view list, std::string_view word) {
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(' ', at), list.size());
    if (list.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

// ---- reading ----

struct Findings {
  std::vector<FieldError> errors;
  std::vector<std::string> unknown;
  bool collect_unknown = true;

  void add(const std::string& path, std::string_view reason, std::string message) {
    errors.push_back({path, std::string(reason), std::move(message)});
  }
  void wrong_type(const std::string& path, std::string_view wanted, const Json& got) {
    add(path, "FieldValueTypeInvalid",
        "expected " + std::string(wanted) + ", got " + got.type_name());
  }
};

template <Described T>
void read_object(const Json& json, const std::string& path, T& out, Findings& findings);

inline void read_value(const Json& json, const std::string& path, const Field& field,
                       std::string& out, Findings& findings) {
  if (!json.is_string()) return findings.wrong_type(path, "a string", json);
  out = json.get_ref<const std::string&>();
  if (out.size() > field.max)
    findings.add(path, "FieldValueTooLong",
                 "may have at most " + std::to_string(field.max) + " characters");
  if (out.size() < field.min_length) {
    findings.add(path, "FieldValueRequired", "must not be empty");
  } else if (!out.empty() && !matches(field.format, out)) {
    findings.add(path, "FieldValueInvalid",
                 "expected " + std::string(name_of(field.format)) + ", got " + json.dump());
  }
}

inline void read_value(const Json& json, const std::string& path, const Field&, bool& out,
                       Findings& findings) {
  if (!json.is_boolean()) return findings.wrong_type(path, "true or false", json);
  out = json.get<bool>();
}

inline void check_bounds(double value, const std::string& path, const Field& field,
                         const Json& json, Findings& findings) {
  if (field.minimum && value < *field.minimum)
    findings.add(path, "FieldValueInvalid",
                 "should be at least " + Json(*field.minimum).dump() + ", is " + json.dump());
  if (field.maximum && value > *field.maximum)
    findings.add(path, "FieldValueInvalid",
                 "should be at most " + Json(*field.maximum).dump() + ", is " + json.dump());
}

template <std::integral T>
void read_value(const Json& json, const std::string& path, const Field& field, T& out,
                Findings& findings) {
  const bool whole = json.is_number_integer() &&
                     (json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>()));
  if (!whole) return findings.wrong_type(path, "a whole number that fits", json);
  out = json.get<T>();
  check_bounds(static_cast<double>(out), path, field, json, findings);
}

inline void read_value(const Json& json, const std::string& path, const Field& field, double& out,
                       Findings& findings) {
  if (!json.is_number()) return findings.wrong_type(path, "a number", json);
  out = json.get<double>();
  check_bounds(out, path, field, json, findings);
}

template <Named E>
void read_value(const Json& json, const std::string& path, const Field&, E& out,
                Findings& findings) {
  if (json.is_string())
    if (const auto value = from_string<E>(json.get_ref<const std::string&>())) {
      out = *value;
      return;
    }
  std::string names;
  for (const std::string_view name : names_of(E{}))
    names += (names.empty() ? "" : ", ") + std::string(name);
  findings.add(path, "FieldValueNotSupported", "expected one of " + names + ", got " + json.dump());
}

// A scalar that is written as text and has a parser.
template <typename Parser, typename Take>
void read_text(const Json& json, const std::string& path, std::string_view wanted, Parser parser,
               Take take, Findings& findings) {
  std::string text;
  if (json.is_string())
    text = json.get_ref<const std::string&>();
  else if (json.is_number())
    text = json.dump();
  auto parsed = parser(text);
  if (!parsed)
    return findings.add(path, "FieldValueInvalid",
                        "expected " + std::string(wanted) + ", got " + json.dump());
  take(parsed.value());
}

inline void read_value(const Json& json, const std::string& path, const Field&, Duration& out,
                       Findings& findings) {
  if (!json.is_string()) return findings.wrong_type(path, "a duration such as \"10s\"", json);
  read_text(
      json, path, "a duration such as \"10s\"", parse_duration,
      [&](Duration value) { out = value; }, findings);
}
inline void read_value(const Json& json, const std::string& path, const Field&, Bytes& out,
                       Findings& findings) {
  read_text(
      json, path, "a size such as \"64Mi\"", parse_bytes,
      [&](std::int64_t value) { out.value = value; }, findings);
}
inline void read_value(const Json& json, const std::string& path, const Field&, MilliCpu& out,
                       Findings& findings) {
  read_text(
      json, path, "an amount of CPU such as \"500m\"", parse_millicpu,
      [&](std::int64_t value) { out.value = value; }, findings);
}
inline void read_value(const Json& json, const std::string& path, const Field&, Time& out,
                       Findings& findings) {
  read_text(
      json, path, "a time such as \"2026-11-22T18:00:00Z\"", parse_time,
      [&](Time value) { out = value; }, findings);
}
inline void read_value(const Json& json, const std::string& path, const Field&, RawObject& out,
                       Findings& findings) {
  if (!json.is_object()) return findings.wrong_type(path, "an object", json);
  out.text = json.dump();
}

inline void read_value(const Json& json, const std::string& path, const Field& field, Strings& out,
                       Findings& findings) {
  if (!json.is_object()) return findings.wrong_type(path, "an object", json);
  if (json.size() > field.max)
    findings.add(path, "FieldValueTooMany",
                 "may have at most " + std::to_string(field.max) + " entries");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string())
      findings.wrong_type(member_path(path, key), "a string", value);
    else
      out[key] = value.template get_ref<const std::string&>();
  }
}

template <typename T>
void read_value(const Json& json, const std::string& path, const Field& field,
                std::optional<T>& out, Findings& findings);

template <Described T>
void read_value(const Json& json, const std::string& path, const Field&, T& out,
                Findings& findings) {
  read_object(json, path, out, findings);
}

template <typename T>
void read_value(const Json& json, const std::string& path, const Field& field, std::vector<T>& out,
                Findings& findings) {
  if (!json.is_array()) return findings.wrong_type(path, "a list", json);
  if (json.size() > field.max)
    findings.add(path, "FieldValueTooMany",
                 "may have at most " + std::to_string(field.max) + " items");
  Field item = field;
  if constexpr (std::same_as<T, std::string>) item.max = 1024;
  out.clear();
  for (std::size_t i = 0; i < json.size(); ++i)
    read_value(json[i], item_path(path, i), item, out.emplace_back(), findings);
}

template <typename T>
void read_value(const Json& json, const std::string& path, const Field& field,
                std::optional<T>& out, Findings& findings) {
  if (std::same_as<T, Duration> && json.is_string() && json.get_ref<const std::string&>().empty())
    return;
  read_value(json, path, field, out.emplace(), findings);
}

template <typename S>
class Reader {
 public:
  Reader(const Json& json, const std::string& path, S& out, Findings& findings)
      : json_(json), path_(path), out_(out), findings_(findings) {}

  template <typename M>
  void operator()(const Field& field, M S::* member) {
    if (findings_.collect_unknown) names_.push_back(field.name);
    const auto found = json_.find(field.name);
    if (found != json_.end() && !found->is_null()) {
      read_value(*found, member_path(path_, field.name), field, out_.*member, findings_);
    } else if (field.required) {
      findings_.add(member_path(path_, field.name), "FieldValueRequired", "is needed");
    }
  }
  void rule(const Rule&) {}

  void find_unknown() {
    for (const auto& [key, value] : json_.items())
      if (std::find(names_.begin(), names_.end(), key) == names_.end())
        findings_.unknown.push_back(member_path(path_, key));
  }

 private:
  const Json& json_;
  const std::string& path_;
  S& out_;
  Findings& findings_;
  std::vector<std::string_view> names_;
};

template <Described T>
void read_object(const Json& json, const std::string& path, T& out, Findings& findings) {
  if (!json.is_object()) return findings.wrong_type(path, "an object", json);
  // Of these we list only what we read; the API server knows the rest.
  constexpr bool kOpen = std::same_as<T, ObjectMeta> || std::same_as<T, OwnerReference> ||
                         std::same_as<T, ManagedFields>;
  const bool collect = findings.collect_unknown;
  if (kOpen) findings.collect_unknown = false;
  Reader<T> reader(json, path, out, findings);
  describe(Type<T>{}, reader);
  if (findings.collect_unknown) reader.find_unknown();
  findings.collect_unknown = collect;
}

// ---- writing ----

template <Described T>
Json write_object(const T& value);

inline Json write_value(const std::string& value) { return value; }
inline Json write_value(bool value) { return value; }
template <std::integral T>
Json write_value(T value) {
  return value;
}
inline Json write_value(double value) { return value; }
template <Named E>
Json write_value(E value) {
  return std::string(to_string(value));
}
inline Json write_value(Duration value) { return format_duration(value); }
inline Json write_value(Bytes value) { return format_bytes(value.value); }
inline Json write_value(MilliCpu value) { return format_millicpu(value.value); }
inline Json write_value(Time value) { return format_time(value); }
inline Json write_value(const RawObject& value) { return Json::parse(value.text, nullptr, false); }
inline Json write_value(const Strings& value) {
  Json json = Json::object();
  for (const auto& [key, text] : value) json[key] = text;
  return json;
}
template <Described T>
Json write_value(const T& value) {
  return write_object(value);
}
template <typename T>
Json write_value(const std::vector<T>& value);
template <typename T>
Json write_value(const std::optional<T>& value) {
  return write_value(*value);
}
template <typename T>
Json write_value(const std::vector<T>& value) {
  Json json = Json::array();
  for (const T& item : value) json.push_back(write_value(item));
  return json;
}

template <typename S>
class Writer {
 public:
  explicit Writer(const S& value) : value_(value) {}

  template <typename M>
  void operator()(const Field& field, M S::* member) {
    const M& it = value_.*member;
    if constexpr (kIsOptional<M>) {
      if (!it) return;
    } else if (!field.always && !field.required && it == defaults_.*member) {
      return;
    }
    json_[field.name] = write_value(it);
  }
  void rule(const Rule&) {}
  Json take() { return std::move(json_); }

 private:
  const S& value_;
  const S defaults_{};
  Json json_ = Json::object();
};

template <Described T>
Json write_object(const T& value) {
  Writer<T> writer(value);
  describe(Type<T>{}, writer);
  return writer.take();
}

// ---- refusing what is not built ----

template <typename S>
class Refuser {
 public:
  Refuser(const S& value, const std::string& path, std::vector<FieldError>& out)
      : value_(value), path_(path), out_(out) {}

  template <typename M>
  void operator()(const Field& field, M S::* member) {
    const M& it = value_.*member;
    const std::string path = member_path(path_, field.name);
    if (!field.built) {
      if (!(it == defaults_.*member)) add(path, "");
      return;
    }
    if constexpr (Named<M>) {
      if (lists(field.unbuilt, to_string(it))) add(path, to_string(it));
    } else {
      descend(it, path);
    }
  }
  void rule(const Rule&) {}

 private:
  void add(const std::string& path, std::string_view value) {
    const std::string what = value.empty() ? "this" : std::string(value);
    out_.push_back({path, "NotImplemented", what + " is not implemented yet; leave it out"});
  }
  template <typename M>
  void descend(const M& it, const std::string& path) {
    if constexpr (kIsOptional<M>) {
      if (it) descend(*it, path);
    } else if constexpr (kIsList<M>) {
      for (std::size_t i = 0; i < it.size(); ++i) descend(it[i], item_path(path, i));
    } else if constexpr (Described<M>) {
      Refuser<M> refuser(it, path, out_);
      describe(Type<M>{}, refuser);
    }
  }

  const S& value_;
  const std::string& path_;
  std::vector<FieldError>& out_;
  const S defaults_{};
};

// ---- the public functions; a .cpp instantiates them per type ----

template <typename T>
concept Kind = requires { T::kKind; };

// Built-in kinds are read for a few members only.
template <typename T>
constexpr bool is_built_in() {
  if constexpr (Kind<T>) return T::kKind == "Pod" || T::kKind == "ConfigMap";
  return false;
}

template <typename T>
Decoded<T> decode(const nlohmann::json& json) {
  Decoded<T> decoded;
  Findings findings;
  findings.collect_unknown = !is_built_in<T>();
  read_object(json, "", decoded.value, findings);
  if constexpr (Kind<T>)
    std::erase_if(findings.unknown,
                  [](const std::string& path) { return path == "apiVersion" || path == "kind"; });
  decoded.errors = std::move(findings.errors);
  decoded.unknown = std::move(findings.unknown);
  return decoded;
}

template <typename T>
Decoded<T> decode_text(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_discarded()) return decode<T>(json);
  Decoded<T> decoded;
  decoded.errors.push_back({"", "FieldValueInvalid", "is not JSON"});
  return decoded;
}

template <typename T>
Result<T> parse(std::string_view text) {
  Decoded<T> decoded = decode_text<T>(text);
  if (!decoded.errors.empty()) return Error{Code::kInvalid, join(decoded.errors)};
  return std::move(decoded.value);
}

template <typename T>
nlohmann::json to_value(const T& value) {
  Json json = write_object(value);
  if constexpr (Kind<T>) {
    json["apiVersion"] = is_built_in<T>() ? "v1" : kApiVersion;
    json["kind"] = T::kKind;
  }
  return json;
}

template <typename T>
std::string encode(const T& value) {
  return to_value(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <typename T>
std::vector<FieldError> not_implemented(const T& value, std::string_view path) {
  std::vector<FieldError> errors;
  const std::string at(path);
  Refuser<T> refuser(value, at, errors);
  describe(Type<T>{}, refuser);
  return errors;
}

}  // namespace penstock::api

// Instantiates what json.h promises for one type.
#define PENSTOCK_API_JSON(T)                            \
  template Decoded<T> decode<T>(const nlohmann::json&); \
  template Decoded<T> decode_text<T>(std::string_view); \
  template Result<T> parse<T>(std::string_view);        \
  template nlohmann::json to_value<T>(const T&);        \
  template std::string encode<T>(const T&)
