#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/api/field.h"
#include "controllers/api/values.h"

namespace penstock::api {

inline constexpr std::string_view kGroup = "penstock.dev";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kApiVersion = "penstock.dev/v1alpha1";
inline constexpr std::string_view kFinalizer = "penstock.dev/job";
inline constexpr std::string_view kManager = "penstock-operator";

using Strings = std::map<std::string, std::string>;

struct OwnerReference {
  std::string api_version, kind, name, uid;
  bool controller = false;
  bool block_owner_deletion = false;
  friend bool operator==(const OwnerReference&, const OwnerReference&) = default;
};

// Who wrote which fields; of managedFields only what tells two writers of one field apart.
struct ManagedFields {
  std::string manager, operation, subresource;
  RawObject fields;
  Time time;
  friend bool operator==(const ManagedFields&, const ManagedFields&) = default;
};

// What we read of ObjectMeta; fields that are not listed are left alone.
struct ObjectMeta {
  std::string name, name_space, uid, resource_version;
  std::int64_t generation = 0;
  Time creation_timestamp;
  std::optional<Time> deletion_timestamp;
  Strings labels, annotations;
  std::vector<std::string> finalizers;
  std::vector<OwnerReference> owner_references;
  std::vector<ManagedFields> managed_fields;
  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

enum class Truth { kTrue, kFalse, kUnknown };
constexpr auto names_of(Truth) {
  return std::array<std::string_view, 3>{"True", "False", "Unknown"};
}

// metav1.Condition. The time changes only with the status.
struct Condition {
  std::string type;
  Truth status = Truth::kUnknown;
  std::int64_t observed_generation = 0;
  Time last_transition_time;
  std::string reason, message;
  friend bool operator==(const Condition&, const Condition&) = default;
};

// The condition of that type, or nullptr.
const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);
// Sets it, keeping the time of an entry whose status does not change.
void set_condition(std::vector<Condition>& conditions, Condition next);

}  // namespace penstock::api
